// Filters of one side as a sheet that can be enlarged and moved: a canvas, a picture of all tiles behind it.

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { inFrame } from '../../../kit/frames';
import { paintCanvas, paintTile, SIGNED } from '../../../kit/paint';
import { shared } from '../../../kit/styles';
import { divergingTable, ThemeController } from '../../../kit/theme';
import { Gestures, type SheetHost } from './gestures';
import {
  cornerOf,
  partOf,
  placeAt,
  revealing,
  sizeOf,
  tileAt,
  WHOLE,
  zoomed,
  type Grid,
  type Point,
  type View,
} from './view';

/** Tiles of a sheet, in the order in which they are shown. */
export interface Tiles {
  /** `[latents, pixels]`. */
  bytes: Int8Array;
  /** Latents by place. */
  order: Uint32Array;
  grid: Grid;
}

/** Factor of one press of a key or a button. */
export const ZOOM_STEP = 1.5;
const MIDDLE: Point = { x: 0.5, y: 0.5 };

@customElement('filter-sheet')
export class FilterSheet extends LitElement implements SheetHost {
  static override styles = [
    shared,
    css`
      .window {
        position: relative;
        cursor: crosshair;
        border-radius: 3px;
        overflow: hidden;
        touch-action: pan-y;
      }
      .window.enlarged {
        touch-action: none;
      }
      .window canvas {
        width: 100%;
        height: 100%;
      }
    `,
  ];

  @property({ attribute: false }) tiles: Tiles | undefined;
  /** What the sheet is called. */
  @property() name = '';
  /** What the selected tile is called. */
  @property() selected = '';
  @property({ type: Number }) place = 0;
  @property({ attribute: false }) view: View = WHOLE;

  @query('canvas') private readonly canvas!: HTMLCanvasElement;
  @query('.window') private readonly window!: HTMLElement;
  private readonly atlas = document.createElement('canvas');
  private painted: unknown;
  private readonly gestures = new Gestures(this, () => this.window.getBoundingClientRect());
  private readonly resized = new ResizeObserver(() => inFrame(this, () => this.paint()));

