// The frame that every figure of the gallery stands in. A figure is a Lit component:
//
//   @customElement('splinterp-my-figure')            // its title is in titles.ts, its file in ../registry.ts
//   export class MyFigure extends FigureElement<typeof table> {
//     readonly name = 'my-figure';
//     readonly table = table;                         // its state, as properties (../../kit/properties.ts)
//     protected claim() { return html`…`; }           // what it shows …
//     protected attempt() { return html`…`; }         // … and one thing to try
//     protected override controls() { … }             // made by controls.ts; a change calls this.set({ key: value })
//     protected override derive() { … }               // what follows from the state, once the wasm module is loaded
//     protected describe() { return '…'; }            // in words what is seen now: the picture's text alternative
//     protected draw({ painter, view, colours }) { … } // in CSS pixels of the stage, for the screen and every export
//     csv() { return { header, rows }; }
//     protected override tools() { … }                // controls under the picture, as SiteEditor.bar()
//     protected override overlay() { … }              // focusable elements over the picture, as SiteEditor makes them
//     protected override readonly box = [0, 0, 1.5, 1]; // its shape is that of the stage
//   }
//
// What the frame does: heading, export menu, state ↔ hash, drawing when the state, size, theme or device pixel ratio
// changes and only while on screen, `this.play` that ends off screen and jumps to its end where less motion is wanted.
// What `prepare`, `derive` and `draw` throw, and what `fail` is given, is shown with a button that tries again. A
// figure with a stage of its own (three.js) overrides `paint`.
//
// `set(changes, false)` while a thing is dragged and `set(changes)` when it is let go: only the latter makes an entry
// that Back returns to. A key that is held counts as one change, whatever `set` is told.

import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { again } from '../../kit/modules';
import { initialOf, parseState, writeState, type StateOf, type Table } from '../../kit/properties';
import { ThemeController } from '../../kit/theme';
import { VisibleController } from '../../kit/visible';
import { shared } from '../../kit/styles';
import { colourVariables, coloursOf } from './colours';
import { loadGeometry } from './diagram';
import { pageOf, type CsvTable, type Scheme } from './export';
import { ExportMenu, type Exported } from './export-menu';
import { HeldKey } from './keys';
import { reasonOf } from './notice';
import { CanvasPainter, pngOf, SvgPainter, type Drawing } from './painter';
import { figureStyles } from './styles';
import { titles, type FigureName } from './titles';
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

/** Quiet time after which the description follows the picture, in ms: not at every pixel of a drag. */
const DESCRIBE_AFTER = 700;

const calm = matchMedia('(prefers-reduced-motion: reduce)');

export abstract class FigureElement<T extends Table> extends LitElement implements Exported {
  static override styles = [shared, colourVariables, figureStyles];

  abstract readonly name: FigureName;
  abstract readonly table: T;
  readonly hasStill = true;
  /** The part of the plane on the stage, in the figure's own units. */
  protected readonly box: Box = [0, 0, 1.5, 1];

  /** Without a frame of its own, as it stands in other pages. */
  @property({ type: Boolean, reflect: true }) embedded = false;

  /** Whether `prepare` is through. */
  @state() protected ready = false;
  @state() private width = 0;
  /** The picture in words. */
  @state() private described = '';
  /** The same for those who listen: only what follows a change of theirs, and only once it has come to rest. */
  @state() private announced = '';
  /** Why the picture is not what it should be: what was thrown on the way to it, or told by `fail`. */
  private thrown = '';
  @state() private failed = '';
  /** What failed. */
  private cause: unknown;
  /** What the reader should know of an action: that a link is copied, that a part of a link was not understood. */
  @state() private note = '';
  @query('canvas') private readonly canvas!: HTMLCanvasElement | null;
  @query('.stage') private readonly stageElement!: HTMLElement;

  private current: StateOf<T> | undefined;
  private begun = false;
  private touched = false;
  private describing: ReturnType<typeof setTimeout> | undefined;
  private animation = 0;
  private readonly visibility = new VisibleController(this, () => this.onVisible());
  private readonly sizes = new ResizeObserver(([entry]) => (this.width = entry?.contentRect.width ?? this.width));
  private readonly menu = new ExportMenu(this);
  private readonly key = new HeldKey(this, () => this.dispatch(true));

  constructor() {
    super();
    new ThemeController(this, () => this.requestUpdate());
  }

  // --- what a figure says ---------------------------------------------------------------------------------------

