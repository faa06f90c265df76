// Draw your own digit: the pad, the image that models see, and for every run its reconstruction and the features that
// fire.

import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { count, measured } from '../../../kit/format';
import { inFrame } from '../../../kit/frames';
import { paintOne } from '../../../kit/paint';
import { shared } from '../../../kit/styles';
import { divergingTable, greyTable, ThemeController } from '../../../kit/theme';
import { VisibleController } from '../../../kit/visible';
import type { RunName } from '../../../lab/protocol';
import { titleOf } from '../../../kit/runs';
import { strongest } from '../editing/edits';
import { MnistElement } from '../element';
import type { Encoded } from '../protocol';
import './pad';

/** Features shown of each run, the strongest. */
const MOST_FEATURES = 12;

@customElement('lab-drawing')
export class LabDrawing extends MnistElement {
  static override styles = [
    shared,
    css`
      .parts {
        display: grid;
        grid-template-columns: 240px minmax(0, 1fr);
        gap: 18px 24px;
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        margin-top: 8px;
      }
      .seen {
        display: flex;
        align-items: center;
        gap: 10px;
        margin-top: 10px;
      }
      .seen canvas {
        width: 56px;
        height: 56px;
        flex: none;
        border-radius: 3px;
        outline: 1px solid var(--line);
      }
      .runs {
        display: grid;
        align-content: start;
        gap: 14px;
      }
      .run {
        display: grid;
        grid-template-columns: 76px minmax(0, 1fr);
        gap: 6px 14px;
        align-items: start;
      }
      .run h3 {
        grid-column: 1 / -1;
        display: flex;
        flex-wrap: wrap;
        gap: 2px 12px;
      }
      .run + .run {
        border-top: 1px solid var(--line);
        padding-top: 12px;
      }
      .reconstruction {
        width: 76px;
        height: 76px;
        border-radius: 3px;
        outline: 1px solid var(--line);
      }
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(54px, 1fr));
        gap: 8px;
        list-style: none;
        margin: 0;
        padding: 0;
        min-height: 76px;
      }
      li {
        font-size: 0.72rem;
        line-height: 1.3;
        text-align: center;
      }
      li canvas {
        width: 44px;
        height: 44px;
        margin: 0 auto 2px;
        border-radius: 2px;
        outline: 1px solid var(--line);
      }
      /* Nothing is drawn yet; what is drawn then finds its place. */
      .blank :is(.seen, .reconstruction) {
        visibility: hidden;
      }
      @media (max-width: 760px) {
        ul {
          grid-template-columns: repeat(auto-fill, minmax(42px, 1fr));
          gap: 6px 4px;
        }
        li canvas {
          width: 36px;
          height: 36px;
        }
        .parts {
          grid-template-columns: minmax(0, 1fr);
        }
        digit-pad {
          max-width: 280px;
        }
      }
    `,
  ];

  protected override readonly topics = ['change', 'drawing'];

  constructor() {
    super();
    const seen = new VisibleController(this, () => this.lab.show(this, seen.visible ? 'filters' : undefined));
    new ThemeController(this, () => inFrame(this, () => this.paint()));
  }

  override render(): TemplateResult {
    const { drawing, session, state, pictures } = this.lab;
    return html`<figure>
      <div class="head"><h2>Draw your own digit</h2></div>
      <div class="parts ${drawing.isBlank ? 'blank' : ''}">
        <div>
          <digit-pad></digit-pad>
          <div class="buttons">
            <button ?disabled=${!drawing.canUndo} @click=${() => drawing.undo()}>Undo</button>
            <button ?disabled=${drawing.isBlank} @click=${() => drawing.clear()}>Clear</button>
            <button ?disabled=${!pictures} @click=${() => this.loadTestImage()}>
              Use test image ${count((pictures?.rows[state.digit] ?? 0) + 1)}
            </button>
          </div>
          <div class="seen">
            <canvas
              class="input"
              width="28"
              height="28"
              role="img"
              aria-label="The image as the models see it"
            ></canvas>
            <span class="small muted">What the models see: fitted to MNIST’s box and centred by mass.</span>
          </div>
        </div>
        <div class="runs">${session?.runs.map(({ name }) => this.run(name))}</div>
      </div>
      <figcaption>
        <strong>${this.claim()}</strong> Draw with a mouse, a pen or a finger. Without one, load the selected test
        image.
      </figcaption>
    </figure>`;
  }

  private claim(): string {
    const { drawing } = this.lab;
    if (drawing.isBlank) return 'Every run encodes what you draw, while you draw it.';
    const parts = drawing.encoded.map(
      ({ name, codes, mse }) =>
        `${titleOf(name)} with ${count(strongest(codes).length)} active latents, MSE ${measured(mse)}`,
    );
    return parts.length > 0 ? `Your drawing, rebuilt by ${parts.join('; by ')}.` : 'Encoding …';
  }

  private encodedBy(run: RunName): Encoded | undefined {
    return this.lab.drawing.encoded.find(({ name }) => name === run);
  }

  private run(run: RunName): TemplateResult {
    const encoded = this.encodedBy(run);
    const active = encoded ? strongest(encoded.codes) : [];
    return html`<div class="run ${run}" data-testid="${run} drawn">
      <h3>
        <span class="chip ${run}">${titleOf(run)}</span>
        <span class="muted number"
          >${encoded ? `L0 = ${count(active.length)}, MSE = ${measured(encoded.mse)}` : 'Nothing is drawn.'}
          ${active.length > MOST_FEATURES ? `(the ${MOST_FEATURES} strongest are shown)` : nothing}</span
        >
      </h3>
      <canvas
        class="reconstruction"
        data-run=${run}
        width="28"
        height="28"
        role="img"
        aria-label="${titleOf(run)}: reconstruction of the drawing"
      ></canvas>
      <ul class="number" aria-label="${titleOf(run)}: decoder filters of the strongest active latents">
        ${active.slice(0, MOST_FEATURES).map(
          (latent) =>
            html`<li>
              <canvas
                class="feature"
                data-run=${run}
                data-latent=${latent}
                width="28"
                height="28"
                aria-hidden="true"
              ></canvas>
              <span class="muted">${latent}</span><br />${measured(encoded?.codes[latent])}
            </li>`,
        )}
      </ul>
    </div>`;
  }

  private loadTestImage(): void {
    const { drawing, pictures, state } = this.lab;
    if (!pictures) return;
    const size = pictures.width * pictures.height;
    drawing.load(pictures.originals.slice(state.digit * size, (state.digit + 1) * size));
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    inFrame(this, () => this.paint());
  }

  private paint(): void {
    const { drawing } = this.lab;
    const { width, height } = drawing.size;
    const size = width * height;
    const blank = new Uint8ClampedArray(size);
    const all = <T extends Element>(selector: string): NodeListOf<T> => this.renderRoot.querySelectorAll<T>(selector);
    for (const canvas of all<HTMLCanvasElement>('.input')) paintOne(canvas, drawing.image, width, height, greyTable());
    for (const canvas of all<HTMLCanvasElement>('.reconstruction')) {
      const image = this.encodedBy(canvas.dataset.run ?? '')?.reconstruction ?? blank;
      paintOne(canvas, image, width, height, greyTable());
    }
    for (const canvas of all<HTMLCanvasElement>('.feature')) {
      const latent = Number(canvas.dataset.latent);
      const filters = this.lab.picturesOf(canvas.dataset.run ?? '')?.filters;
      const bytes = filters?.decoder.subarray(latent * size, (latent + 1) * size);
      if (bytes) inFrame(canvas, () => paintOne(canvas, bytes, width, height, divergingTable()));
    }
  }
}
