// The cells of one model on the plane: drawn on a stage that is dragged, zoomed and turned, with what lies under the
// pointer, or under the crosshair in its middle for the keyboard.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { ref } from 'lit/directives/ref.js';
import type { CsvTable } from '../../gallery/frame/export';
import { CanvasPainter, Ground, type Drawing } from '../../gallery/frame/painter';
import { View } from '../../gallery/frame/view';
import { count, measured } from '../../kit/format';
import { paintOne } from '../../kit/paint';
import { greyTable } from '../../kit/theme';
import { rangeOf } from './colouring';
import { Gestures, type Movable } from './gestures';
import { drawCrosshair, drawMoving, drawRows, drawSlice, hasJumps, nameOf } from './picture';
import { PictureElement } from './picture-element';
import type { NearRow, Shade, Window } from './protocol';
import './readout';
import { tableOf } from './table';

/** Pixels within which a row is under the pointer. */
const REACH = 9;

interface Place {
  x: number;
  y: number;
}

@customElement('explorer-view')
export class ExplorerView extends PictureElement implements Movable {
  static override styles = [
    PictureElement.styles,
    css`
      .stage {
        cursor: crosshair;
        touch-action: pan-y;
      }
      canvas.smooth {
        touch-action: pan-y;
      }
      .head {
        margin-bottom: 8px;
      }
      .near {
        position: absolute;
        left: 8px;
        top: 8px;
        display: flex;
        gap: 8px;
        align-items: center;
        max-width: calc(100% - 16px);
        padding: 6px 8px;
        border: 1px solid var(--line);
        border-radius: 6px;
        background: var(--panel);
        font-size: 0.8rem;
        pointer-events: none;
      }
      .near canvas {
        width: 56px;
        height: 56px;
        flex: none;
      }
    `,
  ];

  @state() private at: Place | undefined;
  @state() private hovered: NearRow | undefined;
  /** Where the reader has put the crosshair; the middle otherwise. */
  private resting: Place | undefined;
  private readTo = '';
  private readonly ground = new Ground();
  private readonly gestures = new Gestures(this, this);

  protected override readonly topics = ['change', 'slice'] as const;

  protected override firstUpdated(): void {
    // Passive listeners, as templates make them, could not keep the page from scrolling.
    this.stage?.addEventListener('wheel', this.gestures.onWheel, { passive: false });
  }

  // --- the window ---------------------------------------------------------------------------------------------------

  get window(): Window | undefined {
    return this.explorer.window;
  }

  get angles(): { turn: number; tilt: number } {
    const { turn, tilt } = this.explorer.state;
    return { turn, tilt };
  }

  override get view(): View {
    const { x, y, w } = this.window ?? { x: 0, y: 0, w: 1 };
    const h = w * this.explorer.shape;
    return new View([x - w / 2, y - h / 2, x + w / 2, y + h / 2], Math.max(1, this.width));
  }

  move(window: Window | undefined): void {
    this.resting = undefined;
    this.explorer.set({ window });
  }

  turnTo(angles: { turn: number; tilt: number }): void {
    const { window } = this;
    // The window stays as it is while the plane turns under it.
    this.explorer.set({ ...angles, ...(window ? { window } : {}) });
  }

  point(at: Place | undefined): void {
    this.at = at;
    this.hovered = at && this.rowAt(at);
  }

  put(at: Place): void {
    this.stage?.focus({ preventScroll: true });
    this.resting = at;
    this.hovered = this.rowAt(at);
    this.requestUpdate();
  }

  private rowAt({ x, y }: Place): NearRow | undefined {
    const reach = REACH / this.view.scale;
    const near = this.explorer.shown(this.model).slice?.near ?? [];
    return near.find((row) => Math.hypot(row.x - x, row.y - y) < reach);
  }

  /** The point that is read: under the pointer, where it was put, or in the middle. */
  private get place(): Place | undefined {
    return this.at ?? this.resting ?? this.window;
  }

  // --- drawing ------------------------------------------------------------------------------------------------------

  protected override updated(): void {
    super.updated();
    if (this.explorer.shown(this.model).slice && this.seen.visible) this.read();
  }

  /** Reads the point anew when it, the plane or the model is another. */
  private read(): void {
    const { explorer, model, place } = this;
    if (!place || explorer.isMoving) return;
    const { turn, tilt, plane, picks, directions } = explorer.state;
    const key = JSON.stringify([place.x, place.y, turn, tilt, plane, picks, directions, explorer.epochOf(model)]);
    if (key === this.readTo) return;
    this.readTo = key;
    explorer.read(model, place.x, place.y);
  }

