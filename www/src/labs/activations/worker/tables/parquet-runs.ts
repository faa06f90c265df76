// What pages of Parquet claim within themselves: lengths of runs, of lists of numbers, of texts. hyparquet believes them and
// makes what they claim, so that each is first compared here with the values and the bytes that the page has. Nothing here
// grows with a claim. https://github.com/apache/parquet-format/blob/master/Encodings.md

import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';

/** Writers pad the last run of packed values, some to whole blocks. */
const PADDING = 1024;
/** Packed values are as wide as this at most: indices of a dictionary. */
const WIDEST = 32;
/** A block of deltas is cut into so many at most; writers make four. */
const MOST_MINIBLOCKS = 512;
/** Deltas are as wide as this at most. */
const WIDEST_DELTA = 64;
/** Bytes of all texts of a page, where each repeats the begin of the one before it. */
const MOST_TEXT = 2 ** 28;

/** Where bytes of a page are read. */
export interface Reader {
  readonly view: DataView;
  at: number;
}

/** A number in groups of seven bits, of 32 bits at most. */
function varint(reader: Reader): number {
  for (let [value, i] = [0, 0]; i < 5; i++) {
    const byte = reader.view.getUint8(reader.at++);
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80 && value < 2 ** 32) return value;
  }
  throw new Error('a number in it is longer than 32 bits');
}

/** A number in groups of seven bits, of 64 bits at most. */
function skipVarint(reader: Reader): void {
  for (let i = 0; i < 10; i++) if (reader.view.getUint8(reader.at++) < 0x80) return;
  throw new Error('a number in it is longer than 64 bits');
}

/**
 * Passes over runs of `count` values of so many bits, repeated or packed, that end at `end` at the latest; how many of the
 * values are `wanted`.
 */
export function passRuns(reader: Reader, end: number, bits: number, count: number, wanted = -1): number {
  if (bits > WIDEST) throw new Error(`its values are of ${bits} bits, expected at most ${WIDEST}`);
  let [seen, found] = [0, 0];
  while (seen < count) {
    const header = varint(reader);
    const left = count - seen;
    if (header % 2 === 1) {
      const values = ((header - 1) / 2) * 8;
      if (values > left + PADDING) throw new Error(`a run in it claims ${values} values, and ${left} are left`);
      const read = Math.min(values, left);
      if (wanted >= 0) found += packedLike(reader, end, bits, read, wanted);
      // The last run may lack what only pads it.
      if (reader.at + Math.ceil((read * bits) / 8) > end) throw new Error('a run in it reaches beyond its end');
      reader.at += (values * bits) / 8;
      seen += read;
    } else {
      const values = header / 2;
      if (values > left) throw new Error(`a run in it claims ${values} values, and ${left} are left`);
      if (values === 0 && bits === 0) throw new Error('a run in it is empty');
      let value = 0;
      for (let byte = 0; byte < Math.ceil(bits / 8); byte++)
        value += reader.view.getUint8(reader.at++) * 2 ** (8 * byte);
      if (value === wanted) found += values;
      seen += values;
    }
    if (reader.at > end && seen < count) throw new Error('its runs reach beyond their end');
  }
  return found;
}

/** How many of packed values, the lowest bits first, are `wanted`. */
function packedLike({ view, at }: Reader, end: number, bits: number, count: number, wanted: number): number {
  let found = 0;
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (let bit = 0; bit < bits; bit++) {
      const place = i * bits + bit;
      const byte = at + (place >> 3);
      if (byte >= end) throw new Error('a run in it reaches beyond its end');
      value |= ((view.getUint8(byte) >> (place & 7)) & 1) << bit;
    }
    if (value === wanted) found += 1;
  }
  return found;
}

/** Passes over `count` whole numbers in blocks of deltas. */
export function passDeltas(reader: Reader, count: number): void {
  const [block, miniblocks] = [varint(reader), varint(reader)];
  const each = block / miniblocks;
  if (!(miniblocks >= 1 && miniblocks <= MOST_MINIBLOCKS && Number.isInteger(each) && each > 0)) {
    throw new Error(`its blocks are of ${block} values in ${miniblocks} parts`);
  }
  varint(reader);
  skipVarint(reader);
  for (let seen = 1; seen < count;) {
    skipVarint(reader);
    const widths = reader.at;
    reader.at += miniblocks;
    for (let i = 0; i < miniblocks && seen < count; i++, seen += each) {
      const bits = reader.view.getUint8(widths + i);
      if (bits > WIDEST_DELTA) throw new Error(`its deltas are of ${bits} bits, expected at most ${WIDEST_DELTA}`);
      reader.at += Math.ceil((each * bits) / 8);
    }
  }
}

/** Passes over the lengths of `count` texts, of which each repeats as many bytes as the first says of the one before it. */
export function passTexts({ view, at }: Reader, count: number): void {
  const begins = lengths(view, at, count);
  const ends = lengths(view, begins.end, count);
  let [before, total] = [0, 0];
  for (const [i, begin] of begins.lengths.entries()) {
    const end = ends.lengths[i] ?? 0;
    if (begin < 0 || begin > before || end < 0)
      throw new Error(`its text ${i} has ${begin} bytes of ${before} before it`);
    before = begin + end;
    total += before;
    if (total > MOST_TEXT) throw new Error(`its texts take more than ${MOST_TEXT} bytes`);
  }
}

function lengths(view: DataView, at: number, count: number): { lengths: Int32Array; end: number } {
  const reader = { view, at };
  passDeltas(reader, count);
  const read = new Int32Array(count);
  deltaBinaryUnpack({ view, offset: at }, count, read);
  return { lengths: read, end: reader.at };
}
