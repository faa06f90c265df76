// The codes of one test image as stem plots: one stem for each active latent.

import { css, html, svg, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { count, measured } from '../../kit/format';
import { inFrame } from '../../kit/frames';
import { paintOne } from '../../kit/paint';
import { divergingTable, greyTable, ThemeController } from '../../kit/theme';
import { VisibleController } from '../../kit/visible';
import { shared } from '../../kit/styles';
import type { RunName } from '../../lab/protocol';
import { titleOf } from '../../kit/runs';
import { MnistElement } from './element';

/** Height of one plot and the room for the outermost dots, in pixels. */
const HEIGHT = 132;
const ROOM = 8;

@customElement('lab-codes')
export class LabCodes extends MnistElement {
  static override styles = [
    shared,
    css`
      .run {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 132px;
        gap: 6px 18px;
        align-items: center;
      }
      .run + .run {
        margin-top: 18px;
        padding-top: 16px;
        border-top: 1px solid var(--line);
      }
      .run h3 {
        grid-column: 1 / -1;
      }
      svg {
        display: block;
        width: 100%;
        height: ${HEIGHT}px;
        cursor: crosshair;
        touch-action: pan-y;
      }
      .axis {
        stroke: var(--field);
        stroke-width: 1;
      }
      .stems {
        fill: none;
        stroke: var(--chip);
        stroke-width: 1.5;
      }
      .dots {
        fill: none;
        stroke: var(--chip);
        stroke-width: 6;
        stroke-linecap: round;
      }
      .selected {
        stroke: var(--ink);
        stroke-width: 1.5;
        fill: none;
      }
      .side {
        font-size: 0.8rem;
      }
      .side canvas {
        width: 84px;
        height: 84px;
        border-radius: 3px;
        outline: 1px solid var(--line);
        margin-bottom: 6px;
      }
      .original {
        width: 44px;
        height: 44px;
        border-radius: 3px;
        outline: 1px solid var(--line);
      }
      .title {
        display: flex;
        align-items: center;
        gap: 12px;
      }
      @media (max-width: 560px) {
        .run {
          grid-template-columns: minmax(0, 1fr) 92px;
          gap: 6px 10px;
        }
      }
    `,
  ];

  @state() private width = 600;
  /** The selected latent of each run. */
  @state() private latents: Readonly<Record<RunName, number>> = {};
  private readonly resized = new ResizeObserver(() => this.measure());

  constructor() {
    super();
    const seen = new VisibleController(this, () => this.lab.show(this, seen.visible ? 'filters' : undefined));
    new ThemeController(this, () => this.requestUpdate());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.resized.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resized.disconnect();
  }

  private measure(): void {
    const plot = this.renderRoot.querySelector('svg');
    if (plot) this.width = Math.max(100, Math.round(plot.clientWidth));
  }

  /** Codes of the chosen image. */
  private codes(run: RunName): Float32Array {
    const all = this.lab.picturesOf(run)?.codes;
    if (!all) return new Float32Array();
    const dSae = all.length / (this.lab.pictures?.rows.length ?? 1);
    return all.subarray(this.lab.state.digit * dSae, (this.lab.state.digit + 1) * dSae);
  }

  /** The selected latent: the one pointed at, else the strongest. */
  private latentOf(run: RunName, codes: Float32Array): number {
    const chosen = this.latents[run];
    if (chosen !== undefined && chosen < codes.length) return chosen;
    return codes.reduce((best, value, i) => (Math.abs(value) > Math.abs(codes[best] ?? 0) ? i : best), 0);
  }

  override render(): TemplateResult {
    const { state, pictures, session } = this.lab;
    const label = pictures?.labels[state.digit];
    return html`<figure>
      <div class="head">
        <div class="title">
          <canvas class="original" width="28" height="28" aria-hidden="true"></canvas>
          <h2>
            Codes of test image ${(pictures?.rows[state.digit] ?? 0) + 1}${label === undefined ? '' : `, a ${label}`}
          </h2>
        </div>
      </div>
      ${session?.runs.map(({ name }) => this.run(name))}
      <figcaption>
        <strong>${this.claim()}</strong> Hover over a stem, or use the arrow keys, to see what its latent adds to the
        image. Select another image above, or try
        <a href=${this.lab.linkTo({ activation: 'topk', by: state.by === 'positive' ? 'magnitude' : 'positive' })}
          >${state.by === 'positive' ? 'codes of either sign' : 'codes that are never negative'}</a
        >.
      </figcaption>
    </figure>`;
  }

  /** How many latents describe the image, by each run. */
  private claim(): string {
    const parts = (this.lab.session?.runs ?? []).flatMap(({ name }) => {
      const codes = this.codes(name);
      return codes.length > 0 ? [`${count(active(codes))} of ${count(codes.length)} latents by ${titleOf(name)}`] : [];
    });
    return parts.length > 0 ? `This image is described by ${parts.join(', ')}.` : 'A code is what describes an image.';
  }

  private run(run: RunName): TemplateResult {
    const codes = this.codes(run);
    const latent = this.latentOf(run, codes);
    const value = codes[latent] ?? 0;
    return html`<div class="run ${run}">
      <h3>
        <span class="chip ${run}">${titleOf(run)}</span>
        <span class="muted number" data-testid="${run} code l0"
          >${codes.length > 0 ? `L0 = ${count(active(codes))} of ${count(codes.length)}` : ''}</span
        >
      </h3>
      ${this.plot(run, codes, latent)}
      <div class="side number">
        <canvas class="filter" data-run=${run} width="28" height="28" aria-hidden="true"></canvas>
        latent ${latent}<br />z = ${measured(value)}
      </div>
    </div>`;
  }

  private plot(run: RunName, codes: Float32Array, latent: number): TemplateResult {
    const span = Math.max(1e-6, ...codes.map(Math.abs));
    const signed = codes.some((value) => value < 0);
    const zero = signed ? HEIGHT / 2 : HEIGHT - ROOM;
    const reach = zero - ROOM;
    const x = (i: number): number => ROOM + ((i + 0.5) * (this.width - 2 * ROOM)) / Math.max(1, codes.length);
    const y = (value: number): number => zero - (value / span) * reach;
    const stemmed = Array.from(codes.keys()).filter((i) => codes[i] !== 0);
    const at = (i: number): string => `${x(i).toFixed(1)} ${y(codes[i] ?? 0).toFixed(1)}`;
    const stems = stemmed.map((i) => `M${x(i).toFixed(1)} ${zero}L${at(i)}`).join('');
    // A round cap on a stroke of no length is a dot.
    const dots = stemmed.map((i) => `M${at(i)}h0`).join('');
    return html`<svg
      viewBox="0 0 ${this.width} ${HEIGHT}"
      tabindex="0"
      role="slider"
      aria-label="${titleOf(run)}: selected latent"
      aria-valuemin="0"
      aria-valuemax=${Math.max(0, codes.length - 1)}
      aria-valuenow=${latent}
      aria-valuetext="latent ${latent}, z = ${measured(codes[latent] ?? 0)}"
      @pointermove=${(event: PointerEvent) => this.pointed(event, run, stemmed, x)}
      @pointerdown=${(event: PointerEvent) => this.pointed(event, run, stemmed, x)}
      @keydown=${(event: KeyboardEvent) => this.pressed(event, run, stemmed, latent)}
    >
      ${svg`<line class="axis" x1="0" x2=${this.width} y1=${zero} y2=${zero}></line>
        <path class="stems" d=${stems}></path><path class="dots" d=${dots}></path>
        ${codes.length > 0 ? svg`<circle class="selected" cx=${x(latent)} cy=${y(codes[latent] ?? 0)} r="6"></circle>` : ''}`}
    </svg>`;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    inFrame(this, () => this.paint());
  }

  private paint(): void {
    this.measure();
    const pictures = this.lab.pictures;
    if (!pictures) return;
    const { width, height } = pictures;
    const size = width * height;
    const original = this.renderRoot.querySelector<HTMLCanvasElement>('.original');
    const digit = this.lab.state.digit;
    if (original)
      paintOne(original, pictures.originals.subarray(digit * size, (digit + 1) * size), width, height, greyTable());
    for (const canvas of this.renderRoot.querySelectorAll<HTMLCanvasElement>('.filter')) {
      const run = canvas.dataset.run ?? '';
      const latent = this.latentOf(run, this.codes(run));
      const bytes = this.lab.picturesOf(run)?.filters?.decoder.subarray(latent * size, (latent + 1) * size);
      if (bytes) paintOne(canvas, bytes, width, height, divergingTable());
    }
  }

  private pointed(event: PointerEvent, run: RunName, stemmed: number[], x: (i: number) => number): void {
    const at = event.clientX - (event.currentTarget as SVGElement).getBoundingClientRect().left;
    const nearest = stemmed.reduce<number | undefined>(
      (best, i) => (best === undefined || Math.abs(x(i) - at) < Math.abs(x(best) - at) ? i : best),
      undefined,
    );
    if (nearest !== undefined && nearest !== this.latents[run]) this.latents = { ...this.latents, [run]: nearest };
  }

  private pressed(event: KeyboardEvent, run: RunName, stemmed: number[], latent: number): void {
    const next = {
      ArrowRight: stemmed.find((i) => i > latent),
      ArrowUp: stemmed.find((i) => i > latent),
      ArrowLeft: stemmed.findLast((i) => i < latent),
      ArrowDown: stemmed.findLast((i) => i < latent),
      Home: stemmed[0],
      End: stemmed.at(-1),
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.latents = { ...this.latents, [run]: next };
  }
}

/** How many latents a code uses. */
function active(codes: Float32Array): number {
  return codes.reduce((sum, value) => sum + Number(value !== 0), 0);
}
