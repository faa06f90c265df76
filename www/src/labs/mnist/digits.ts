// Test images against what each run makes of them.

import { css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { inFrame } from '../../kit/frames';
import { greyTable, ThemeController } from '../../kit/theme';
import { VisibleController } from '../../kit/visible';
import { runNames, shared } from '../../kit/styles';
import { methods } from '../../lab/worker/protocol';
import { SAMPLE } from './controller';
import { LabElement } from './element';
import { paintOne } from '../../kit/paint';

const rowNames = ['Original', ...methods.map((method) => runNames[method])];

@customElement('lab-digits')
export class LabDigits extends LabElement {
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
        grid-template-rows: repeat(3, 1fr) 1.4em;
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
      @media (max-width: 560px) {
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

  private drawn: unknown;

  constructor() {
    super();
    const seen = new VisibleController(this, () => this.lab.show(this, seen.visible ? 'images' : undefined));
    new ThemeController(this, () => this.paint());
  }

  override render(): TemplateResult {
    const { state, pictures } = this.lab;
    return html`<figure>
      <div class="head">
        <h2>Originals against reconstructions</h2>
        <button data-testid="another" @click=${() => this.lab.change({ sample: state.sample + 1 })}>
          Another sample
        </button>
      </div>
      <div class="grid" role="group" aria-label="Test images; choose one to see its codes">
        <div class="names" aria-hidden="true">
          ${rowNames.map((name, i) => html`<span class=${i > 0 ? `chip ${methods[i - 1]}` : ''}>${name}</span>`)}<span
          ></span>
        </div>
        ${Array.from({ length: SAMPLE }, (_, i) => {
          const label = pictures?.labels[i];
          const named = label === undefined ? '' : `, label ${label}`;
          return html`<button
            class="column"
            aria-pressed=${state.digit === i ? 'true' : 'false'}
            aria-label="Test image ${(pictures?.rows[i] ?? i) + 1}${named}: original and both reconstructions"
            @click=${() => this.lab.change({ digit: i })}
          >
            ${rowNames.map(() => html`<canvas width="28" height="28"></canvas>`)}
            <span class="number">${label ?? '\u00a0'}</span>
          </button>`;
        })}
      </div>
      <figcaption>
        <strong>Images that neither run has trained on, squeezed through a few active latents and back.</strong>
        Choose an image to see which latents stand for it below, or let fewer speak:
        <a href=${this.lab.linkTo({ activation: 'topk', k: state.k === 5 ? 15 : 5 })}>k = ${state.k === 5 ? 15 : 5}</a>.
      </figcaption>
    </figure>`;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (this.drawn === this.lab.pictures) return;
    this.drawn = this.lab.pictures;
    inFrame(this, () => this.paint());
  }

  private paint(): void {
    const pictures = this.lab.pictures;
    if (!pictures) return;
    const { width, height } = pictures;
    const sources = [pictures.originals, ...methods.map((method) => pictures.runs[method].reconstructions)];
    const table = greyTable();
    this.renderRoot.querySelectorAll('canvas').forEach((canvas, i) => {
      const image = Math.floor(i / sources.length);
      const bytes = sources[i % sources.length]?.subarray(image * width * height, (image + 1) * width * height);
      if (bytes) paintOne(canvas, bytes, width, height, table);
    });
  }
}
