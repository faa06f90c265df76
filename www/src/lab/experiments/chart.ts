// An experiment's picture on the screen: a canvas that fills its place, and the same picture as SVG and PNG.

import { css, html, LitElement, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { inFrame } from '../../kit/frames';
import { CanvasPainter, pngOf, SvgPainter } from '../../kit/painter';
import { shared } from '../../kit/styles';
import { plainColour, plainColours, ThemeController } from '../../kit/theme';
import { drawPicture, type Picture, type PictureColours } from './picture';

const HEIGHT = 340;
/** Of what is exported, whatever the window. */
const EXPORT_WIDTH = 860;
const EXPORT_HEIGHT = 420;

@customElement('experiment-chart')
export class ExperimentChart extends LitElement {
  static override styles = [
    shared,
    css`
      canvas {
        width: 100%;
        height: ${HEIGHT}px;
        image-rendering: auto;
      }
    `,
  ];

  @property({ attribute: false }) picture!: Picture;
  /** What the picture shows, in words. */
  @property() text = '';
  @query('canvas') private readonly canvas!: HTMLCanvasElement;
  private readonly resized = new ResizeObserver(() => inFrame(this, () => this.draw()));

  constructor() {
    super();
    new ThemeController(this, () => inFrame(this, () => this.draw()));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.resized.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resized.disconnect();
  }

  override render(): TemplateResult {
    return html`<canvas role="img" aria-label=${this.text} data-testid="experiment-chart"></canvas>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('picture')) inFrame(this, () => this.draw());
  }

  private get colours(): PictureColours {
    const [ink = '', muted = '', line = ''] = plainColours(this, ['--ink', '--muted', '--line']);
    return { ink, muted, line, run: (name) => plainColour(this, `--${name}`) };
  }

  private draw(): void {
    const { canvas } = this;
    if (canvas.clientWidth === 0) return;
    drawPicture(new CanvasPainter(canvas, canvas.clientWidth, HEIGHT, devicePixelRatio), this.picture, this.colours);
  }

  svg(title: string): string {
    const painter = new SvgPainter(EXPORT_WIDTH, EXPORT_HEIGHT);
    drawPicture(painter, this.picture, this.colours);
    return painter.document(title, this.text, plainColour(this, '--panel'));
  }

  png(): Promise<Blob> {
    return pngOf(EXPORT_WIDTH, EXPORT_HEIGHT, plainColour(this, '--panel'), (painter) =>
      drawPicture(painter, this.picture, this.colours),
    );
  }
}
