// The pad that a digit is drawn on, by a mouse, a pen or a finger.

import { css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query } from 'lit/decorators.js';
import { inFrame } from '../../../kit/frames';
import { paintOne } from '../../../kit/paint';
import { shared } from '../../../kit/styles';
import { greyTable, ThemeController } from '../../../kit/theme';
import { MnistElement } from '../element';
import { penRadius, type Point } from './digit';

/** Pixels of the pad for one of the image: its lines look smooth. */
const FINE = 10;

@customElement('digit-pad')
export class DigitPad extends MnistElement {
  static override styles = [
    shared,
    css`
      canvas {
        width: 100%;
        aspect-ratio: var(--aspect, 1);
        border: 1px solid var(--field);
        border-radius: 7px;
        background: var(--well);
        cursor: crosshair;
        touch-action: none;
        image-rendering: auto;
      }
    `,
  ];

  protected override readonly topics = ['change', 'drawing'];
  @query('canvas') private readonly pad!: HTMLCanvasElement;
  private readonly base = document.createElement('canvas');
  /** The pointer that draws. */
  private pen: number | undefined;
  private drawn: unknown;

  constructor() {
    super();
    new ThemeController(this, () => inFrame(this, () => this.paint()));
  }

  override render(): TemplateResult {
    const { width, height } = this.lab.drawing.size;
    return html`<canvas
      role="img"
      aria-label=${this.lab.drawing.isBlank ? 'Pad: draw a digit here' : 'Pad with your drawing'}
      width=${width * FINE}
      height=${height * FINE}
      .style=${`--aspect: ${width} / ${height}`}
      @pointerdown=${this.onDown}
      @pointermove=${this.onMove}
      @pointerup=${this.onUp}
      @pointercancel=${this.onUp}
    ></canvas>`;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const { shown } = this.lab.drawing;
    if (this.drawn === shown) return;
    this.drawn = shown;
    inFrame(this, () => this.paint());
  }

  private at(event: PointerEvent): Point {
    const { left, top, width, height } = this.pad.getBoundingClientRect();
    const { size } = this.lab.drawing;
    return { x: ((event.clientX - left) / width) * size.width, y: ((event.clientY - top) / height) * size.height };
  }

  private readonly onDown = (event: PointerEvent): void => {
    if (this.pen !== undefined || event.button !== 0) return;
    event.preventDefault();
    this.pen = event.pointerId;
    this.pad.setPointerCapture(event.pointerId);
    this.lab.drawing.begin(this.at(event));
  };

  private readonly onMove = (event: PointerEvent): void => {
    if (event.pointerId !== this.pen) return;
    // A frame may bring several positions; all of them are on the stroke. Only a secure context tells of them.
    const moves = 'getCoalescedEvents' in event ? event.getCoalescedEvents() : [];
    this.lab.drawing.extend((moves.length > 0 ? moves : [event]).map((move) => this.at(move)));
  };

  private readonly onUp = (event: PointerEvent): void => {
    if (event.pointerId === this.pen) this.pen = undefined;
  };

  private paint(): void {
    const context = this.pad.getContext('2d');
    if (!context) return;
    const { shown, size } = this.lab.drawing;
    context.clearRect(0, 0, this.pad.width, this.pad.height);
    if (shown.base) {
      paintOne(this.base, shown.base, size.width, size.height, greyTable());
      context.imageSmoothingEnabled = false;
      context.drawImage(this.base, 0, 0, this.pad.width, this.pad.height);
    }
    context.strokeStyle = getComputedStyle(this).color;
    context.lineWidth = 2 * penRadius(size) * FINE;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    for (const stroke of shown.strokes) {
      context.beginPath();
      // A line of no length is a dot, by its caps.
      stroke.forEach(({ x, y }, i) => context[i === 0 ? 'moveTo' : 'lineTo'](x * FINE, y * FINE));
      const [first] = stroke;
      if (first && stroke.length === 1) context.lineTo(first.x * FINE, first.y * FINE);
      context.stroke();
    }
  }
}