  constructor() {
    super();
    new ThemeController(this, () => {
      this.painted = undefined;
      inFrame(this, () => this.paint());
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.resized.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resized.disconnect();
  }

  private get grid(): Grid {
    return this.tiles?.grid ?? { count: 0, columns: 1, tileWidth: 28, tileHeight: 28, gap: 2 };
  }

  /** Until one tile fills the window. */
  get mostZoom(): number {
    return Math.max(1, this.grid.columns);
  }

  override render(): TemplateResult {
    const { count } = this.grid;
    const { width, height } = sizeOf(this.grid);
    return html`<div
      class="window ${this.view.zoom > 1 ? 'enlarged' : ''}"
      .style=${`aspect-ratio: ${Math.max(1, width)} / ${Math.max(1, height)}`}
      role="listbox"
      tabindex="0"
      aria-label=${this.name}
      aria-activedescendant=${count > 0 ? 'selected' : nothing}
      @pointerdown=${(event: PointerEvent) => this.press(event)}
      @pointermove=${(event: PointerEvent) => this.gestures.move(event)}
      @pointerup=${(event: PointerEvent) => this.gestures.lift(event)}
      @pointercancel=${(event: PointerEvent) => this.gestures.lift(event)}
      @dblclick=${(event: MouseEvent) => this.enlargeAt(event)}
      @touchmove=${(event: TouchEvent) => this.hold(event)}
      @wheel=${(event: WheelEvent) => this.gestures.wheel(event, this.shadowRoot?.activeElement === this.window)}
      @keydown=${(event: KeyboardEvent) => this.pressed(event)}
    >
      <canvas aria-hidden="true"></canvas>
      ${
        count > 0
          ? html`<div
              class="hidden"
              id="selected"
              role="option"
              aria-selected="true"
              aria-setsize=${count}
              aria-posinset=${this.place + 1}
              aria-label=${this.selected}
            ></div>`
          : nothing
      }
    </div>`;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    inFrame(this, () => this.paint());
  }

  /** The picture of all tiles is painted when they are others; the window is cut out of it. */
  private paint(): void {
    const { tiles, canvas } = this;
    if (!tiles || tiles.grid.count === 0) return;
    if (this.painted !== tiles) this.paintAtlas(tiles);
    this.painted = tiles;
    const scale = devicePixelRatio;
    const width = Math.round(canvas.clientWidth * scale);
    const height = Math.round(canvas.clientHeight * scale);
    const context = canvas.getContext('2d');
    if (!context || width === 0 || height === 0) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const { zoom, x, y } = this.view;
    const sheet = sizeOf(tiles.grid);
    context.clearRect(0, 0, width, height);
    // Smaller than its pixels a tile is averaged, larger its weights are squares.
    context.imageSmoothingEnabled = (width * zoom) / sheet.width < 1;
    context.drawImage(
      this.atlas,
      x * sheet.width,
      y * sheet.height,
      sheet.width / zoom,
      sheet.height / zoom,
      0,
      0,
      width,
      height,
    );
    const part = partOf(tiles.grid, this.place);
    const line = 2 * scale;
    context.strokeStyle = getComputedStyle(this).color;
    context.lineWidth = line;
    context.strokeRect(
      Math.max(line / 2, (part.x - x) * zoom * width),
      Math.max(line / 2, (part.y - y) * zoom * height),
      Math.min(part.width * zoom * width, width - line),
      Math.min(part.height * zoom * height, height - line),
    );
  }

  private paintAtlas({ bytes, order, grid }: Tiles): void {
    const { width, height } = sizeOf(grid);
    const size = grid.tileWidth * grid.tileHeight;
    const table = divergingTable();
    paintCanvas(this.atlas, width, height, (words) => {
      for (let place = 0; place < grid.count; place++) {
        const latent = order[place] ?? 0;
        const { x, y } = cornerOf(grid, place);
        const tile = bytes.subarray(latent * size, (latent + 1) * size);
        paintTile(words, width, x, y, tile, grid.tileWidth, table, SIGNED);
      }
    });
  }

  /** Tells the panel, which shows both sides alike. */
  show(view: View): void {
    this.dispatchEvent(new CustomEvent<View>('view', { detail: view }));
  }

  select(at: Point): void {
    const place = tileAt(this.grid, placeAt(this.view, at));
    if (place !== undefined) this.take(place);
  }

  private take(place: number): void {
    this.dispatchEvent(new CustomEvent<number>('take', { detail: place }));
  }

  private enlargeAt({ clientX, clientY }: MouseEvent): void {
    const { left, top, width, height } = this.window.getBoundingClientRect();
    const at = { x: (clientX - left) / width, y: (clientY - top) / height };
    this.show(zoomed(this.view, ZOOM_STEP ** 2, at, this.mostZoom));
  }

  /** A drag goes on beyond the window. */
  private press(event: PointerEvent): void {
    this.gestures.press(event);
    this.window.setPointerCapture(event.pointerId);
  }

  private hold(event: TouchEvent): void {
    if (event.cancelable && (event.touches.length > 1 || this.gestures.holds)) event.preventDefault();
  }

  private pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { columns, count } = this.grid;
    const steps: Partial<Record<string, number>> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
      Home: -this.place,
      End: count - 1 - this.place,
    };
    const factors: Partial<Record<string, number>> = { '+': ZOOM_STEP, '=': ZOOM_STEP, '-': 1 / ZOOM_STEP };
    const step = steps[event.key];
    const factor = factors[event.key];
    if (step !== undefined) {
      const place = this.place + step;
      if (place >= 0 && place < count) {
        this.take(place);
        this.show(revealing(this.view, partOf(this.grid, place)));
      }
    } else if (factor !== undefined) this.zoom(factor);
    else if (event.key === '0') this.show(WHOLE);
    else return;
    event.preventDefault();
  }

  /** Enlarges about the selected tile, as far as it is in sight. */
  zoom(factor: number): void {
    const { x, y, width, height } = partOf(this.grid, this.place);
    const { view } = this;
    const at = { x: (x + width / 2 - view.x) * view.zoom, y: (y + height / 2 - view.y) * view.zoom };
    const seen = Math.min(at.x, at.y) >= 0 && Math.max(at.x, at.y) <= 1;
    this.show(zoomed(view, factor, seen ? at : MIDDLE, this.mostZoom));
  }
}
