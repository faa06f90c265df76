// From a figure's own coordinates to the pixels of its stage and back; y points up in the figure, down on the stage.

/** x0, y0, x1, y1. */
export type Box = readonly [number, number, number, number];

export class View {
  /** Pixels for each unit of the figure. */
  readonly scale: number;

  /** The box fills the stage: `width` CSS pixels wide, and as high as the box's shape asks. */
  constructor(
    readonly box: Box,
    readonly width: number,
  ) {
    this.scale = width / (box[2] - box[0]);
  }

  get height(): number {
    return (this.box[3] - this.box[1]) * this.scale;
  }

  /** To pixels. */
  x(x: number): number {
    return (x - this.box[0]) * this.scale;
  }

  y(y: number): number {
    return (this.box[3] - y) * this.scale;
  }

  /** From pixels. */
  fromX(pixels: number): number {
    return this.box[0] + pixels / this.scale;
  }

  fromY(pixels: number): number {
    return this.box[3] - pixels / this.scale;
  }

  /** The nearest place within the box. */
  clamp(x: number, y: number): { x: number; y: number } {
    const [x0, y0, x1, y1] = this.box;
    return { x: Math.min(Math.max(x, x0), x1), y: Math.min(Math.max(y, y0), y1) };
  }

  /** Points x0 y0 x1 y1 … in pixels, those that `wanted` accepts. */
  places(at: Float64Array, wanted: (i: number) => boolean = () => true): number[] {
    const places: number[] = [];
    for (let i = 0; 2 * i < at.length; i++) {
      if (wanted(i)) places.push(this.x(at[2 * i] ?? 0), this.y(at[2 * i + 1] ?? 0));
    }
    return places;
  }
}