  protected abstract claim(): TemplateResult;
  protected abstract attempt(): TemplateResult;
  protected abstract describe(): string;
  protected abstract draw(drawing: Drawing): void;
  abstract csv(): CsvTable;

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
    return loadGeometry();
  }

  protected derive(): void {
    // Most figures have something to derive, a few have not.
  }

  /** Called before another attempt after a failure: what was kept may be at fault. */
  protected forget(): void {
    // Nothing is kept here.
  }

  /** Whether the picture moves by itself now: nobody wants each of its moments read out. */
  protected get moving(): boolean {
    return this.animation !== 0;
  }

  get heading(): string {
    return titles[this.name];
  }

  // --- state ----------------------------------------------------------------------------------------------------

  get state(): StateOf<T> {
    return (this.current ??= initialOf(this.table));
  }

  set(changes: Partial<StateOf<T>>, settled = true): void {
    this.current = { ...this.state, ...changes };
    this.touched = true;
    [this.note, this.failed] = ['', ''];
    this.requestUpdate();
    this.dispatch(this.key.settles(settled));
  }

  private dispatch(settled: boolean): void {
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
    this.note = notes.length === 0 ? '' : `Parts of the link were not understood: ${notes.join('; ')}.`;
    this.requestUpdate();
  }

  /** The figure's page with its state of now. */
  linkIn(scheme: Scheme): string {
    return new URL(pageOf(this.name, this.hash, scheme), document.baseURI).href;
  }

  tell(note: string): void {
    this.note = note;
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
      this.animation = t < 1 ? requestAnimationFrame(frame) : 0;
      step(t);
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
    if (this.hasUpdated) this.sizes.observe(this.stageElement);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('resize', this.onRatio);
    this.sizes.disconnect();
    this.stop();
    clearTimeout(this.describing);
  }

  /** Zooming changes the device pixel ratio, and is told as a change of size. */
  private readonly onRatio = (): void => this.requestUpdate();

  private onVisible(): void {
    this.requestUpdate();
    if (!this.visibility.visible || this.begun) return;
    this.begun = true;
    this.prepare().then(
      () => (this.ready = true),
      (error: unknown) => this.fail(error),
    );
  }

  /** Shows an error to the reader, until the next change or attempt. */
  protected fail(error: unknown): void {
    this.failed = reasonOf(error);
    this.cause = error;
  }

  private retry(): void {
    this.failed = '';
    this.begun = this.ready;
    this.forget();
    this.onVisible();
    // The button is gone with the failure, and the focus must not go with it.
    this.stageElement.focus();
  }

  protected override willUpdate(): void {
    if (!this.ready) return;
    this.thrown = thrownBy(() => this.derive());
  }

  protected override firstUpdated(): void {
    this.sizes.observe(this.stageElement);
  }

  protected override updated(): void {
    if (!this.ready || !this.onScreen || this.width === 0) return;
    const thrown = thrownBy(() => this.paint(this.view));
    if (thrown !== '') this.failed = thrown;
    clearTimeout(this.describing);
    this.describing = setTimeout(() => this.putInWords(), DESCRIBE_AFTER);
  }

  private putInWords(): void {
    this.described = this.describe();
    if (!this.touched || this.moving) return;
    this.touched = false;
    this.announced = this.described;
  }

  /** The stage as it is now. */
  get view(): View {
    return new View(this.box, Math.max(this.width, 1));
  }

  /** Puts the picture on the stage. */
  protected paint(view: View): void {
    if (!this.canvas) return;
    const painter = new CanvasPainter(this.canvas, view.width, view.height, devicePixelRatio);
    this.draw({ painter, view, colours: coloursOf(this) });
  }

  // --- the frame ------------------------------------------------------------------------------------------------

  override render(): TemplateResult {
    const failure = this.failed || this.thrown;
    return html`<figure aria-labelledby="title">
      <div class="head">
        <h2 id="title">${this.heading}</h2>
        ${this.menu.render()}
      </div>
      <div class="controls" role="group" aria-label="Controls">${this.controls()}</div>
      <div role="alert">
        ${
          failure === ''
            ? nothing
            : html`<div class="failure">
                <p>${failure}</p>
                <button data-testid="retry" @click=${() => void again(this.cause, () => this.retry())}>
                  Try again
                </button>
              </div>`
        }
      </div>
      <div class="stage" tabindex="-1">${this.stage()}${this.overlay()}</div>
      ${this.tools()}
      <div class="readout number">${this.readout()}</div>
      <p class="note small" role="status" ?hidden=${this.note === ''} data-testid="note">${this.note}</p>
      <p class="hidden" aria-live="polite" data-testid="announced">${this.announced}</p>
      <figcaption><strong>${this.claim()}</strong> ${this.attempt()}</figcaption>
    </figure>`;
  }

  private stage(): TemplateResult {
    return html`<canvas
      class="smooth"
      role="img"
      aria-label=${this.described === '' ? `${this.heading}, not drawn yet` : this.described}
      width="1"
      height="1"
      .style=${`width: 100%; height: ${this.view.height}px`}
    ></canvas>`;
  }

  // --- exports --------------------------------------------------------------------------------------------------

  svg(): string {
    const { view } = this;
    const painter = new SvgPainter(view.width, view.height);
    const colours = coloursOf(this);
    this.draw({ painter, view, colours });
    return painter.document(this.heading, this.describe(), colours.panel);
  }

  png(): Promise<Blob> {
    const { view } = this;
    const colours = coloursOf(this);
    return pngOf(view.width, view.height, colours.panel, (painter) => this.draw({ painter, view, colours }));
  }
}

/** What it throws in words, nothing if it throws nothing. */
function thrownBy(work: () => void): string {
  try {
    work();
    return '';
  } catch (error) {
    return reasonOf(error);
  }
}
