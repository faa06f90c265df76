// One column of one row group of a Parquet file, page by page. hyparquet decodes; before it does, what a page claims in its
// header is compared with the footer, its size with its packed size, and what it claims within itself with the page.

import type { DecodedArray, PageHeader, SchemaTree } from 'hyparquet';
import { assembleNested } from 'hyparquet/src/assemble.js';
import { parquetHeader, readPage } from 'hyparquet/src/column.js';
import { convert, DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from 'hyparquet/src/schema.js';
import { bytes as inWords } from '../../../../kit/format';
import { Failure, messageOf } from '../../../../kit/failure';
import type { ChunkInfo } from './parquet-footer';
import { passDeltas, passRuns, passTexts, type Reader } from './parquet-runs';
import { endOfStruct } from './thrift';
import { mayUnpackTo, UNPACK_PAGE } from './unpack';

/** A column of a row group, by the footer and the schema. */
export interface Chunk extends Omit<ChunkInfo, 'path'> {
  /** From the root of the schema to the values. */
  path: readonly SchemaTree[];
  leaf: SchemaTree;
}

/** Entries of a column in a row group: values, or lists of them. */
export type Entries = ArrayLike<unknown> & Iterable<unknown>;

/** What the footer allows to the pages that are still to come. */
interface Left {
  values: number;
  bytes: number;
}

/** The entries of a column, by all bytes of it. */
export function entriesOf(bytes: ArrayBuffer, chunk: Chunk): Entries {
  const { path, leaf, from } = chunk;
  const decoder = decoderOf(chunk);
  const view = new DataView(bytes);
  const parts: DecodedArray[] = [];
  const left = { values: chunk.values, bytes: chunk.unpacked };
  let dictionary: DecodedArray | undefined;
  // Some writers leave a byte behind the last page.
  for (let at = 0; at < bytes.byteLength - 1;) {
    try {
      const start = endOfStruct(view, at);
      const header = parquetHeader({ view, offset: at });
      const end = start + header.compressed_page_size;
      const values = checkHeader(header, chunk, left);
      if (end > bytes.byteLength) throw new Claim('reaches beyond the column');
      const page = unpacked(bytes.slice(start, end), header, chunk);
      const reader = { view: page.view, offset: 0 };
      if (header.type === 'DICTIONARY_PAGE') {
        checkPlain({ view: page.view, at: 0 }, chunk, values);
        const { data } = readPage(reader, page.header, decoder, undefined, undefined, 0);
        dictionary = data && convert(data, decoder);
      } else if (values > 0) {
        checkPage(page.view, header, chunk, values);
        // A list may go on from page to page.
        const last = parts.at(-1);
        const { data } = readPage(reader, page.header, decoder, dictionary, last, 0);
        if (data && data !== last && data.length > 0) parts.push(data);
      }
      at = end;
    } catch (error) {
      const what = error instanceof Claim ? error.message : `cannot be read: ${messageOf(error)}`;
      throw new Failure(`its page at byte ${from + at} ${what}`, 'format');
    }
  }
  if (left.values > 0) {
    throw new Failure(`its pages hold ${chunk.values - left.values} values, expected ${chunk.values}`, 'format');
  }
  return assembled(parts, path, leaf);
}

/** The parts as one, with the lists that stand around them. */
function assembled(parts: readonly DecodedArray[], path: readonly SchemaTree[], leaf: SchemaTree): Entries {
  const [only = [], second] = parts;
  const all = second ? parts.flatMap((part) => Array.from<unknown>(part)) : only;
  const [, column] = path;
  if (!column || column === leaf) return all;
  const nested = new Map<string, DecodedArray>([[leaf.path.join('.'), all]]);
  assembleNested(nested, column, DEFAULT_PARSERS);
  return nested.get(column.path.join('.')) ?? [];
}

/** What a page claims and may not. */
class Claim extends Error {}

function decoderOf({ path, leaf, type }: Chunk): Parameters<typeof readPage>[2] {
  return {
    pathInSchema: leaf.path,
    type,
    element: leaf.element,
    schemaPath: [...path],
    // Pages are handed to it as they are once they are unpacked.
    codec: 'UNCOMPRESSED',
    parsers: DEFAULT_PARSERS,
  };
}

/** Compares a header with the footer, takes what it claims from what is left, and gives its number of values. */
function checkHeader(header: PageHeader, { values, unpacked, codec }: Chunk, left: Left): number {
  const { type, uncompressed_page_size: size, compressed_page_size: packed } = header;
  const count = {
    DATA_PAGE: header.data_page_header,
    DATA_PAGE_V2: header.data_page_header_v2,
    DICTIONARY_PAGE: header.dictionary_page_header,
    INDEX_PAGE: undefined,
  }[type]?.num_values;
  if (count === undefined) throw new Claim(`is ${type}, expected a page of data or a dictionary`);
  if (type !== 'DICTIONARY_PAGE') left.values -= count;
  left.bytes -= size;
  const within = count >= 0 && size >= 0 && packed >= 0 && left.values >= 0 && left.bytes >= 0 && count <= values;
  // NaN, for what a header lacks, is not within either.
  if (!within) {
    throw new Claim(
      `claims ${count} values in ${size} bytes, more than the footer’s ${values} values in ${unpacked} bytes`,
    );
  }
  if (!mayUnpackTo(packed, size)) throw new Claim(`claims ${inWords(size)} unpacked of ${inWords(packed)}`);
  if (!UNPACK_PAGE[codec])
    throw new Claim(`is packed by ${codec}, expected one of ${Object.keys(UNPACK_PAGE).join(', ')}`);
  return count;
}

/** A page as it is once it is unpacked, with a header that says so. */
function unpacked(bytes: ArrayBuffer, header: PageHeader, { codec }: Chunk): { view: DataView; header: PageHeader } {
  const packed = new Uint8Array(bytes);
  const unpack = UNPACK_PAGE[codec];
  if (!unpack) throw new Claim(`is packed by ${codec}`);
  const { uncompressed_page_size: size, data_page_header_v2: second } = header;
  const whole = { ...header, compressed_page_size: size };
  if (header.type !== 'DATA_PAGE_V2' || !second) return { view: viewOf(unpack(packed, size)), header: whole };
  // Of a page of the second version its levels, which come first, are not packed.
  const levels = second.repetition_levels_byte_length + second.definition_levels_byte_length;
  if (!(second.repetition_levels_byte_length >= 0 && second.definition_levels_byte_length >= 0 && levels <= size)) {
    throw new Claim(`claims ${levels} bytes of levels, and has ${size}`);
  }
  const values = packed.subarray(levels);
  const isPacked = second.is_compressed !== false && size > levels;
  const page = new Uint8Array(size);
  page.set(packed.subarray(0, levels));
  page.set(isPacked ? unpack(values, size - levels) : values, levels);
  return { view: viewOf(page), header: { ...whole, data_page_header_v2: { ...second, is_compressed: false } } };
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

// --- what a page claims within itself ---------------------------------------------------------------------------

/** Levels, one for each value, and then values where a value is. */
function checkPage(view: DataView, header: PageHeader, chunk: Chunk, count: number): void {
  const path = [...chunk.path];
  const [repetition, definition] = [getMaxRepetitionLevel(path), getMaxDefinitionLevel(path)];
  const reader = { view, at: 0 };
  let present = count;
  if (header.type === 'DATA_PAGE') {
    if (repetition > 0) levelsOf(reader, repetition, count);
    if (definition > 0) present = levelsOf(reader, definition, count);
    checkValues(reader, header.data_page_header?.encoding, chunk, present, false);
    return;
  }
  const second = header.data_page_header_v2;
  if (!second) return;
  let end = second.repetition_levels_byte_length;
  if (repetition > 0) passRuns(reader, end, bitsOf(repetition), count);
  reader.at = end;
  end += second.definition_levels_byte_length;
  if (definition > 0) present = passRuns(reader, end, bitsOf(definition), count, definition);
  if (present !== count - second.num_nulls) {
    throw new Claim(`claims ${second.num_nulls} nulls, and has ${count - present}`);
  }
  reader.at = end;
  checkValues(reader, second.encoding, chunk, present, true);
}

/** Passes over levels, before which their length stands; how many are the deepest. */
function levelsOf(reader: Reader, deepest: number, count: number): number {
  const length = reader.view.getUint32(reader.at, true);
  reader.at += 4;
  const end = reader.at + length;
  if (end > reader.view.byteLength) throw new Error(`its levels claim ${length} bytes`);
  const found = passRuns(reader, end, bitsOf(deepest), count, deepest);
  reader.at = end;
  return found;
}

function bitsOf(value: number): number {
  return 32 - Math.clz32(value);
}

function checkValues(reader: Reader, encoding: string | undefined, chunk: Chunk, count: number, second: boolean): void {
  switch (encoding) {
    case 'PLAIN':
    case 'BYTE_STREAM_SPLIT':
      checkPlain(reader, chunk, count);
      break;
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY': {
      const bits = reader.view.getUint8(reader.at++);
      // Without bits there is one value, and in a page of the first version no run need follow.
      if (bits > 0 || second) passRuns(reader, reader.view.byteLength, bits, count);
      break;
    }
    case 'DELTA_BINARY_PACKED':
    case 'DELTA_LENGTH_BYTE_ARRAY':
      passDeltas(reader, count);
      break;
    case 'DELTA_BYTE_ARRAY':
      passTexts(reader, count);
      break;
    default:
      throw new Claim(`is encoded as ${encoding}, which is not read`);
  }
}

/** Bytes of a plain value; of a text the four that tell its length. */
const WIDTHS: Readonly<Record<string, number>> = { INT32: 4, FLOAT: 4, INT64: 8, DOUBLE: 8, BYTE_ARRAY: 4 };

function checkPlain({ view, at }: Reader, { type, leaf }: Chunk, count: number): void {
  const width = type === 'FIXED_LEN_BYTE_ARRAY' ? (leaf.element.type_length ?? 0) : (WIDTHS[type] ?? 0);
  if (!(width > 0)) throw new Claim(`holds values of ${type}, which are not read`);
  const bytes = view.byteLength - at;
  if (count * width > bytes) throw new Claim(`claims ${count} values of ${width} bytes in ${bytes} bytes`);
}
