// Test images against what each run makes of them, after the newest epoch or an earlier one.

import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { count } from '../../kit/format';
import { inFrame } from '../../kit/frames';
import { greyTable, ThemeController } from '../../kit/theme';
import { VisibleController } from '../../kit/visible';
import { shared } from '../../kit/styles';
import { titleOf } from '../../kit/runs';
import { SAMPLE } from './controller';
import { MnistElement } from './element';
import { paintOne } from '../../kit/paint';

@customElement('lab-digits')
export class LabDigits extends MnistElement {
  static override styles = [
    shared,
    css`
      .grid {
        display: grid;
        grid-template-columns: max-content repeat(${SAMPLE}, minmax(0, 96px));
        gap: 0 8px;
      }
      .names {
        display: grid;
        grid-template-rows: repeat(var(--rows), 1fr) 1.4em;
        align-items: center;
        font-size: 0.8rem;
        padding-right: 4px;
      }
      .column {
        display: block;
        padding: 4px;
        min-height: 0;
        border-color: transparent;
        border-radius: 6px;
        background: none;
      }
      .column[aria-pressed='true'] {
        border-color: var(--accent);
        background: var(--note-well);
      }
      .column canvas {
        width: 100%;
        border-radius: 2px;
        margin-bottom: 4px;
        outline: 1px solid var(--line);
      }
      .column span {
        display: block;
        font-size: 0.75rem;
        line-height: 1.4em;
        text-align: center;
        color: var(--muted);
      }
      .time {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 10px;
        margin-top: 12px;
        font-size: 0.867rem;
      }
      .time input {
        flex: 1 1 auto;
        min-width: 0;
        max-width: 560px;
        accent-color: var(--accent);
      }
      .time output {
        min-width: 9.5em;
      }
      @media (forced-colors: active) {
        .column[aria-pressed='true'] {
          border: 2px solid Highlight;
        }
      }
      @media (max-width: 560px) {
        .names {
          max-width: 88px;
          font-size: 0.72rem;
          line-height: 1.2;
        }
        .time label {
          flex-basis: 100%;
        }
        .grid {
          grid-template-columns: max-content repeat(${SAMPLE - 4}, minmax(0, 1fr));
          gap: 0 2px;
        }
        .column {
          padding: 2px;
        }
        .column:nth-of-type(n + 7) {
          display: none;
        }
      }
    `,
  ];

  protected override readonly topics = ['change', 'drawing'];
  private drawn: unknown[] = [];

  constructor() {
    super();
    const seen = new VisibleController(this, () => this.lab.show(this, seen.visible ? 'images' : undefined));
    new ThemeController(this, () => this.paint());
  }

  override render(): TemplateResult {
    const { state, pictures, session } = this.lab;
    const runs = session?.runs ?? [];
    return html`<figure>
      <div class="head">
        <h2>Originals and reconstructions</h2>
        <button data-testid="another" @click=${() => this.lab.change({ sample: state.sample + 1 })}>
          Another sample
        </button>
      </div>
      <div class="grid" role="group" aria-label="Test images; select one to see its codes">
        <div class="names" aria-hidden="true" .style=${`--rows: ${runs.length + 1}`}>
          <span>Original</span>
          ${runs.map(({ name }) => html`<span class="chip ${name}">${titleOf(name)}</span>`)}<span></span>
        </div>
        ${Array.from({ length: SAMPLE }, (_, i) => {
          const label = pictures?.labels[i];
          const named = label === undefined ? '' : `, label ${label}`;
          return html`<button
            class="column"
            aria-pressed=${state.digit === i ? 'true' : 'false'}
            aria-label="Test image ${(pictures?.rows[i] ?? i) + 1}${named}: original and reconstructions"
            @click=${() => this.lab.change({ digit: i })}
          >
            ${[undefined, ...runs].map(() => html`<canvas width="28" height="28"></canvas>`)}
            <span class="number">${label ?? '\u00a0'}</span>
          </button>`;
        })}
      </div>
      ${this.time()}
      <figcaption>
        <strong>Images that no run has trained on, rebuilt from a few active latents.</strong>
        Select an image to see its codes below, or allow ${state.k === 5 ? 'more' : 'fewer'} active latents:
        <a href=${this.lab.linkTo({ activation: 'topk', k: state.k === 5 ? 15 : 5 })}>k = ${state.k === 5 ? 15 : 5}</a>.
      </figcaption>
    </figure>`;
  }

  /** The slider over the epochs whose models are kept; at its end it stays at the newest. */
  private time(): TemplateResult {
    const { past } = this.lab;
    const { epochs, epoch } = past;
    const last = Math.max(0, epochs.length - 1);
    const [first = 0] = epochs;
    const newest = epochs.at(-1) ?? 0;
    const place = epoch === undefined ? last : epochs.indexOf(epoch);
    const text =
      epoch === undefined ? `Epoch ${count(newest)}, the newest` : `Epoch ${count(epoch)} of ${count(newest)}`;
    return html`<div class="time number">
      <label for="time">Through the epochs</label>
      <input
        id="time"
        type="range"
        min="0"
        max=${last}
        step="1"
        aria-valuetext=${text}
        ?disabled=${last === 0}
        .value=${live(String(place))}
        @input=${(event: Event) => past.look(this.epochAt(event))}
        @change=${(event: Event) => this.settle(this.epochAt(event))}
      />
      <output for="time" data-testid="shown epoch">${text}</output>
      ${
        first > 0
          ? html`<span class="muted">Kept from epoch ${count(first)} on, where the run was taken up.</span>`
          : nothing
      }
    </div>`;
  }

  private epochAt(event: Event): number {
    return this.lab.past.epochs[Number((event.target as HTMLInputElement).value)] ?? 0;
  }

  /** The address has the epoch, unless it is the newest. */
  private settle(epoch: number): void {
    const newest = this.lab.past.epochs.at(-1);
    this.lab.past.settle();
    this.lab.change({ at: epoch === newest ? undefined : epoch });
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const past = (this.lab.session?.runs ?? []).map(({ name }) => this.lab.past.of(name));
    const drawn = [this.lab.pictures, this.lab.session?.id, ...past];
    if (drawn.length !== this.drawn.length) this.drawn = [];
    if (drawn.every((each, i) => each === this.drawn[i])) return;
    this.drawn = drawn;
    inFrame(this, () => this.paint());
  }

  private paint(): void {
    const pictures = this.lab.pictures;
    if (!pictures) return;
    const { width, height } = pictures;
    const sources = [
      pictures.originals,
      ...pictures.runs.map(({ name, reconstructions }) => this.lab.past.of(name)?.reconstructions ?? reconstructions),
    ];
    const table = greyTable();
    this.renderRoot.querySelectorAll('canvas').forEach((canvas, i) => {
      const image = Math.floor(i / sources.length);
      const bytes = sources[i % sources.length]?.subarray(image * width * height, (image + 1) * width * height);
      if (bytes) inFrame(canvas, () => paintOne(canvas, bytes, width, height, table));
    });
  }
}
