// Buffers of an Arrow file: ranges of it as they are, or, where a batch is compressed, unpacked into memory when they are
// read. A packed buffer says before its frame how many bytes it holds; −1 if it was left as it is.

import { Failure, messageOf } from '../../../../kit/failure';
import { bytes as inWords } from '../../../../kit/format';
import type { Codec, Region } from './arrow-messages';
import { mayUnpackTo, unpackLz4, unpackZstd } from './unpack';

/** Bytes of one buffer, unpacked. */
const MOST_OF_ONE = 2 ** 30;
/** Bytes of all buffers of a file that are unpacked. */
const MOST_OF_ALL = 2 ** 31;
/** Before a packed buffer stands its size. */
const SIZE_BYTES = 8;

const unpack: Readonly<Record<Codec, (frame: Uint8Array, size: number) => Uint8Array>> = {
  LZ4_FRAME: unpackLz4,
  ZSTD: unpackZstd,
};

/** The bytes of a buffer. */
export interface Bytes {
  readonly size: number;
  slice(from: number, to: number): Blob;
}

export class Buffers {
  /** Bytes that may still be unpacked. */
  private left = MOST_OF_ALL;

  constructor(private readonly file: File) {}

  /** Bytes of a buffer once it is unpacked. */
  async sizeOf(region: Region, codec: Codec | undefined): Promise<number> {
    return (await this.layout(region, codec)).size;
  }

  async open(region: Region, codec: Codec | undefined): Promise<Bytes> {
    const { from, size, packed } = await this.layout(region, codec);
    if (!packed) return { size, slice: (first, end) => this.file.slice(from + first, from + end) };
    const content = await this.unpacked(region, packed, size);
    return { size, slice: (first, end) => content.slice(first, end) };
  }

  /** Where the bytes of a buffer begin, how many they are once unpacked, and what they are packed with. */
  private async layout(
    { at, bytes }: Region,
    codec: Codec | undefined,
  ): Promise<{ from: number; size: number; packed: Codec | undefined }> {
    if (codec === undefined || bytes === 0) return { from: at, size: bytes, packed: undefined };
    const from = at + SIZE_BYTES;
    if (bytes < SIZE_BYTES) throw this.damaged(at, `has ${bytes} bytes, too few for its size`, 'format');
    const size = new DataView(await this.file.slice(at, from).arrayBuffer()).getBigInt64(0, true);
    if (size < -1n) throw this.damaged(at, `claims ${size} bytes`, 'format');
    if (size === -1n) return { from, size: bytes - SIZE_BYTES, packed: undefined };
    return { from, size: Number(size), packed: codec };
  }

  private async unpacked({ at, bytes }: Region, codec: Codec, size: number): Promise<Blob> {
    if (size > MOST_OF_ONE) {
      const most = `expected at most ${inWords(MOST_OF_ONE)}: write smaller batches`;
      throw this.damaged(at, `claims ${inWords(size)} unpacked, ${most}`, 'memory');
    }
    if (!mayUnpackTo(bytes, size)) {
      throw this.damaged(at, `claims ${inWords(size)} unpacked of ${inWords(bytes)}: it is damaged`, 'format');
    }
    this.left -= size;
    if (this.left < 0) {
      const most = `${inWords(MOST_OF_ALL)} of a compressed file: write it uncompressed, which is read in slices`;
      throw new Failure(`${this.file.name}: its values take more than ${most}`, 'memory');
    }
    const frame = new Uint8Array(await this.file.slice(at + SIZE_BYTES, at + bytes).arrayBuffer());
    if (size === 0) return new Blob([]);
    let content: Uint8Array;
    try {
      content = unpack[codec](frame, size);
    } catch (error) {
      throw this.damaged(at, `cannot be unpacked (${codec}): ${messageOf(error)}`, 'format');
    }
    if (content.length !== size) throw this.damaged(at, `holds ${content.length} bytes, expected ${size}`, 'format');
    return new Blob([content as Uint8Array<ArrayBuffer>]);
  }

  private damaged(at: number, what: string, code: 'format' | 'memory'): Failure {
    return new Failure(`${this.file.name}: its compressed buffer at byte ${at} ${what}`, code);
  }
}