  protected override draw(drawing: Drawing, live: boolean): void {
    const { slice } = this.explorer.shown(this.model);
    if (!slice) return;
    const { shade } = this.explorer.state;
    const { view, colours } = drawing;
    const { painter } = drawing;
    if (live && !hasJumps(slice) && painter instanceof CanvasPainter) drawMoving(drawing, painter, slice, shade);
    else {
      // At rest the cells stay as they are while the pointer moves over them.
      const key = [slice, shade, colours.panel, ...view.box];
      this.ground.paint(painter, key, (to) => drawSlice({ ...drawing, painter: to }, slice, shade));
    }
    drawRows(drawing, slice.near);
    const { place } = this;
    if (place && live) drawCrosshair(drawing, place);
  }

  protected override describe(): string {
    const { slice, readout } = this.explorer.shown(this.model);
    if (!slice) return 'No cells are drawn yet';
    const near = slice.near.slice(0, 3).map(nameOf).join(', ');
    const active = readout?.active.map(({ latent }) => latent).join(', ');
    return [
      `${count(slice.diagram.cells)} cells of ${this.explorer.titleOf(this.model)} on the plane`,
      near === '' ? '' : `near it the rows ${near}`,
      readout ? `at the crosshair latents ${active === '' ? 'none' : active} active` : '',
    ]
      .filter((part) => part !== '')
      .join('; ');
  }

  override render(): TemplateResult {
    const { explorer, model } = this;
    const { slice, readout, failure } = explorer.shown(model);
    return html`<div class="head">
        <h3><span class="chip ${model}">${explorer.titleOf(model)}</span></h3>
        <span class="small number muted" data-testid="cells"
          >${slice ? `${count(slice.diagram.cells)} cells` : ''}</span
        >
        ${this.menu.render()}
      </div>
      <div
        class="stage"
        tabindex="0"
        role="application"
        aria-roledescription="plane"
        aria-label="Cells of ${explorer.titleOf(model)}. Arrows pan, with Shift they turn, + and − zoom, Home shows all."
        data-testid="plane"
        @pointerdown=${this.gestures.onDown}
        @pointermove=${this.gestures.onMove}
        @pointerup=${this.gestures.onUp}
        @pointercancel=${this.gestures.onUp}
        @pointerleave=${this.gestures.onLeave}
        @keydown=${this.gestures.onKey}
      >
        ${this.picture()} ${this.rowNote()}
      </div>
      <div class="small muted note number">
        ${slice ? this.legend(explorer.state.shade) : 'The cells are being cut …'}
      </div>
      ${slice?.missing === undefined ? nothing : html`<p class="small note failure">${slice.missing}</p>`}
      ${failure === undefined ? nothing : html`<p class="small note failure" role="alert">${failure}</p>`}
      ${this.told === '' ? nothing : html`<p class="small note" role="status">${this.told}</p>`}
      <p class="hidden" aria-live="polite">${this.described}</p>
      <explorer-readout .explorer=${explorer} .model=${model} .readout=${readout}></explorer-readout>`;
  }

  /** The row under the pointer. */
  private rowNote(): TemplateResult | typeof nothing {
    const { hovered } = this;
    if (!hovered) return nothing;
    const row = this.explorer.thumbnail(this.model, hovered.row);
    const image = row?.pixels;
    const side = Math.round(Math.sqrt(row?.pixels?.length ?? 0));
    return html`<div class="near">
      ${
        image
          ? html`<canvas
              aria-hidden="true"
              ${ref((canvas) => {
                if (canvas instanceof HTMLCanvasElement)
                  paintOne(canvas, Uint8ClampedArray.from(image), side, side, greyTable());
              })}
            ></canvas>`
          : nothing
      }
      <span
        >${row?.token ? html`${row.token.before} <b>${row.token.token}</b> ${row.token.after}` : nameOf(hovered)}<br /><span
          class="muted number"
          >row ${count(hovered.number)}, ${measured(hovered.distance)} from the plane</span
        ></span
      >
    </div>`;
  }

  private legend(shade: Shade): TemplateResult {
    const { slice } = this.explorer.shown(this.model);
    const [low, high] = rangeOf(slice?.values ?? new Float64Array());
    const scale = `dark to light: ${measured(low)} to ${measured(high)}`;
    const colours = {
      identity: 'Colours tell neighbouring cells apart',
      leading: 'Colour: the leading latent, modulo 7; grey where none is active',
      l0: `Colour: active latents, ${scale}`,
      error: `Colour: mean squared error at the cell’s centre, ${scale}`,
    }[shade];
    return html`${colours}. Lines: the wider, the farther the reconstruction jumps. Dots: rows nearest to the plane.`;
  }

  // --- exports ------------------------------------------------------------------------------------------------------

  override readonly name = 'explorer';

  override get heading(): string {
    return `Cells of ${this.explorer.titleOf(this.model)}`;
  }

  override csv(): CsvTable {
    return tableOf(this.explorer.shown(this.model).slice, this.explorer.state.shade);
  }
}
