// Frames of LZ4, in which Arrow packs buffers, and their blocks, in which Parquet packs pages: they may refer to the bytes
// before them, into a buffer of known size. Packages either take blocks alone or write past a damaged one's end. Checksums
// are passed over: the file's own checks, offsets and lengths, follow.
// https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md

const MAGIC = 0x184d2204;
const VERSION = 0b01;
const RAW_BLOCK = 0x80000000;
/** A match is never shorter. */
const SHORTEST = 4;

/** The frame's content, which must be of exactly that size. */
export function unpackLz4(frame: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const out = new Uint8Array(size);
  const flags = view.getUint8(4);
  if (view.getUint32(0, true) !== MAGIC || flags >> 6 !== VERSION) throw new Error('it is no frame of LZ4');
  if (flags & 0b1) throw new Error('it needs a dictionary');
  const [blockSums, hasSize] = [(flags & 0b10000) !== 0, (flags & 0b1000) !== 0];
  // Magic, flags, block size, and a byte that checks them.
  let at = 4 + 2 + (hasSize ? 8 : 0) + 1;
  let done = 0;
  for (;;) {
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const length = word & ~RAW_BLOCK;
    const block = frame.subarray(at, at + length);
    if (block.length < length) throw new Error(`a block of ${length} bytes reaches beyond its end`);
    if (word & RAW_BLOCK) {
      if (length > size - done) throw new Error(`it holds more than ${size} bytes`);
      out.set(block, done);
      done += length;
    } else done = unpackBlock(block, out, done);
    at += length + (blockSums ? 4 : 0);
  }
  if (done !== size) throw new Error(`it holds ${done} bytes, expected ${size}`);
  return out;
}

/** Sequences of literals and of matches with what was written before; where the next block goes on. */
export function unpackBlock(block: Uint8Array, out: Uint8Array, from: number): number {
  let [at, to] = [0, from];
  /** A length of four bits goes on in further bytes. */
  const lengthOf = (bits: number): number => {
    let length = bits;
    for (let more = bits === 15 ? 255 : 0; more === 255;) {
      if (at >= block.length) throw new Error('a block ends within a length');
      more = block[at++] ?? 0;
      length += more;
    }
    return length;
  };
  while (at < block.length) {
    const token = block[at++] ?? 0;
    const literals = lengthOf(token >> 4);
    if (literals > block.length - at || literals > out.length - to) throw new Error('a block has too many literals');
    out.set(block.subarray(at, at + literals), to);
    [at, to] = [at + literals, to + literals];
    // The last sequence has no match.
    if (at === block.length) return to;
    const distance = (block[at] ?? 0) | ((block[at + 1] ?? 0) << 8);
    at += 2;
    const length = lengthOf(token & 15) + SHORTEST;
    if (distance === 0 || distance > to) throw new Error(`a match lies ${distance} bytes back, at byte ${to}`);
    if (length > out.length - to) throw new Error(`a match of ${length} bytes reaches beyond the end`);
    if (distance >= length) out.copyWithin(to, to - distance, to - distance + length);
    // It repeats what it has just written.
    else for (let i = 0; i < length; i++) out[to + i] = out[to + i - distance] ?? 0;
    to += length;
  }
  return to;
}
