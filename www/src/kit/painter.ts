// One way to draw for the screen and for every export: a picture traces paths with a pen, in CSS pixels of its stage,
// and a canvas or an SVG text takes them.

import { paintContext } from './paint';

/** What traces a path; a canvas context is one. */
export interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  closePath(): void;
  arc(x: number, y: number, radius: number, from: number, to: number): void;
}

export interface Style {
  fill?: string;
  stroke?: string;
  /** Of the stroke, in pixels; 1. */
  width?: number;
  /** Dash and gap, in pixels. */
  dash?: readonly number[];
  opacity?: number;
}

export interface TextStyle {
  fill: string;
  /** In pixels; 12. */
  size?: number;
  /** Where the text lies from its point; in the middle of it. */
  anchor?: 'start' | 'middle' | 'end';
  bold?: boolean;
  /** Colour of a rim around the letters, so that they are read on any ground. */
  halo?: string;
}

export interface Painter {
  readonly width: number;
  readonly height: number;
  path(style: Style, trace: (pen: Pen) => void): void;
  /** Circles of one radius around points x0 y0 x1 y1 …. */
  dots(style: Style, at: readonly number[], radius: number): void;
  text(x: number, y: number, text: string, style: TextStyle): void;
}

/** A whole circle, as a path of its own or a part of a longer one. */
export function circle(pen: Pen, x: number, y: number, radius: number): void {
  pen.moveTo(x + radius, y);
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.closePath();
}

/** A small upright cross. */
export function cross(pen: Pen, x: number, y: number, arm: number): void {
  pen.moveTo(x - arm, y);
  pen.lineTo(x + arm, y);
  pen.moveTo(x, y - arm);
  pen.lineTo(x, y + arm);
}

/** Letters of labels, on the canvas and in SVG. */
const FONT = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
const TEXT_SIZE = 12;
const HALO_WIDTH = 3;

/** Draws on a canvas; `ratio` device pixels make a CSS pixel. */
export class CanvasPainter implements Painter {
  private readonly context: CanvasRenderingContext2D;

  constructor(
    canvas: HTMLCanvasElement | OffscreenCanvas,
    readonly width: number,
    readonly height: number,
    readonly ratio: number,
  ) {
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w) canvas.width = w;
    if (canvas.height !== h) canvas.height = h;
    const context = canvas.getContext('2d');
    if (!context) throw new Error('this browser gives no 2d canvas: expected one to draw on');
    this.context = context as CanvasRenderingContext2D;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.lineJoin = 'round';
    this.context.clearRect(0, 0, width, height);
  }

  path(style: Style, trace: (pen: Pen) => void): void {
    this.dress(style);
    this.context.beginPath();
    trace(this.context);
    this.finish(style);
  }

  /** Each a path of its own: a thousand circles in one path took 10 ms in Chromium, one by one they take 0.2 ms. */
  dots(style: Style, at: readonly number[], radius: number): void {
    this.dress(style);
    for (let i = 0; i < at.length; i += 2) {
      this.context.beginPath();
      this.context.arc(at[i] ?? 0, at[i + 1] ?? 0, radius, 0, 2 * Math.PI);
      this.finish(style);
    }
  }

  private dress({ fill = 'none', stroke = 'none', width = 1, dash = [], opacity = 1 }: Style): void {
    const { context } = this;
    context.globalAlpha = opacity;
    context.fillStyle = fill;
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.setLineDash([...dash]);
  }

  private finish({ fill, stroke }: Style): void {
    if (fill !== undefined) this.context.fill();
    if (stroke !== undefined) this.context.stroke();
  }

  text(x: number, y: number, text: string, style: TextStyle): void {
    const { context } = this;
    const { fill, size = TEXT_SIZE, anchor = 'middle', bold = false, halo } = style;
    context.globalAlpha = 1;
    context.font = `${bold ? 'bold ' : ''}${size}px ${FONT}`;
    context.textAlign = anchor === 'middle' ? 'center' : anchor;
    context.textBaseline = 'middle';
    if (halo !== undefined) {
      context.setLineDash([]);
      context.strokeStyle = halo;
      context.lineWidth = HALO_WIDTH;
      context.strokeText(text, x, y);
    }
    context.fillStyle = fill;
    context.fillText(text, x, y);
  }

  /** Fills the whole stage from device pixels, RGBA words row by row. */
  pixels(paint: (words: Uint32Array, width: number, height: number) => void): void {
    paintContext(this.context, paint);
  }

  /** Lays an image over the whole stage. */
  image(image: CanvasImageSource): void {
    this.context.globalAlpha = 1;
    this.context.drawImage(image, 0, 0, this.width, this.height);
  }
}

/** Pixels of an exported picture for each CSS pixel. */
const PNG_RATIO = 2;

