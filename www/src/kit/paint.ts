// Painting bytes on canvases: one look-up per pixel, so that a page of filters takes about a millisecond.

/** Paints grey or signed bytes row by row into one tile of an image; `offset` is added to a byte to index `table`. */
export function paintTile(
  words: Uint32Array,
  stride: number,
  x: number,
  y: number,
  bytes: Int8Array | Uint8ClampedArray,
  width: number,
  table: Uint32Array,
  offset: number,
): void {
  for (let from = 0, to = y * stride + x; from < bytes.length; from += width, to += stride) {
    for (let i = 0; i < width; i++) words[to + i] = table[(bytes[from + i] ?? 0) + offset] ?? 0;
  }
}

/** Pixels of each canvas, kept: a mosaic is megabytes, and to collect one after each epoch takes time of the page. */
const images = new WeakMap<HTMLCanvasElement | OffscreenCanvas, ImageData>();

/** Sets the size of a canvas and fills it from `paint`, which writes RGBA words. */
export function paintCanvas(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  paint: (words: Uint32Array) => void,
): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext('2d');
  if (context) paintContext(context, paint);
}

/** Fills the whole canvas of a context from `paint`, which writes RGBA words. */
export function paintContext(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  paint: (words: Uint32Array, width: number, height: number) => void,
): void {
  const { canvas } = context;
  const { width, height } = canvas;
  if (width === 0 || height === 0) return;
  let image = images.get(canvas);
  if (image?.width !== width || image.height !== height) {
    image = context.createImageData(width, height);
    images.set(canvas, image);
  }
  const words = new Uint32Array(image.data.buffer);
  words.fill(0);
  paint(words, width, height);
  context.putImageData(image, 0, 0);
}

/** Bytes of signed pictures start at −127. */
export const SIGNED = 127;

/** What is on a canvas: the bytes, and the colours. */
interface Painted {
  buffer: ArrayBufferLike;
  from: number;
  table: Uint32Array;
}

const painted = new WeakMap<HTMLCanvasElement, Painted>();

/**
 * One picture on its own canvas. Bytes that are painted do not change after: a canvas that shows them in the same colours
 * is left alone, for to hand it to the screen anew costs more than to paint it.
 */
export function paintOne(
  canvas: HTMLCanvasElement,
  bytes: Int8Array | Uint8ClampedArray,
  width: number,
  height: number,
  table: Uint32Array,
): void {
  const { buffer, byteOffset: from } = bytes;
  const before = painted.get(canvas);
  if (before?.buffer === buffer && before.from === from && before.table === table) return;
  painted.set(canvas, { buffer, from, table });
  const offset = bytes instanceof Int8Array ? SIGNED : 0;
  paintCanvas(canvas, width, height, (words) => paintTile(words, width, 0, 0, bytes, width, table, offset));
}
