// The frame that every figure of the gallery stands in. A figure is a Lit component:
//
//   @customElement('splinterp-my-figure')            // registered in ../registry.ts under 'my-figure'
//   export class MyFigure extends FigureElement<typeof table> {
//     protected readonly name = 'my-figure';
//     readonly table = table;                         // its state, as properties (../../kit/properties.ts)
//     protected claim() { return html`…`; }           // what it shows …
//     protected attempt() { return html`…`; }         // … and one thing to try
//     protected override controls() { … }             // native controls; a change calls this.set({ key: value })
//     protected describe() { return '…'; }            // in words what is seen now: read out, and the picture's text
//     protected draw(painter, view, colours) { … }    // in CSS pixels of the stage, for the screen and every export
//     protected csv() { return { header, rows }; }
//     protected override tools() { … }                // controls under the picture, as SiteEditor.bar()
//     protected override overlay() { … }              // focusable elements over the picture, as SiteEditor makes them
//     protected override readonly box = [0, 0, 1.5, 1]; // its shape is that of the stage
//     protected override prepare() { … }              // awaited before the first drawing, to load the wasm module, say
//   }
//
// What the frame does: heading, export menu (SVG, PNG, CSV, link, code to embed), state ↔ hash, drawing when the
// state, size, theme or device pixel ratio changes and only while on screen, `this.play` that ends off screen
// and jumps to its end where less motion is wanted, failures shown as a sentence. A figure with a stage of its own
// (three.js) overrides `stage()` and `paint()`, and `draw` for the SVG.
//
// `set(changes, false)` while a thing is dragged and `set(changes)` when it is let go: only the latter makes an entry
// that Back returns to. Derive what is costly in `willUpdate`, where `this.ready` tells whether `prepare` is through.

import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { download } from '../../kit/download';
import { initialOf, parseState, writeState, type StateOf, type Table } from '../../kit/properties';
import { ThemeController } from '../../kit/theme';
import { VisibleController } from '../../kit/visible';
import { shared } from '../../kit/styles';
import { entryOf, pageOf } from '../registry';
import { colourVariables, coloursOf, type Colours } from './colours';
import { csvText, embedCode, type CsvTable } from './export';
import { CanvasPainter, SvgPainter, type Painter } from './painter';
import { figureStyles } from './styles';
import { View, type Box } from './view';

/** Tells the page that the figure's state is another; it bubbles out of the figure. */
export class FigureStateEvent extends Event {
  static readonly type = 'figure-state';

  constructor(
    readonly figure: string,
    readonly hash: string,
    /** Whether the change is done, so that Back may return to the state before it. */
    readonly settled: boolean,
  ) {
    super(FigureStateEvent.type, { bubbles: true, composed: true });
  }
}

declare global {
  interface HTMLElementEventMap {
    'figure-state': FigureStateEvent;
  }
}

/** Quiet time after which the description is read out, in ms: not at every pixel of a drag. */
const SPEAK_AFTER = 700;

/** Pixels of an exported picture for each CSS pixel. */
const PNG_RATIO = 2;

const calm = matchMedia('(prefers-reduced-motion: reduce)');

export abstract class FigureElement<T extends Table> extends LitElement {
  static override styles = [shared, colourVariables, figureStyles];

  /** Name in the registry. */
  protected abstract readonly name: string;
  abstract readonly table: T;
  /** The part of the plane on the stage, in the figure's own units. */
  protected readonly box: Box = [0, 0, 1.5, 1];

  /** Without a frame of its own, as it stands in other pages. */
  @property({ type: Boolean, reflect: true }) embedded = false;

  /** Whether `prepare` is through. */
  @state() protected ready = false;
  @state() private width = 0;
  @state() private spoken = '';
  @state() private failure = '';
  /** What the reader should know of an action: that a link is copied, that a part of a link was not understood. */
  @state() private note = '';
  @query('canvas') private readonly canvas!: HTMLCanvasElement | null;
  @query('.stage') private readonly stageElement!: HTMLElement;

  private current: StateOf<T> | undefined;
  private begun = false;
  private speaking: ReturnType<typeof setTimeout> | undefined;
  private animation = 0;
  private readonly visibility = new VisibleController(this, () => this.onVisible());
  private readonly sizes = new ResizeObserver(([entry]) => (this.width = entry?.contentRect.width ?? this.width));

  constructor() {
    super();
    new ThemeController(this, () => this.requestUpdate());
  }

  // --- what a figure says ---------------------------------------------------------------------------------------