/** A picture as a PNG file, on a ground of one colour. */
export function pngOf(width: number, height: number, ground: string, draw: (painter: Painter) => void): Promise<Blob> {
  const canvas = new OffscreenCanvas(1, 1);
  const painter = new CanvasPainter(canvas, width, height, PNG_RATIO);
  painter.path({ fill: ground }, (pen) => {
    pen.moveTo(0, 0);
    pen.lineTo(width, 0);
    pen.lineTo(width, height);
    pen.lineTo(0, height);
  });
  draw(painter);
  return canvas.convertToBlob({ type: 'image/png' });
}

/** Shortest decimal of a pixel coordinate; a hundredth of a pixel is not seen. */
function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

class SvgPen implements Pen {
  readonly parts: string[] = [];

  moveTo(x: number, y: number): void {
    this.parts.push(`M${short(x)} ${short(y)}`);
  }

  lineTo(x: number, y: number): void {
    this.parts.push(`L${short(x)} ${short(y)}`);
  }

  closePath(): void {
    this.parts.push('Z');
  }

  /** SVG draws no whole circle in one arc, so every arc is two. */
  arc(x: number, y: number, radius: number, from: number, to: number): void {
    for (const angle of [(from + to) / 2, to]) {
      const [px, py] = [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
      const [large, sweep] = [Math.abs(to - from) > 2 * Math.PI ? 1 : 0, to > from ? 1 : 0];
      this.parts.push(`A${short(radius)} ${short(radius)} 0 ${large} ${sweep} ${short(px)} ${short(py)}`);
    }
  }
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => escapes[letter] ?? letter);
}

/** Collects the drawing as an SVG document. */
export class SvgPainter implements Painter {
  private readonly parts: string[] = [];

  constructor(
    readonly width: number,
    readonly height: number,
  ) {}

  path({ fill = 'none', stroke, width = 1, dash = [], opacity = 1 }: Style, trace: (pen: Pen) => void): void {
    const pen = new SvgPen();
    trace(pen);
    if (pen.parts.length === 0) return;
    const line =
      stroke === undefined ? '' : ` stroke="${escapeXml(stroke)}" stroke-width="${width}" stroke-linejoin="round"`;
    const dashes = dash.length === 0 ? '' : ` stroke-dasharray="${dash.join(' ')}"`;
    const veil = opacity === 1 ? '' : ` opacity="${short(opacity)}"`;
    this.parts.push(`<path d="${pen.parts.join('')}" fill="${escapeXml(fill)}"${line}${dashes}${veil}/>`);
  }

  dots(style: Style, at: readonly number[], radius: number): void {
    this.path(style, (pen) => {
      for (let i = 0; i < at.length; i += 2) circle(pen, at[i] ?? 0, at[i + 1] ?? 0, radius);
    });
  }

  text(x: number, y: number, text: string, style: TextStyle): void {
    const { fill, size = TEXT_SIZE, anchor = 'middle', bold = false, halo } = style;
    const weight = bold ? ' font-weight="bold"' : '';
    const rim =
      halo === undefined ? '' : ` stroke="${escapeXml(halo)}" stroke-width="${HALO_WIDTH}" paint-order="stroke"`;
    this.parts.push(
      `<text x="${short(x)}" y="${short(y)}" dy="0.35em" font-size="${size}" text-anchor="${anchor}"` +
        ` fill="${escapeXml(fill)}"${weight}${rim}>${escapeXml(text)}</text>`,
    );
  }

  /** The document, with a title and a description for those who do not see it. */
  document(title: string, description: string, ground: string): string {
    const size = `width="${short(this.width)}" height="${short(this.height)}"`;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${short(this.width)} ${short(this.height)}"`,
      ` font-family="${escapeXml(FONT)}" role="img"><title>${escapeXml(title)}</title>`,
      `<desc>${escapeXml(description)}</desc><rect width="100%" height="100%" fill="${escapeXml(ground)}"/>\n`,
      `${this.parts.join('\n')}\n</svg>\n`,
    ].join('');
  }
}

/** Keeps the costly part of a picture while what it shows stays the same. */
export class Ground {
  private canvas: OffscreenCanvas | undefined;
  private key: readonly unknown[] = [];

  /** Draws as `draw` does, or as it last did if nothing in `key` has changed; an export is always drawn anew. */
  paint(painter: Painter, key: readonly unknown[], draw: (painter: Painter) => void): void {
    if (!(painter instanceof CanvasPainter)) {
      draw(painter);
      return;
    }
    const { width, height, ratio } = painter;
    const now = [...key, width, height, ratio];
    if (!this.canvas || now.some((value, i) => value !== this.key[i])) {
      this.canvas ??= new OffscreenCanvas(1, 1);
      draw(new CanvasPainter(this.canvas, width, height, ratio));
      this.key = now;
    }
    painter.image(this.canvas);
  }
}
