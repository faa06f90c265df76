// What pages of Parquet and buffers of Arrow are packed with. Each unpacks into a buffer of the size that its file claims
// and fails where the content is of another; how much a file may claim, `mayUnpackTo` says before that buffer is made.

import { gunzipSync } from 'fflate';
import { decompressSnappy, decompressZstd } from 'hyparquet-compressors';
import { unpackBlock, unpackLz4 } from './lz4';

export type Bytes = Uint8Array<ArrayBuffer>;

/** The content of packed bytes, which must be of exactly that size. */
type Unpack = (packed: Uint8Array, size: number) => Uint8Array;

/** So many bytes may be made of however few. */
const ALWAYS = 2 ** 26;
/** Beyond that, of one packed byte. Rows of numbers halve at best; Deflate can do no more. */
const MOST_OF_A_BYTE = 1024;

/** Whether to believe that so few packed bytes hold so many. */
export function mayUnpackTo(packed: number, size: number): boolean {
  return size <= ALWAYS || size <= MOST_OF_A_BYTE * packed;
}

/** Into a buffer of that size; a frame that holds less would leave zeros there. */
export const unpackZstd: Unpack = (frame, size) => {
  const held = zstdSize(frame);
  if (held !== undefined && held !== BigInt(size)) throw new Error(`it holds ${held} bytes, expected ${size}`);
  return ofSize(decompressZstd(frame, new Uint8Array(size)), size);
};

/** The size of its content that a frame of ZSTD tells in its header, if it does (RFC 8878, 3.1.1.1). */
function zstdSize(frame: Uint8Array): bigint | undefined {
  const flags = frame[4] ?? 0;
  const single = (flags & 0b100000) !== 0;
  const bytes = [single ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0;
  const from = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][flags & 0b11] ?? 0);
  if (bytes === 0 || from + bytes > frame.length) return undefined;
  const size = frame.slice(from, from + bytes).reduceRight((all, byte) => (all << 8n) | BigInt(byte), 0n);
  return bytes === 2 ? size + 256n : size;
}

export { unpackLz4 };

/** The codecs of Parquet by their names in its footer. */
export const UNPACK_PAGE: Readonly<Partial<Record<string, Unpack>>> = {
  UNCOMPRESSED: ofSize,
  SNAPPY: unpackSnappy,
  GZIP: unpackGzip,
  LZ4: unpackHadoop,
  LZ4_RAW: unpackRaw,
  ZSTD: unpackZstd,
};

function ofSize(content: Uint8Array, size: number): Uint8Array {
  if (content.length !== size) throw new Error(`it holds ${content.length} bytes, expected ${size}`);
  return content;
}

/** A member of gzip ends with the size of its content. */
function unpackGzip(packed: Uint8Array, size: number): Uint8Array {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const held = view.getUint32(packed.length - 4, true);
  if (held !== size) throw new Error(`it holds ${held} bytes, expected ${size}`);
  return ofSize(gunzipSync(packed, { out: new Uint8Array(size) }), size);
}

/** The decoder writes as many bytes as the block says that it holds, into a memory made for `size`. */
function unpackSnappy(packed: Uint8Array, size: number): Uint8Array {
  let held = 0;
  // A varint of at most 32 bits.
  for (let [at, byte] = [0, 0x80]; byte & 0x80; at++) {
    byte = at < 5 ? (packed[at] ?? 0x100) : 0x100;
    if (byte > 0xff) throw new Error('it does not begin with its size');
    held += (byte & 0x7f) * 2 ** (7 * at);
  }
  if (held !== size) throw new Error(`it holds ${held} bytes, expected ${size}`);
  return decompressSnappy(packed, size);
}

function unpackRaw(packed: Uint8Array, size: number): Bytes {
  const out = new Uint8Array(size);
  const done = unpackBlock(packed, out, 0);
  if (done !== size) throw new Error(`it holds ${done} bytes, expected ${size}`);
  return out;
}

/** Blocks as Hadoop frames them, each after its sizes unpacked and packed; some writers leave the frames out. */
function unpackHadoop(packed: Uint8Array, size: number): Bytes {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const out = new Uint8Array(size);
  let [at, done] = [0, 0];
  while (at < packed.length) {
    const [unpacked, bytes] = at + 8 <= packed.length ? [view.getUint32(at), view.getUint32(at + 4)] : [0, Infinity];
    at += 8;
    if (bytes > packed.length - at || unpacked > size - done) return unpackRaw(packed, size);
    if (bytes > 0) done = unpackBlock(packed.subarray(at, at + bytes), out.subarray(0, done + unpacked), done);
    at += bytes;
  }
  if (done !== size) throw new Error(`it holds ${done} bytes, expected ${size}`);
  return out;
}
