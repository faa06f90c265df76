// Encoder and decoder filters of one run: a mosaic to move over by pointer or arrows, and the latent in hand, large.

import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { measured, percent } from '../../kit/format';
import { inFrame } from '../../kit/frames';
import { divergingTable, ThemeController } from '../../kit/theme';
import { VisibleController } from '../../kit/visible';
import { runNames, shared } from '../../kit/styles';
import type { Filters, Method } from '../../lab/worker/protocol';
import { LabElement } from './element';
import { paintCanvas, paintOne, paintTile, SIGNED } from '../../kit/paint';

/** Latents of the strip, and columns of both arrangements. */
const STRIP = 32;
const STRIP_COLUMNS = 8;
const ALL_COLUMNS = 16;
/** Pixels of a weight between two tiles. */
const GAP = 2;

type Side = 'encoder' | 'decoder';
const sides: readonly Side[] = ['encoder', 'decoder'];

@customElement('lab-filters')
export class LabFilters extends LabElement {
  static override styles = [
    shared,
    css`
      .sides {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        gap: 18px;
      }
      h3 {
        margin-bottom: 6px;
        font-weight: 500;
        color: var(--muted);
      }
      .mosaic {
        position: relative;
        touch-action: pan-y;
        cursor: crosshair;
        border-radius: 3px;
      }
      .mosaic canvas {
        width: 100%;
      }
      .mark {
        position: absolute;
        border-radius: 2px;
        outline: 2px solid var(--ink);
        pointer-events: none;
      }
      .scale {
        display: flex;
        align-items: center;
        gap: 8px;
        margin-top: 8px;
        font-size: 0.75rem;
        color: var(--muted);
      }
      .scale canvas {
        flex: 1;
        min-width: 0;
        height: 8px;
        max-width: 120px;
        border-radius: 2px;
        image-rendering: auto;
      }
      .loupe {
        display: flex;
        align-items: center;
        gap: 14px;
        margin-top: 14px;
        padding-top: 14px;
        border-top: 1px solid var(--line);
        min-height: 112px;
      }
      .loupe canvas {
        width: 96px;
        height: 96px;
        border-radius: 3px;
        outline: 1px solid var(--line);
      }
      .loupe p {
        margin: 0;
        font-size: 0.867rem;
      }
      @media (max-width: 560px) {
        .sides {
          gap: 10px;
        }
        .loupe canvas {
          width: 76px;
          height: 76px;
        }
      }
    `,
  ];

  @property() method: Method = 'sgd';
  /** Place in the order of activity of the latent in hand. */
  @state() private place = 0;
  private drawn: unknown;

  constructor() {
    super();
    const seen = new VisibleController(this, () => this.lab.show(this, seen.visible ? 'filters' : undefined));
    new ThemeController(this, () => this.paint());
  }

  private get filters(): Filters | undefined {
    return this.lab.pictures?.runs[this.method].filters;
  }

  private get shown(): number {
    const latents = this.filters?.order.length ?? 0;
    return this.lab.state.filters === 'all' ? latents : Math.min(STRIP, latents);
  }

  private get columns(): number {
    return this.lab.state.filters === 'all' ? ALL_COLUMNS : STRIP_COLUMNS;
  }

  private get latent(): number {
    return this.filters?.order[Math.min(this.place, this.shown - 1)] ?? 0;
  }

  override render(): TemplateResult {
    const { state } = this.lab;
    const filters = this.filters;
    const latents = filters?.order.length ?? state.dSae;
    return html`<figure>
      <div class="head">
        <h2><span class="chip ${this.method}">${runNames[this.method]}</span> filters</h2>
        <div class="segments" role="group" aria-label="Filters shown">
          <button aria-pressed=${state.filters === 'active'} @click=${() => this.lab.change({ filters: 'active' })}>
            ${Math.min(STRIP, latents)} most active
          </button>
          <button aria-pressed=${state.filters === 'all'} @click=${() => this.lab.change({ filters: 'all' })}>
            all ${latents}
          </button>
        </div>
      </div>
      <div class="sides">${sides.map((side) => this.mosaic(side, filters))}</div>
      <div class="loupe">
        ${sides.map((side) => html`<canvas class="large" data-side=${side} width="28" height="28"></canvas>`)}
        <p class="number" aria-live="polite">
          ${
            filters
              ? html`<strong>Latent ${this.latent}</strong><br />active on ${percent(filters.firing[this.latent])} of
                  test images`
              : 'No model yet'
          }
        </p>
      </div>
      ${
        this.method === 'sgd'
          ? html`<figcaption>
              <strong
                >${state.tied ? 'Tied to the encoder, the decoder is the same picture.' : 'Untied, SGD learns a decoder of its own.'}</strong
              >
              The encoder filter is what a latent looks for, the decoder filter what it draws. Try
              <a href=${this.lab.linkTo({ tied: !state.tied })}>${state.tied ? 'untied' : 'tied'} weights</a>.
            </figcaption>`
          : html`<figcaption>
              <strong>Solved for in closed form, decoder filters turn to strokes within an epoch.</strong>
              Run over them by pointer or arrow keys. Try
              <a href=${this.lab.linkTo({ activation: state.activation === 'relu' ? 'topk' : 'relu' })}
                >${state.activation === 'relu' ? 'TopK' : 'ReLU'}</a
              >.
            </figcaption>`
      }
    </figure>`;
  }

