// Base of the explorer's pictures: a canvas as wide as its place, drawn anew when what it shows, its width or the
// colours change, described in words, and given away as SVG, PNG, CSV or a link.

import { css, html, type CSSResultGroup, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { colourVariables, coloursOf, type Colours } from '../../gallery/frame/colours';
import { pageOf, type CsvTable, type Scheme } from '../../gallery/frame/export';
import { ExportMenu, type Exported } from '../../gallery/frame/export-menu';
import { CanvasPainter, pngOf, SvgPainter, type Drawing } from '../../gallery/frame/painter';
import { figureStyles } from '../../gallery/frame/styles';
import type { View } from '../../gallery/frame/view';
import { shared } from '../../kit/styles';
import { ThemeController } from '../../kit/theme';
import { VisibleController } from '../../kit/visible';
import { ExplorerElement } from './element';

/** Quiet time after which the description follows the picture, in ms. */
const DESCRIBE_AFTER = 700;

export abstract class PictureElement extends ExplorerElement implements Exported {
  static override styles: CSSResultGroup = [
    shared,
    colourVariables,
    figureStyles,
    css`
      canvas.smooth {
        width: 100%;
      }
      .note {
        margin: 8px 0 0;
      }
      .failure {
        color: var(--alert);
      }
    `,
  ];

  /** In file names. */
  abstract readonly name: string;
  readonly hasStill = false;
  abstract get heading(): string;
  /** The picture in words. */
  protected abstract describe(): string;
  /** `live`: on the page, not in a file. */
  protected abstract draw(drawing: Drawing, live: boolean): void;
  abstract csv(): CsvTable;
  abstract get view(): View;

  /** Of the picture in a file, which must say what the page says around the picture. */
  protected get fileView(): View {
    return this.view;
  }

  /** Name of the model that it shows. */
  @property() model = '';
  @state() protected width = 0;
  @state() protected described = '';
  @state() protected told = '';
  @query('canvas.smooth') private readonly canvas!: HTMLCanvasElement | null;
  @query('.stage') protected readonly stage!: HTMLElement | null;
  private observed: Element | undefined;
  private describing: ReturnType<typeof setTimeout> | undefined;
  protected readonly seen = new VisibleController(this, () => this.requestUpdate());
  private readonly sizes = new ResizeObserver(([entry]) => (this.width = entry?.contentRect.width ?? this.width));
  protected readonly menu = new ExportMenu(this);

  /** Read once: to ask for them at each frame of a plane that moves takes as long as to draw its cells. */
  private known: Colours | undefined;

  constructor() {
    super();
    new ThemeController(this, () => {
      this.known = undefined;
      this.requestUpdate();
    });
  }

  private get colours(): Colours {
    return (this.known ??= coloursOf(this));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.describing);
    this.sizes.disconnect();
    this.observed = undefined;
  }

  protected override updated(): void {
    const { canvas, stage, view } = this;
    if (stage && this.observed !== stage) {
      this.sizes.disconnect();
      this.sizes.observe(stage);
      this.observed = stage;
    }
    if (!canvas || this.width === 0 || !this.seen.visible) return;
    const painter = new CanvasPainter(canvas, view.width, view.height, devicePixelRatio);
    this.draw({ painter, view, colours: this.colours }, true);
    clearTimeout(this.describing);
    this.describing = setTimeout(() => (this.described = this.describe()), DESCRIBE_AFTER);
  }

  /** The canvas, as high as the view. */
  protected picture(): TemplateResult {
    return html`<canvas
      class="smooth"
      role="img"
      aria-label=${this.described || 'Not drawn yet'}
      .style=${`height: ${this.view.height}px`}
    ></canvas>`;
  }

  /** The explorer alone, with its state of now. */
  linkIn(scheme: Scheme): string {
    return new URL(pageOf('explorer', new URL(this.explorer.host.link()).hash.slice(1), scheme), document.baseURI).href;
  }

  tell(note: string): void {
    this.told = note;
  }

  svg(): string {
    const { fileView: view, colours } = this;
    const painter = new SvgPainter(view.width, view.height);
    this.draw({ painter, view, colours }, false);
    return painter.document(this.heading, this.describe(), colours.panel);
  }

  png(): Promise<Blob> {
    const { fileView: view, colours } = this;
    return pngOf(view.width, view.height, colours.panel, (painter) => this.draw({ painter, view, colours }, false));
  }
}
