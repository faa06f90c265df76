// A drawn digit as an image like MNIST's: its strokes fitted to a box of 20 × 20 pixels, anti-aliased, and put with
// their centre of mass at the middle of 28 × 28 (LeCun et al. 1998). Images of other sizes take the same shares.

import type { Image } from '../protocol';

/** In pixels of the image. */
export interface Point {
  x: number;
  y: number;
}
export type Stroke = readonly Point[];

export interface Size {
  width: number;
  height: number;
}

/** What is on the pad: an image that was loaded, strokes, or strokes on an image. */
export interface Drawing {
  base: Image | undefined;
  strokes: readonly Stroke[];
}

export const BLANK: Drawing = { base: undefined, strokes: [] };

/** MNIST's side and the side of its box. */
const SIDE = 28;
const BOX = 20;
/** Radius of the pen in pixels of MNIST: its lines are about 2.8 wide. */
const PEN = 1.4;
/** A small drawing is enlarged by so much at most: a dot stays a dot. */
const MOST_SCALE = 3;

function unit({ width, height }: Size): number {
  return Math.min(width, height) / SIDE;
}

/** Radius of the pen on images of a size. */
export function penRadius(size: Size): number {
  return PEN * unit(size);
}

/** The image that models are given. */
export function imageOf({ base, strokes }: Drawing, size: Size): Image {
  if (base === undefined) return strokes.length === 0 ? blank(size) : centred(strokes, size);
  const image = blank(size);
  image.set(base.subarray(0, image.length));
  // On an image that lies where it should, strokes stay where they were drawn.
  ink(image, strokes, size);
  return image;
}

function blank({ width, height }: Size): Image {
  return new Uint8ClampedArray(width * height);
}

function centred(strokes: readonly Stroke[], size: Size): Image {
  const fitted = moved(strokes, fit(strokes, size));
  const first = blank(size);
  ink(first, fitted, size);
  const mass = centreOfMass(first, size);
  const shift = within(fitted, { x: size.width / 2 - mass.x, y: size.height / 2 - mass.y }, size);
  const image = blank(size);
  ink(image, moved(fitted, { scale: 1, ...shift }), size);
  return image;
}

interface Placement extends Point {
  scale: number;
}

function moved(strokes: readonly Stroke[], { scale, x, y }: Placement): Stroke[] {
  return strokes.map((stroke) => stroke.map((point) => ({ x: point.x * scale + x, y: point.y * scale + y })));
}

/** Least and greatest coordinates. */
function boundsOf(strokes: readonly Stroke[]): { low: Point; high: Point } {
  const low = { x: Infinity, y: Infinity };
  const high = { x: -Infinity, y: -Infinity };
  for (const { x, y } of strokes.flat()) {
    low.x = Math.min(low.x, x);
    low.y = Math.min(low.y, y);
    high.x = Math.max(high.x, x);
    high.y = Math.max(high.y, y);
  }
  return { low, high };
}

/** Scales the strokes, pen and all, to the box, and puts its middle to the image's. */
function fit(strokes: readonly Stroke[], size: Size): Placement {
  const { low, high } = boundsOf(strokes);
  const extent = Math.max(high.x - low.x, high.y - low.y);
  const room = BOX * unit(size) - 2 * penRadius(size);
  const scale = extent > 0 ? Math.min(room / extent, MOST_SCALE) : 1;
  return {
    scale,
    x: size.width / 2 - (scale * (low.x + high.x)) / 2,
    y: size.height / 2 - (scale * (low.y + high.y)) / 2,
  };
}

/** A shift that leaves all strokes within the image. */
function within(strokes: readonly Stroke[], shift: Point, size: Size): Point {
  const { low, high } = boundsOf(strokes);
  const pen = penRadius(size);
  const clamp = (by: number, least: number, most: number): number => Math.max(Math.min(by, most), least);
  return {
    x: clamp(shift.x, pen - low.x, size.width - pen - high.x),
    y: clamp(shift.y, pen - low.y, size.height - pen - high.y),
  };
}

/** The centre of mass of an image, in pixels from its corner; of a blank image the middle. */
export function centreOfMass(image: Image, { width, height }: Size): Point {
  let mass = 0;
  let x = 0;
  let y = 0;
  image.forEach((value, i) => {
    mass += value;
    x += value * ((i % width) + 0.5);
    y += value * (Math.floor(i / width) + 0.5);
  });
  return mass > 0 ? { x: x / mass, y: y / mass } : { x: width / 2, y: height / 2 };
}

/** Draws strokes on an image; a pixel is covered as far as its centre lies within the pen's edge. */
function ink(image: Image, strokes: readonly Stroke[], size: Size): void {
  for (const stroke of strokes) {
    stroke.forEach((to, i) => inkSegment(image, stroke[Math.max(0, i - 1)] ?? to, to, size));
  }
}

function inkSegment(image: Image, from: Point, to: Point, size: Size): void {
  const { width, height } = size;
  const pen = penRadius(size);
  const reach = pen + 0.5;
  const range = (a: number, b: number, most: number): [number, number] => [
    Math.max(0, Math.floor(Math.min(a, b) - reach)),
    Math.min(most - 1, Math.ceil(Math.max(a, b) + reach)),
  ];
  const [left, right] = range(from.x, to.x, width);
  const [top, bottom] = range(from.y, to.y, height);
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const covered = Math.min(1, reach - distance({ x: x + 0.5, y: y + 0.5 }, from, to));
      const at = y * width + x;
      if (covered > 0) image[at] = Math.max(image[at] ?? 0, 255 * covered);
    }
  }
}

/** From a point to a segment. */
function distance(point: Point, from: Point, to: Point): number {
  const along = { x: to.x - from.x, y: to.y - from.y };
  const length = along.x ** 2 + along.y ** 2;
  const share = length > 0 ? ((point.x - from.x) * along.x + (point.y - from.y) * along.y) / length : 0;
  const at = Math.max(0, Math.min(1, share));
  return Math.hypot(point.x - from.x - at * along.x, point.y - from.y - at * along.y);
}
