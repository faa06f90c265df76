// Edit a code: turn latents up, down or off, add one, and see what the decoder makes of it.

import { css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';
import { count, measured } from '../../../kit/format';
import { inFrame } from '../../../kit/frames';
import { paintOne } from '../../../kit/paint';
import { shared } from '../../../kit/styles';
import { divergingTable, greyTable, ThemeController } from '../../../kit/theme';
import { VisibleController } from '../../../kit/visible';
import { titleOf } from '../../../kit/runs';
import { differenceOf } from '../compare/differences';
import { MnistElement } from '../element';
import type { Subject } from './controller';
import { editable, rangeOf, strongest } from './edits';

/** Latents of the code that have a slider, the strongest; changed ones come besides. */
const MOST_SLIDERS = 15;
/** Steps of a slider over its range. */
const STEPS = 200;

const pictures = {
  original: 'Original',
  plain: 'Decoded',
  edited: 'Edited',
  change: 'Change',
} as const;
type Picture = keyof typeof pictures;

@customElement('lab-editing')
export class LabEditing extends MnistElement {
  static override styles = [
    shared,
    css`
      .choices {
        display: flex;
        flex-wrap: wrap;
        gap: 8px 14px;
        align-items: center;
      }
      .parts {
        display: grid;
        grid-template-columns: 220px minmax(0, 1fr);
        gap: 18px 24px;
        align-items: start;
      }
      .pictures {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        gap: 10px 14px;
        font-size: 0.8rem;
      }
      .pictures canvas {
        width: 100%;
        border-radius: 3px;
        outline: 1px solid var(--line);
        margin-bottom: 3px;
      }
      .latents {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(310px, 1fr));
        gap: 6px 22px;
        list-style: none;
        margin: 0;
        padding: 0;
      }
      .latents li {
        display: grid;
        grid-template-columns: 34px 3.2em minmax(60px, 1fr) 4.2em auto;
        gap: 8px;
        align-items: center;
        font-size: 0.8rem;
        min-height: 36px;
      }
      .latents canvas {
        width: 34px;
        height: 34px;
        border-radius: 2px;
        outline: 1px solid var(--line);
      }
      .latents b {
        text-align: right;
        font-weight: 500;
      }
      .latents .changed b {
        font-weight: 700;
      }
      .latents input {
        width: 100%;
        min-width: 0;
        accent-color: var(--accent);
      }
      .latents button {
        min-height: 30px;
        min-width: 62px;
        font-size: 0.8rem;
      }
      form {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        align-items: center;
        margin-top: 12px;
        font-size: 0.867rem;
      }
      form input {
        width: 112px;
      }
      /* Nothing is decoded until somebody looks, and without a change there is nothing to see of it. */
      .undecoded [data-picture='plain'],
      .unchanged :is([data-picture='edited'], [data-picture='change']) {
        visibility: hidden;
      }
      @media (max-width: 760px) {
        .parts {
          grid-template-columns: minmax(0, 1fr);
        }
        .pictures {
          grid-template-columns: repeat(4, minmax(0, 1fr));
          gap: 8px;
        }
        .latents {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  protected override readonly topics = ['change', 'drawing'];
  @query('form input') private readonly added!: HTMLInputElement;
  private encoded: unknown;
  private change: { of: unknown; bytes: Int8Array } | undefined;

  constructor() {
    super();
    const seen = new VisibleController(this, () => {
      this.lab.show(this, seen.visible ? 'filters' : undefined);
      this.lab.editing.watch(seen.visible);
    });
    new ThemeController(this, () => inFrame(this, () => this.paint()));
  }

  override render(): TemplateResult {
    const { editing } = this.lab;
    const { codes, edits, outcome } = editing;
    const editedMse = edits.size > 0 ? outcome?.editedMse : undefined;
    const mses = { original: undefined, plain: outcome?.plainMse, edited: editedMse, change: undefined };
    return html`<figure>
      <div class="head">
        <h2>Edit a code</h2>
        <div class="choices">${this.choices()}</div>
      </div>
      <div class="parts">
        <div class="pictures number ${outcome ? '' : 'undecoded'} ${edits.size === 0 ? 'unchanged' : ''}">
          ${(Object.keys(pictures) as Picture[]).map(
            (picture) =>
              html`<div>
                <canvas data-picture=${picture} width="28" height="28" aria-hidden="true"></canvas>
                ${pictures[picture]}<br /><span class="muted" data-testid="${picture} mse"
                  >${mses[picture] === undefined ? '\u00a0' : `MSE ${measured(mses[picture])}`}</span
                >
              </div>`,
          )}
        </div>
        <div>
          <ul class="latents number" aria-label="Latents of the code">
            ${repeat(
              editable(codes, edits, MOST_SLIDERS),
              (latent) => latent,
              (latent) => this.latent(latent),
            )}
          </ul>
          <form @submit=${this.add}>
            <label for="add">Add latent</label>
            <input
              id="add"
              type="number"
              min="0"
              max=${Math.max(0, codes.length - 1)}
              step="1"
              required
              placeholder="0 to ${Math.max(0, codes.length - 1)}"
            />
            <button ?disabled=${codes.length === 0}>Add</button>
            <button type="button" ?disabled=${edits.size === 0} @click=${() => editing.reset()}>
              Undo all changes
            </button>
          </form>
        </div>
      </div>
      <figcaption><strong aria-live="polite">${this.claim()}</strong> ${this.explained()}</figcaption>
    </figure>`;
  }

  private choices(): TemplateResult {
    const { drawing, editing, session, pictures: shown, state } = this.lab;
    const subject = (name: Subject, text: string): TemplateResult =>
      html`<button
        aria-pressed=${editing.subject === name ? 'true' : 'false'}
        @click=${() => editing.chooseSubject(name)}
      >
        ${text}
      </button>`;
    return html`${
        drawing.isBlank
          ? html`<span class="small muted number">Test image ${count((shown?.rows[state.digit] ?? 0) + 1)}</span>`
          : html`<div class="segments" role="group" aria-label="Image">
              ${subject('test', `Test image ${count((shown?.rows[state.digit] ?? 0) + 1)}`)}
              ${subject('drawing', 'Your drawing')}
            </div>`
      }
      <select aria-label="Run" @change=${(event: Event) => editing.choose((event.target as HTMLSelectElement).value)}>
        ${session?.runs.map(
          ({ name }) => html`<option value=${name} .selected=${name === editing.run}>${titleOf(name)}</option>`,
        )}
      </select>`;
  }

  private claim(): string {
    const { codes, edits, outcome } = this.lab.editing;
    if (codes.length === 0) return 'The decoder adds up the filters of the active latents.';
    if (edits.size === 0 || !outcome)
      return `${count(strongest(codes).length)} of ${count(codes.length)} latents make this image.`;
    const change = outcome.editedMse - outcome.plainMse;
    const moved = edits.size === 1 ? '1 latent is' : `${count(edits.size)} latents are`;
    if (change === 0) return `${moved} changed; the error stays ${measured(outcome.plainMse)}.`;
    return (
      `${moved} changed: the error ${change > 0 ? 'rises' : 'falls'} from ${measured(outcome.plainMse)} ` +
      `to ${measured(outcome.editedMse)}.`
    );
  }

  private explained(): string {
    const { codes } = this.lab.editing;
    const rest = strongest(codes).length - MOST_SLIDERS;
    const weaker = rest > 0 ? ` The ${count(rest)} weakest have no slider and stay as they are.` : '';
    return `Each latent adds its decoder filter, times its value, to the image: switch the strongest off.${weaker}`;
  }

  private latent(latent: number): TemplateResult {
    const { editing } = this.lab;
    const { codes, edits } = editing;
    const own = codes[latent] ?? 0;
    const value = edits.get(latent) ?? own;
    const { least, most } = rangeOf(codes, edits);
    return html`<li class=${edits.has(latent) ? 'changed' : ''} data-testid="latent ${latent}">
      <canvas class="filter" data-latent=${latent} width="28" height="28" aria-hidden="true"></canvas>
      <span class="muted">${latent}</span>
      <input
        type="range"
        aria-label="Latent ${latent}"
        aria-valuetext=${measured(value)}
        min=${least}
        max=${most}
        step=${(most - least) / STEPS}
        .value=${live(String(value))}
        @input=${(event: Event) => editing.set(latent, Number((event.target as HTMLInputElement).value))}
      />
      <b>${measured(value)}</b>
      ${
        edits.has(latent)
          ? html`<button @click=${() => editing.restore(latent)} aria-label="Restore latent ${latent}">
              ${own === 0 ? 'Remove' : 'Restore'}
            </button>`
          : html`<button @click=${() => editing.set(latent, 0)} aria-label="Switch latent ${latent} off">Off</button>`
      }
    </li>`;
  }

  private readonly add = (event: SubmitEvent): void => {
    event.preventDefault();
    const { editing } = this.lab;
    const latent = this.added.valueAsNumber;
    if (!Number.isInteger(latent) || latent < 0 || latent >= editing.codes.length) return;
    // As strong as the strongest, so that it is seen.
    const [first] = strongest(editing.codes);
    editing.set(latent, first === undefined ? 1 : Math.abs(editing.codes[first] ?? 1));
    this.added.value = '';
  };

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const { drawing, editing } = this.lab;
    if (this.encoded !== drawing.encoded) {
      this.encoded = drawing.encoded;
      editing.follow();
    }
    inFrame(this, () => this.paint());
  }

  private paint(): void {
    const { editing } = this.lab;
    const { original, outcome, run } = editing;
    if (!original) return;
    const { width, height } = this.lab.drawing.size;
    const size = width * height;
    const all = (selector: string): NodeListOf<HTMLCanvasElement> => this.renderRoot.querySelectorAll(selector);
    for (const canvas of all('.pictures canvas')) {
      const picture = canvas.dataset.picture as Picture;
      if (picture === 'original') paintOne(canvas, original, width, height, greyTable());
      else if (outcome && picture !== 'change') paintOne(canvas, outcome[picture], width, height, greyTable());
      else if (outcome) {
        if (this.change?.of !== outcome) {
          this.change = { of: outcome, bytes: differenceOf(outcome.edited, outcome.plain) };
        }
        paintOne(canvas, this.change.bytes, width, height, divergingTable());
      }
    }
    const filters = run === undefined ? undefined : this.lab.picturesOf(run)?.filters;
    for (const canvas of all('.filter')) {
      const latent = Number(canvas.dataset.latent);
      const bytes = filters?.decoder.subarray(latent * size, (latent + 1) * size);
      if (bytes) inFrame(canvas, () => paintOne(canvas, bytes, width, height, divergingTable()));
    }
  }
}
