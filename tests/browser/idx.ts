// Small IDX files made in code: two zero bytes, type 08 (u8), dimensions, big-endian sizes, bytes.

/** A file as Playwright gives it to a page. */
export interface NamedFile {
  name: string;
  buffer: Buffer;
}

function idx(shape: readonly number[], byte: (i: number) => number): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  const length = shape.reduce((product, size) => product * size, 1);
  return Buffer.concat([header, Buffer.from(Uint8Array.from({ length }, (_, i) => byte(i)))]);
}

/** `n` images, each with a bright bar whose place and width depend on its number. */
export function images(n: number, height = 28, width = 28): Buffer {
  const size = height * width;
  return idx([n, height, width], (i) => {
    const image = Math.floor(i / size);
    const column = i % width;
    const from = (image * 7) % width;
    return column >= from && column < from + 2 + (image % 5) ? 255 - ((image * 31) % 100) : 0;
  });
}

/** Labels that count up from the first: 0, 1, … 9, 0, … */
export function labels(n: number, first = 0): Buffer {
  return idx([n], (i) => (first + i) % 10);
}