  private mosaic(side: Side, filters: Filters | undefined): TemplateResult {
    const scale = side === 'encoder' ? filters?.encoderScale : filters?.decoderScale;
    return html`<div>
      <h3>${side === 'encoder' ? 'Encoder' : 'Decoder'}</h3>
      <div
        class="mosaic"
        role="listbox"
        tabindex="0"
        aria-label="${runNames[this.method]} ${side} filters"
        aria-activedescendant=${filters ? `mark-${side}` : nothing}
        @pointermove=${(event: PointerEvent) => this.pointed(event)}
        @pointerdown=${(event: PointerEvent) => this.pointed(event)}
        @keydown=${(event: KeyboardEvent) => this.pressed(event)}
      >
        <canvas data-side=${side} aria-hidden="true"></canvas>
        ${
          filters
            ? html`<div
                class="mark"
                id="mark-${side}"
                role="option"
                aria-selected="true"
                aria-setsize=${this.shown}
                aria-posinset=${this.place + 1}
                aria-label="Latent ${this.latent}, active on ${percent(filters.firing[this.latent])} of test images"
              ></div>`
            : nothing
        }
      </div>
      <div class="scale number">
        <span>−${measured(scale)}</span><canvas class="ramp" width="255" height="1"></canvas
        ><span>${measured(scale)}</span>
      </div>
    </div>`;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const drawn = this.lab.state.filters;
    if (this.drawn !== this.filters || this.arranged !== drawn) this.paint();
    else if (changed.has('place')) this.paintLatent();
    this.drawn = this.filters;
    this.arranged = drawn;
    this.placeMarks();
  }

  private arranged = '';

  private paint(): void {
    for (const canvas of this.renderRoot.querySelectorAll<HTMLCanvasElement>('.mosaic canvas')) {
      inFrame(canvas, () => this.paintMosaic(canvas));
    }
    inFrame(this, () => this.paintScales());
  }

  private paintMosaic(canvas: HTMLCanvasElement): void {
    const filters = this.filters;
    const pictures = this.lab.pictures;
    if (!filters || !pictures) return;
    const { width, height } = pictures;
    const table = divergingTable();
    const rows = Math.ceil(this.shown / this.columns);
    const stride = this.columns * (width + GAP) - GAP;
    const bytes = filters[canvas.dataset.side as Side];
    paintCanvas(canvas, stride, rows * (height + GAP) - GAP, (words) => {
      for (let place = 0; place < this.shown; place++) {
        const latent = filters.order[place] ?? 0;
        const tile = bytes.subarray(latent * width * height, (latent + 1) * width * height);
        const x = (place % this.columns) * (width + GAP);
        const y = Math.floor(place / this.columns) * (height + GAP);
        paintTile(words, stride, x, y, tile, width, table, SIGNED);
      }
    });
  }

  private paintScales(): void {
    const ramp = Int8Array.from({ length: 2 * SIGNED + 1 }, (_, i) => i - SIGNED);
    for (const canvas of this.renderRoot.querySelectorAll<HTMLCanvasElement>('.ramp')) {
      paintOne(canvas, ramp, ramp.length, 1, divergingTable());
    }
    this.paintLatent();
  }

  private paintLatent(): void {
    const filters = this.filters;
    const pictures = this.lab.pictures;
    if (!filters || !pictures) return;
    const size = pictures.width * pictures.height;
    for (const canvas of this.renderRoot.querySelectorAll<HTMLCanvasElement>('.large')) {
      const bytes = filters[canvas.dataset.side as Side].subarray(this.latent * size, (this.latent + 1) * size);
      paintOne(canvas, bytes, pictures.width, pictures.height, divergingTable());
    }
  }

  /** Puts the marks over the tile in hand, in percent of the canvas. */
  private placeMarks(): void {
    const pictures = this.lab.pictures;
    if (!pictures || this.shown === 0) return;
    const { width, height } = pictures;
    const place = Math.min(this.place, this.shown - 1);
    const across = this.columns * (width + GAP) - GAP;
    const down = Math.ceil(this.shown / this.columns) * (height + GAP) - GAP;
    for (const mark of this.renderRoot.querySelectorAll<HTMLElement>('.mark')) {
      mark.style.left = `${((place % this.columns) * (width + GAP) * 100) / across}%`;
      mark.style.top = `${(Math.floor(place / this.columns) * (height + GAP) * 100) / down}%`;
      mark.style.width = `${(width * 100) / across}%`;
      mark.style.height = `${(height * 100) / down}%`;
    }
  }

  private pointed(event: PointerEvent): void {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const rows = Math.ceil(this.shown / this.columns);
    const column = Math.floor(((event.clientX - box.left) / box.width) * this.columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    this.take(row * this.columns + Math.max(0, Math.min(this.columns - 1, column)));
  }

  private pressed(event: KeyboardEvent): void {
    const steps: Partial<Record<string, number>> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -this.columns,
      ArrowDown: this.columns,
      Home: -this.place,
      End: this.shown - 1 - this.place,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.take(this.place + step);
  }

  private take(place: number): void {
    if (place >= 0 && place < this.shown) this.place = place;
  }
}