  protected abstract claim(): TemplateResult;
  protected abstract attempt(): TemplateResult;
  protected abstract describe(): string;
  protected abstract draw(painter: Painter, view: View, colours: Colours): void;
  protected abstract csv(): CsvTable;

  protected controls(): TemplateResult | typeof nothing {
    return nothing;
  }

  protected overlay(): TemplateResult | typeof nothing {
    return nothing;
  }

  /** Controls under the picture, for those that come and go: the picture must not move under a finger. */
  protected tools(): TemplateResult | typeof nothing {
    return nothing;
  }

  /** Numbers and legends under the picture, made from the data. */
  protected readout(): TemplateResult | typeof nothing {
    return nothing;
  }

  protected prepare(): Promise<void> {
    return Promise.resolve();
  }

  // --- state ----------------------------------------------------------------------------------------------------

  get state(): StateOf<T> {
    return (this.current ??= initialOf(this.table));
  }

  set(changes: Partial<StateOf<T>>, settled = true): void {
    this.current = { ...this.state, ...changes };
    this.note = '';
    this.requestUpdate();
    this.dispatchEvent(new FigureStateEvent(this.name, this.hash, settled));
  }

  /** The state as a link holds it. */
  get hash(): string {
    return writeState(this.table, this.state);
  }

  /** Takes the state of a link; what it does not understand keeps its default and is told. */
  restore(hash: string): void {
    const { state, notes } = parseState(this.table, hash);
    this.current = state;
    this.note = notes.length === 0 ? '' : `The link was not understood in full: ${notes.join('; ')}.`;
    this.requestUpdate();
  }

  /** The figure's page with its state of now. */
  get link(): string {
    return new URL(pageOf(this.name, this.hash), document.baseURI).href;
  }

  // --- time -----------------------------------------------------------------------------------------------------

  protected get onScreen(): boolean {
    return this.visibility.visible;
  }

  /** Whether less motion is wanted. */
  protected get calm(): boolean {
    return calm.matches;
  }

  /** Calls `step` with 0 … 1 over `seconds`, a frame at a time; with 1 at once where less motion is wanted. */
  protected play(seconds: number, step: (t: number) => void): void {
    this.stop();
    if (this.calm || !this.onScreen) {
      step(1);
      return;
    }
    let start: number | undefined;
    const frame = (now: number): void => {
      start ??= now;
      const t = this.onScreen ? Math.min(1, (now - start) / (1000 * seconds)) : 1;
      step(t);
      this.animation = t < 1 ? requestAnimationFrame(frame) : 0;
    };
    this.animation = requestAnimationFrame(frame);
  }

  protected stop(): void {
    cancelAnimationFrame(this.animation);
    this.animation = 0;
  }

