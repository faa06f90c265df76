// Encoder and decoder filters of one run, sorted by use: two sheets that zoom and move together, and the selected latent,
// large.

import { css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { count, measured, percent } from '../../../kit/format';
import { inFrame } from '../../../kit/frames';
import { divergingTable, ThemeController } from '../../../kit/theme';
import { VisibleController } from '../../../kit/visible';
import { shared } from '../../../kit/styles';
import type { RunName } from '../../../lab/protocol';
import { titleOf } from '../../../kit/runs';
import { MnistElement } from '../element';
import type { Filters } from '../protocol';
import { ZOOM_STEP, type FilterSheet, type Tiles } from './sheet';
import './sheet';
import { WHOLE, type View } from './view';
import { paintOne, SIGNED } from '../../../kit/paint';

/** Latents of the strip, and its columns. */
const STRIP = 32;
const STRIP_COLUMNS = 8;
/** Pixels of a weight between two tiles. */
const GAP = 2;

type Side = 'encoder' | 'decoder';
const sides: readonly Side[] = ['encoder', 'decoder'];

@customElement('lab-filters')
export class LabFilters extends MnistElement {
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

  @property() run: RunName = '';
  /** Place in the order of activity of the selected latent. */
  @state() private place = 0;
  /** What is seen of both sheets. */
  @state() private view: View = WHOLE;
  @query('filter-sheet') private readonly first!: FilterSheet;
  private tiles: Record<Side, Tiles | undefined> | undefined;
  /** Filters and arrangement that the tiles are of. */
  private arranged: unknown[] = [];

  constructor() {
    super();
    const seen = new VisibleController(this, () => this.lab.show(this, seen.visible ? 'filters' : undefined));
    new ThemeController(this, () => this.paintScales());
  }

  private get filters(): Filters | undefined {
    return this.lab.picturesOf(this.run)?.filters;
  }

  private get shown(): number {
    const latents = this.filters?.order.length ?? 0;
    return this.lab.state.filters === 'all' ? latents : Math.min(STRIP, latents);
  }

  /** All latents are about as wide as they are high. */
  private get columns(): number {
    return this.lab.state.filters === 'all' ? Math.max(STRIP_COLUMNS, Math.ceil(Math.sqrt(this.shown))) : STRIP_COLUMNS;
  }

  private tilesOf(side: Side): Tiles | undefined {
    const { filters, lab, shown } = this;
    if (!filters || !lab.pictures) return undefined;
    const { width: tileWidth, height: tileHeight } = lab.pictures;
    const grid = { count: shown, columns: this.columns, tileWidth, tileHeight, gap: GAP };
    return { bytes: filters[side], order: filters.order, grid };
  }

  private get latent(): number {
    return this.filters?.order[Math.min(this.place, this.shown - 1)] ?? 0;
  }

  override render(): TemplateResult {
    const { state } = this.lab;
    const filters = this.filters;
    const latents = filters?.order.length ?? state.dSae;
    const zoom = Math.round(100 * this.view.zoom);
    return html`<figure>
      <div class="head">
        <h2><span class="chip ${this.run}">${titleOf(this.run)}</span> filters</h2>
        <div class="segments" role="group" aria-label="Filters shown">
          <button aria-pressed=${state.filters === 'active'} @click=${() => this.lab.change({ filters: 'active' })}>
            ${Math.min(STRIP, latents)} most active
          </button>
          <button aria-pressed=${state.filters === 'all'} @click=${() => this.lab.change({ filters: 'all' })}>
            all ${latents}
          </button>
        </div>
        <div class="segments" role="group" aria-label="Zoom">
          <button aria-label="Smaller" @click=${() => this.first.zoom(1 / ZOOM_STEP)}>−</button>
          <button aria-label="${zoom} %: show the whole sheet" @click=${() => (this.view = WHOLE)}>${zoom} %</button>
          <button aria-label="Larger" @click=${() => this.first.zoom(ZOOM_STEP)}>+</button>
        </div>
      </div>
      <div class="sides">${sides.map((side) => this.sheet(side, filters))}</div>
      <div class="loupe">
        ${sides.map((side) => html`<canvas class="large" data-side=${side} width="28" height="28"></canvas>`)}
        <p class="number">
          ${
            filters
              ? html`<strong>Latent ${this.latent}</strong><br />active on ${percent(filters.firing[this.latent])} of
                  test images`
              : 'No model yet'
          }
        </p>
      </div>
      ${this.caption(filters)}
    </figure>`;
  }

  private caption(filters: Filters | undefined): TemplateResult {
    const { state } = this.lab;
    const tied = this.lab.session?.run(this.run)?.options.tied ?? false;
    const firing = filters?.firing ?? new Float32Array();
    const active = firing.filter((share) => share > 0).length;
    const claim = filters
      ? `${count(active)} of ${count(firing.length)} latents are active on at least one of ${count(filters.rows)} test images.`
      : 'Filters are the weights of each latent, as images.';
    return html`<figcaption>
      <strong>${claim}</strong>
      ${
        tied
          ? 'The decoder is tied to the encoder: both show the same weights.'
          : 'The encoder filter is what a latent responds to, the decoder filter what it adds to the image.'
      }
      Sorted by use. Hover or use the arrow keys to select; zoom with + and −, a pinch, or Ctrl and the wheel; drag to
      move. Try
      <a href=${this.lab.linkTo({ activation: state.activation === 'relu' ? 'topk' : 'relu' })}
        >${state.activation === 'relu' ? 'TopK' : 'ReLU'}</a
      >.
    </figcaption>`;
  }

  private sheet(side: Side, filters: Filters | undefined): TemplateResult {
    const scale = side === 'encoder' ? filters?.encoderScale : filters?.decoderScale;
    return html`<div>
      <h3>${side === 'encoder' ? 'Encoder' : 'Decoder'}</h3>
      <filter-sheet
        name="${titleOf(this.run)} ${side} filters"
        selected=${
          filters ? `Latent ${this.latent}, active on ${percent(filters.firing[this.latent])} of test images` : ''
        }
        .tiles=${this.tiles?.[side]}
        .place=${Math.max(0, Math.min(this.place, this.shown - 1))}
        .view=${this.view}
        @take=${(event: CustomEvent<number>) => (this.place = event.detail)}
        @view=${(event: CustomEvent<View>) => (this.view = event.detail)}
      ></filter-sheet>
      <div class="scale number">
        <span>−${measured(scale)}</span><canvas class="ramp" width="255" height="1"></canvas
        ><span>${measured(scale)}</span>
      </div>
    </div>`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const arranged = [this.filters, this.lab.state.filters];
    if (arranged.every((each, i) => each === this.arranged[i])) return;
    if (arranged[1] !== this.arranged[1]) this.view = WHOLE;
    this.arranged = arranged;
    const [encoder, decoder] = sides.map((side) => this.tilesOf(side));
    this.tiles = { encoder, decoder };
    inFrame(this, () => this.paintScales());
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (changed.has('place')) this.paintLatent();
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
}
