// Arrow files and streams as columns of rows: lists of floats, nested at most three deep, whose values lie in one buffer
// of each batch. Hugging Face's data sets and the caches of SAELens are such streams.

import { Failure } from '../../../../kit/failure';
import { Buffers, type Bytes } from './arrow-buffers';
import { readMessages, Type, type Batch, type Codec, type Field, type Region } from './arrow-messages';
import { ELEMENT_BYTES, TOKEN_COLUMNS, type Column, type ElementType, type Table, type Words } from './table';

/** Text of tokens is read into memory: so many bytes at most, else the rows go without. */
const MOST_TOKEN_BYTES = 2 ** 28;
/** Bits of whole numbers. */
const INTS: readonly number[] = [8, 16, 32, 64];
const FLOATS: Readonly<Record<number, ElementType>> = { 16: 'F16', 32: 'F32', 64: 'F64' };

/** A field in a batch: its length, its buffers and its children's. */
interface Laid {
  field: Field;
  length: number;
  nulls: number;
  buffers: readonly Region[];
  codec: Codec | undefined;
  children: readonly Laid[];
}

/** Where bytes are read, and where messages find fault. */
interface Place {
  file: File;
  buffers: Buffers;
  column: string;
  batch: number;
}

function fail({ file, column, batch }: Omit<Place, 'buffers'>, what: string): never {
  throw new Failure(`${file.name}: column “${column}” in batch ${batch} ${what}`, 'format');
}

/** A file of tables, and how its reading is told of and cancelled. */
interface Opened {
  file: File;
  buffers: Buffers;
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}