  // --- life -----------------------------------------------------------------------------------------------------

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('resize', this.onRatio);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('resize', this.onRatio);
    this.sizes.disconnect();
    this.stop();
    clearTimeout(this.speaking);
  }

  /** Zooming changes the device pixel ratio, and is told as a change of size. */
  private readonly onRatio = (): void => this.requestUpdate();

  private onVisible(): void {
    this.requestUpdate();
    if (this.begun || !this.visibility.visible) return;
    this.begun = true;
    this.prepare().then(
      () => (this.ready = true),
      (error: unknown) => this.fail(error),
    );
  }

  protected override firstUpdated(): void {
    this.sizes.observe(this.stageElement);
  }

  protected override updated(): void {
    if (!this.ready || !this.onScreen || this.width === 0) return;
    try {
      this.paint(this.view);
    } catch (error) {
      this.fail(error);
    }
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => (this.spoken = this.describe()), SPEAK_AFTER);
  }

  /** The stage as it is now. */
  get view(): View {
    return new View(this.box, Math.max(this.width, 1));
  }

  /** Puts the picture on the stage. */
  protected paint(view: View): void {
    if (!this.canvas) return;
    this.draw(new CanvasPainter(this.canvas, view.width, view.height, devicePixelRatio), view, coloursOf(this));
  }

  /** Shows an error to the reader until `mended`. */
  protected fail(error: unknown): void {
    this.failure = error instanceof Error ? error.message : String(error);
  }

  protected mended(): void {
    this.failure = '';
  }

  // --- the frame ------------------------------------------------------------------------------------------------

  override render(): TemplateResult {
    return html`<figure aria-labelledby="title">
      <div class="head">
        <h2 id="title">${entryOf(this.name)?.title}</h2>
        ${this.menu()}
      </div>
      <div class="controls" role="group" aria-label="Controls">${this.controls()}</div>
      ${this.failure === '' ? nothing : html`<p class="failure" role="alert">${this.failure}</p>`}
      <div class="stage">${this.stage()}${this.overlay()}</div>
      ${this.tools()}
      <div class="readout number">${this.readout()}</div>
      <p class="note small" role="status" ?hidden=${this.note === ''} data-testid="note">${this.note}</p>
      <p class="hidden" aria-live="polite" data-testid="spoken">${this.spoken}</p>
      <figcaption><strong>${this.claim()}</strong> ${this.attempt()}</figcaption>
    </figure>`;
  }

  protected stage(): TemplateResult {
    return html`<canvas
      class="smooth"
      role="img"
      aria-label=${this.spoken === '' ? `${entryOf(this.name)?.title ?? ''}, not drawn yet` : this.spoken}
      width="1"
      height="1"
      .style=${`width: 100%; height: ${this.view.height}px`}
    ></canvas>`;
  }

  private menu(): TemplateResult {
    return html`<details class="menu" @keydown=${this.onMenuKey} @focusout=${this.onMenuLeft}>
      <summary>Export</summary>
      <div class="sheet">
        <div class="row" role="group" aria-label="Export">
          <button data-testid="svg" @click=${() => this.exportSvg()}>SVG</button>
          <button data-testid="png" @click=${() => void this.exportPng()}>PNG</button>
          <button data-testid="csv" @click=${() => this.exportCsv()}>CSV</button>
          <button data-testid="link" @click=${() => void this.copy(this.link, 'The link is copied.')}>Copy link</button>
        </div>
        <label for="embed">Embed it in a page of yours:</label>
        <textarea id="embed" readonly rows="5" spellcheck="false" .value=${this.code}></textarea>
        <button data-testid="embed" @click=${() => void this.copy(this.code, 'The code is copied.')}>Copy code</button>
      </div>
    </details>`;
  }

  private get code(): string {
    return embedCode(this.name, entryOf(this.name)?.title ?? this.name, this.link, Math.round(this.offsetHeight));
  }

  private readonly onMenuKey = (event: KeyboardEvent): void => {
    const menu = event.currentTarget as HTMLDetailsElement;
    if (event.key !== 'Escape' || !menu.open) return;
    menu.open = false;
    menu.querySelector('summary')?.focus();
  };

  private readonly onMenuLeft = (event: FocusEvent): void => {
    const menu = event.currentTarget as HTMLDetailsElement;
    if (event.relatedTarget && !menu.contains(event.relatedTarget as Node)) menu.open = false;
  };

  // --- exports --------------------------------------------------------------------------------------------------

  protected svg(): string {
    const painter = new SvgPainter(this.view.width, this.view.height);
    const colours = coloursOf(this);
    this.draw(painter, this.view, colours);
    return painter.document(entryOf(this.name)?.title ?? this.name, this.describe(), colours.panel);
  }

  protected png(): Promise<Blob> {
    const { width, height } = this.view;
    const canvas = new OffscreenCanvas(1, 1);
    const painter = new CanvasPainter(canvas, width, height, PNG_RATIO);
    const colours = coloursOf(this);
    painter.path({ fill: colours.panel }, (pen) => {
      pen.moveTo(0, 0);
      pen.lineTo(width, 0);
      pen.lineTo(width, height);
      pen.lineTo(0, height);
    });
    this.draw(painter, this.view, colours);
    return canvas.convertToBlob({ type: 'image/png' });
  }

  private exportSvg(): void {
    download(`${this.name}.svg`, new Blob([this.svg()], { type: 'image/svg+xml' }));
  }

  private async exportPng(): Promise<void> {
    try {
      download(`${this.name}.png`, await this.png());
    } catch (error) {
      this.fail(error);
    }
  }

  private exportCsv(): void {
    download(`${this.name}.csv`, new Blob([csvText(this.csv())], { type: 'text/csv' }));
  }

  /** A page that may not use the clipboard (an embedded one, often) shows the text instead. */
  private async copy(text: string, done: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.note = done;
    } catch {
      this.note = `The clipboard is out of reach here; copy this by hand: ${text}`;
    }
  }
}

/** Whether what a figure derives from `before` must be derived anew from `now`: compared one by one. */
export function changed(before: readonly unknown[], now: readonly unknown[]): boolean {
  return before.length !== now.length || now.some((value, i) => value !== before[i]);
}