export async function readArrow(
  file: File,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<Table> {
  const opened = { file, buffers: new Buffers(file), signal, onProgress };
  const { fields, batches } = await readMessages(file);
  const laid = batches.map((batch) => layOut(file, fields, batch));
  const columns: Column[] = [];
  for (const [i, field] of fields.entries()) {
    const type = rowsOf(field);
    const parts = laid.map((each) => each[i]);
    if (type && laid.length > 0) columns.push(await columnOf(opened, field, type, parts));
  }
  return { file: file.name, columns, words: await wordsOf(opened, fields, laid) };
}

/** The type of the numbers of a column of lists, or nothing for other columns. */
function rowsOf(field: Field): ElementType | undefined {
  let [leaf, levels] = [field, 0];
  while (isList(leaf.type) && leaf.children[0]) [leaf, levels] = [leaf.children[0], levels + 1];
  return levels > 0 && leaf.type === Type.FloatingPoint && !leaf.dictionary ? FLOATS[leaf.bits] : undefined;
}

function isList(type: Type): boolean {
  return type === Type.List || type === Type.LargeList || type === Type.FixedSizeList;
}

// --- which buffers are whose -----------------------------------------------------------------------------------

/** Buffers of a field's own, beside those of its children. */
const OWN_BUFFERS: Partial<Record<Type, number>> = {
  [Type.Null]: 0,
  [Type.RunEndEncoded]: 0,
  [Type.Struct_]: 1,
  [Type.FixedSizeList]: 1,
  [Type.Utf8]: 3,
  [Type.Binary]: 3,
  [Type.LargeUtf8]: 3,
  [Type.LargeBinary]: 3,
  [Type.ListView]: 3,
  [Type.LargeListView]: 3,
};
/** Most have a bitmap of what is null, and values or offsets. */
const MOST_HAVE = 2;

function layOut(file: File, fields: readonly Field[], batch: Batch): Laid[] {
  const nodes = batch.nodes.values();
  const buffers = batch.buffers.values();
  const variadic = batch.variadic.values();
  const lay = (field: Field, column: string): Laid => {
    const place = { file, column, batch: batch.number };
    const node = nodes.next().value ?? fail(place, 'is missing');
    if (node.length < 0) fail(place, `has ${node.length} entries`);
    if (field.type === Type.Union) fail(place, 'is a union, which is not read');
    let own = field.dictionary ? MOST_HAVE : (OWN_BUFFERS[field.type] ?? MOST_HAVE);
    if (field.type === Type.Utf8View || field.type === Type.BinaryView) own += variadic.next().value ?? 0;
    const regions = Array.from({ length: Math.min(own, batch.buffers.length + 1) }, () => {
      return buffers.next().value ?? fail(place, 'has fewer buffers than its type needs');
    });
    const children = field.dictionary ? [] : field.children.map((child) => lay(child, column));
    return { field, ...node, buffers: regions, codec: batch.codec, children };
  };
  return fields.map((field) => lay(field, field.name));
}

// --- rows ------------------------------------------------------------------------------------------------------

/** The values of a column in one batch. */
interface Extent {
  /** Lengths of lists, from the outermost in; nothing where they differ. */
  sizes: (number | undefined)[];
  /** Entries of the column. */
  entries: number;
  values: Blob;
}

async function columnOf(
  { file, buffers, signal, onProgress }: Opened,
  field: Field,
  type: ElementType,
  batches: readonly (Laid | undefined)[],
): Promise<Column> {
  const extents: Extent[] = [];
  for (const [batch, laid] of batches.entries()) {
    if (signal.aborted) throw new Failure(`${file.name}: reading was cancelled`, 'cancelled');
    if (!laid || laid.length === 0) continue;
    extents.push(await extentOf({ file, buffers, column: field.name, batch }, laid, type));
    onProgress(batch + 1, batches.length);
  }
  const [first] = extents;
  const width = first?.sizes.at(-1);
  if (!first || !width) throw new Failure(`${file.name}: column “${field.name}” is empty`, 'format');
  extents.forEach(({ sizes }, batch) => {
    const found = sizes.at(-1);
    if (found !== width) {
      fail({ file, column: field.name, batch }, `has rows of ${found} values, expected ${width} as in batch 0`);
    }
  });
  const parts = extents.map(({ values }) => values);
  const even = extents.every(({ sizes }) => sizes.every((size, i) => size !== undefined && size === first.sizes[i]));
  const entries = extents.reduce((sum, each) => sum + each.entries, 0);
  const rows = parts.reduce((sum, { size }) => sum + size, 0) / ELEMENT_BYTES[type] / width;
  const shape = even ? [entries, ...first.sizes.map((size) => size ?? 0)] : [rows, width];
  return { name: field.name, type, shape: even ? tensorShape(field, shape) : shape, parts };
}

/** Extension types of fixed shape keep all dimensions in one list and say them beside it. */
function tensorShape(field: Field, shape: readonly number[]): readonly number[] {
  if (field.metadata.get('ARROW:extension:name') !== 'arrow.fixed_shape_tensor') return shape;
  try {
    const described: unknown = JSON.parse(field.metadata.get('ARROW:extension:metadata') ?? '');
    const dims = (described as { shape?: unknown }).shape;
    if (!Array.isArray(dims) || !dims.every((each) => Number.isSafeInteger(each))) return shape;
    const [entries = 0, size] = shape;
    return dims.reduce((all: number, each: number) => all * each, 1) === size
      ? [entries, ...(dims as number[])]
      : shape;
  } catch {
    return shape;
  }
}

async function extentOf(place: Place, laid: Laid, type: ElementType): Promise<Extent> {
  const sizes: (number | undefined)[] = [];
  let [level, from, to] = [laid, 0, laid.length];
  for (;;) {
    if (level.nulls > 0) fail(place, `holds nulls (${level.nulls} of them), expected numbers`);
    const [child] = level.children;
    if (!child) break;
    const last = !isList(child.field.type);
    if (level.field.type === Type.FixedSizeList) {
      const { size } = level.field;
      if (size <= 0) fail(place, `has lists of ${size} values`);
      [from, to] = [from * size, to * size];
      sizes.push(size);
    } else {
      const offsets = await offsetsOf(place, level, from, to);
      sizes.push(evenSize(place, offsets, last));
      [from, to] = [offsets[0] ?? 0, offsets.at(-1) ?? 0];
    }
    if (to > child.length) fail(place, `points to value ${to} of a list of ${child.length}`);
    level = child;
  }
  const buffer = await bufferOf(place, level, VALUES);
  const bytes = ELEMENT_BYTES[type];
  if (to * bytes > buffer.size) fail(place, `claims ${to} values of ${bytes} bytes in a buffer of ${buffer.size}`);
  return { sizes, entries: laid.length, values: buffer.slice(from * bytes, to * bytes) };
}

/** A field's own buffers: first the bitmap of its nulls, then values or offsets, then the bytes of texts. */
const VALUES = 1;
const TEXT = 2;

async function bufferOf({ buffers }: Place, { buffers: regions, codec }: Laid, which: number): Promise<Bytes> {
  return buffers.open(regions[which] ?? { at: 0, bytes: 0 }, codec);
}

/** The offsets of lists or texts `from` to `to`: one more than there are; they may not fall. */
async function offsetsOf(place: Place, laid: Laid, from: number, to: number): Promise<number[]> {
  const large = laid.field.type === Type.LargeList || laid.field.type === Type.LargeUtf8;
  const bytes = large ? 8 : 4;
  const buffer = await bufferOf(place, laid, VALUES);
  if ((to + 1) * bytes > buffer.size) {
    fail(place, `claims ${to} lists, whose offsets do not fit in a buffer of ${buffer.size} bytes`);
  }
  const read = await buffer.slice(from * bytes, (to + 1) * bytes).arrayBuffer();
  const offsets = large ? Array.from(new BigInt64Array(read), Number) : Array.from(new Int32Array(read));
  if (offsets.length !== to - from + 1) fail(place, 'cannot be read: the file was changed or moved');
  for (let i = 1; i < offsets.length; i++) {
    const [before = 0, after = 0] = [offsets[i - 1], offsets[i]];
    if (before < 0 || after < before) fail(place, `has offsets that fall: ${before}, then ${after}, at entry ${i - 1}`);
  }
  return offsets;
}

/** The offsets of lists of a fixed size, of so many items in all. */
function fixedOffsets(place: Place, { field, length }: Laid, items: number): number[] {
  if (field.size <= 0) fail(place, `has lists of ${field.size} values`);
  if (length < 0 || length * field.size > items) {
    fail(place, `points to value ${length * field.size} of a list of ${items}`);
  }
  return Array.from({ length: length + 1 }, (_, entry) => entry * field.size);
}

/** The length that all lists have; lists of lists may differ, rows of numbers may not. */
function evenSize(place: Place, offsets: readonly number[], last: boolean): number | undefined {
  const size = (offsets[1] ?? 0) - (offsets[0] ?? 0);
  for (let i = 1; i < offsets.length; i++) {
    const found = (offsets[i] ?? 0) - (offsets[i - 1] ?? 0);
    if (found === size) continue;
    if (last) fail(place, `has ${found} values in row ${i - 1}, expected ${size} as in row 0`);
    return undefined;
  }
  return size;
}

// --- tokens ----------------------------------------------------------------------------------------------------

/** The first column by the name of tokens that holds texts or whole numbers, or lists of them. */
async function wordsOf(
  { file, buffers }: Opened,
  fields: readonly Field[],
  batches: readonly Laid[][],
): Promise<Words | undefined> {
  for (const column of TOKEN_COLUMNS) {
    const i = fields.findIndex((field) => field.name === column && isTokens(field));
    if (i < 0) continue;
    const laid = batches.map((batch) => batch[i]);
    let bytes = 0;
    for (const each of laid) bytes += each ? await bytesOf(buffers, each) : 0;
    if (bytes > MOST_TOKEN_BYTES) return undefined;
    const sequences: string[][] = [];
    const flat: string[] = [];
    for (const [batch, each] of laid.entries()) {
      if (!each) continue;
      const place = { file, buffers, column, batch };
      const [items] = each.children;
      if (!items) {
        for (const text of await textsOf(place, each, 0, each.length)) flat.push(text);
        continue;
      }
      const offsets =
        each.field.type === Type.FixedSizeList
          ? fixedOffsets(place, each, items.length)
          : await offsetsOf(place, each, 0, each.length);
      const [from, to] = [offsets[0] ?? 0, offsets.at(-1) ?? 0];
      if (to > items.length) fail(place, `points to value ${to} of a list of ${items.length}`);
      const texts = await textsOf(place, items, from, to);
      for (let entry = 0; entry < each.length; entry++) {
        sequences.push(texts.slice((offsets[entry] ?? 0) - from, (offsets[entry + 1] ?? 0) - from));
      }
    }
    const nested = flat.length === 0;
    return { column, sequences: nested ? sequences : [flat], nested };
  }
  return undefined;
}

function isTokens(field: Field): boolean {
  const leaf = isList(field.type) ? field.children[0] : field;
  if (!leaf || leaf.dictionary) return false;
  return leaf.type === Type.Int ? INTS.includes(leaf.bits) : leaf.type === Type.Utf8 || leaf.type === Type.LargeUtf8;
}

/** Bytes of a column once they are unpacked. */
async function bytesOf(buffers: Buffers, { buffers: regions, codec, children }: Laid): Promise<number> {
  let bytes = 0;
  for (const region of regions) bytes += await buffers.sizeOf(region, codec);
  for (const child of children) bytes += await bytesOf(buffers, child);
  return bytes;
}

/** Entries `from` to `to` of a column of texts or of whole numbers. */
async function textsOf(place: Place, laid: Laid, from: number, to: number): Promise<string[]> {
  if (laid.field.type === Type.Int) return numbersOf(place, laid, from, to);
  const offsets = await offsetsOf(place, laid, from, to);
  const [start, end] = [offsets[0] ?? 0, offsets.at(-1) ?? 0];
  const buffer = await bufferOf(place, laid, TEXT);
  if (end > buffer.size) fail(place, `points to byte ${end} of a text of ${buffer.size}`);
  const text = new Uint8Array(await buffer.slice(start, end).arrayBuffer());
  const decoder = new TextDecoder();
  return Array.from({ length: to - from }, (_, i) => {
    return decoder.decode(text.subarray((offsets[i] ?? 0) - start, (offsets[i + 1] ?? 0) - start));
  });
}

async function numbersOf(place: Place, laid: Laid, from: number, to: number): Promise<string[]> {
  const { bits, signed } = laid.field;
  const bytes = bits / 8;
  const buffer = await bufferOf(place, laid, VALUES);
  if (to * bytes > buffer.size) fail(place, `claims ${to} numbers in a buffer of ${buffer.size} bytes`);
  const read = await buffer.slice(from * bytes, to * bytes).arrayBuffer();
  switch (bits) {
    case 8:
      return Array.from(signed ? new Int8Array(read) : new Uint8Array(read), String);
    case 16:
      return Array.from(signed ? new Int16Array(read) : new Uint16Array(read), String);
    case 32:
      return Array.from(signed ? new Int32Array(read) : new Uint32Array(read), String);
    default:
      return Array.from(signed ? new BigInt64Array(read) : new BigUint64Array(read), String);
  }
}
