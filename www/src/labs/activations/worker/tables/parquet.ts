// Parquet as columns of rows: lists of floats, nested at most three deep, or plain columns of floats side by side, as a
// data frame writes them. By the footer it is chosen what is read; that is compared with what is read at most, and read one
// column of one row group at a time.

import type { SchemaTree } from 'hyparquet';
import { bytes as inWords, count } from '../../../../kit/format';
import { Failure, messageOf } from '../../../../kit/failure';
import { footerOf, type ChunkInfo, type Footer } from './parquet-footer';
import { entriesOf, type Entries } from './parquet-pages';
import { TOKEN_COLUMNS, type Column, type Table, type Words } from './table';

/** Values of a column in one row group: while it is decoded, each takes 8 bytes or more. */
const MOST_VALUES = 2 ** 26;
/** Bytes of one column of one row group, unpacked. */
const MOST_UNPACKED = 2 ** 30;
/** Bytes of all values of a file. */
const MOST_BYTES = 2 ** 31;
/** So many values of a column may be claimed by however short a file: runs of one value take next to nothing. */
const ALWAYS_VALUES = 2 ** 22;
/** Beyond that, for each byte of the file. */
const MOST_VALUES_OF_A_BYTE = 256;
/** Plain columns that make rows side by side. */
const FEWEST_SIDE_BY_SIDE = 2;

type Floats = 'F16' | 'F32' | 'F64';
const BYTES: Readonly<Record<Floats, number>> = { F16: 2, F32: 4, F64: 8 };

/** A column that is read, by the schema. */
interface Wanted {
  name: string;
  /** Lists around a value. */
  levels: number;
  /** From the root of the schema to the values. */
  path: readonly SchemaTree[];
  leaf: SchemaTree;
}

/** A file, its footer, and how its reading is told of and cancelled. */
interface Opened {
  file: File;
  footer: Footer;
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}

export async function readParquet(
  file: File,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<Table> {
  const footer = await footerOf(file);
  const { schema } = footer;
  const opened = { file, footer, signal, onProgress };
  const columns = schema.children.map((column) => wantedOf(schema, column));
  const floats = columns.flatMap((each) => (each && typeOf(each) ? [each] : []));
  const lists = floats.filter(({ levels }) => levels > 0);
  const chosen = lists.length > 0 ? lists : floats.length < FEWEST_SIDE_BY_SIDE ? [] : floats;
  checkSize(opened, chosen);
  const read: Column[] = [];
  if (lists.length === 0 && chosen.length > 0) read.push(await sideBySide(opened, chosen));
  else for (const each of chosen) read.push(await listColumn(opened, each));
  const tokens = TOKEN_COLUMNS.map((name) => columns.find((each) => each?.name === name && isToken(each)));
  const first = tokens.find((each) => each !== undefined);
  return { file: file.name, columns: read, words: first && (await wordsOf(opened, first)) };
}

/** A column by its only leaf; structs and maps are passed over. */
function wantedOf(root: SchemaTree, column: SchemaTree): Wanted | undefined {
  const path = [root, column];
  let [leaf, levels] = [column, 0];
  for (;;) {
    const { repetition_type: repetition, logical_type: logical, converted_type: converted } = leaf.element;
    if (repetition === 'REPEATED') levels += 1;
    if (logical?.type === 'VARIANT' || converted === 'MAP') return undefined;
    const [child] = leaf.children;
    if (!child) return { name: column.element.name, levels, path, leaf };
    if (leaf.children.length > 1) return undefined;
    leaf = child;
    path.push(leaf);
  }
}

function typeOf({ leaf }: Wanted): Floats | undefined {
  const { type, logical_type: logical } = leaf.element;
  if (type === 'FLOAT') return 'F32';
  if (type === 'DOUBLE') return 'F64';
  return logical?.type === 'FLOAT16' && type === 'FIXED_LEN_BYTE_ARRAY' ? 'F16' : undefined;
}

/** Texts and whole numbers. */
function isToken({ leaf }: Wanted): boolean {
  const { type, logical_type: logical, converted_type: converted } = leaf.element;
  switch (type) {
    case 'BYTE_ARRAY':
      return [undefined, 'STRING', 'ENUM'].includes(logical?.type) && [undefined, 'UTF8', 'ENUM'].includes(converted);
    case 'INT32':
    case 'INT64':
      return [undefined, 'INTEGER'].includes(logical?.type) && (converted === undefined || converted.includes('INT_'));
    default:
      return false;
  }
}

/** What is known of a column in each row group by the footer. */
function chunksOf({ file, footer }: Opened, { name, path }: Wanted): ChunkInfo[] {
  const names = path.slice(1).map(({ element }) => element.name);
  return footer.groups.map(({ columns }, group) => {
    const found = columns.get(name);
    if (found?.path.join('\0') !== names.join('\0')) {
      throw new Failure(`${file.name}: row group ${group} holds no column “${name}”`, 'format');
    }
    return found;
  });
}

function checkSize(opened: Opened, columns: readonly Wanted[]): void {
  const { file } = opened;
  let total = 0;
  const most = ALWAYS_VALUES + MOST_VALUES_OF_A_BYTE * file.size;
  for (const column of columns) {
    const bytes = BYTES[typeOf(column) ?? 'F64'];
    let all = 0;
    chunksOf(opened, column).forEach(({ values }, group) => {
      if (values > MOST_VALUES) {
        const what = `row group ${group} of column “${column.name}” claims ${count(values)} values`;
        throw new Failure(
          `${file.name}: ${what}, expected at most ${count(MOST_VALUES)}: write it in smaller row groups`,
          'memory',
        );
      }
      total += values * bytes;
      all += values;
    });
    if (all > most) {
      const what = `column “${column.name}” claims ${count(all)} values, expected at most ${count(most)} of ${inWords(file.size)}`;
      throw new Failure(`${file.name}: ${what}`, 'memory');
    }
  }
  if (total > MOST_BYTES) {
    throw new Failure(
      `${file.name}: its values take ${inWords(total)}, expected at most ${inWords(MOST_BYTES)} of a Parquet file: write several, or Arrow, which is read in slices`,
      'memory',
    );
  }
}

// --- one column of one row group --------------------------------------------------------------------------------

async function decoded(opened: Opened, column: Wanted, group: number): Promise<Entries> {
  const { file, footer, signal } = opened;
  if (signal.aborted) throw new Failure(`${file.name}: reading was cancelled`, 'cancelled');
  const rows = footer.groups[group]?.rows ?? 0;
  const about = chunksOf(opened, column)[group];
  try {
    const entries = about ? await readColumn(file, column, about) : [];
    if (entries.length !== rows) {
      throw new Failure(`holds ${entries.length} of its ${rows} entries`, 'format');
    }
    return entries;
  } catch (error) {
    throw new Failure(`${file.name}: column “${column.name}” in row group ${group}: ${messageOf(error)}`, 'format');
  }
}

async function readColumn(file: File, { path, leaf }: Wanted, about: ChunkInfo): Promise<Entries> {
  const { from, packed, unpacked } = about;
  if (about.type !== leaf.element.type) {
    throw new Failure(`is of ${about.type}, and by the schema of ${leaf.element.type}`, 'format');
  }
  if (unpacked > MOST_UNPACKED) {
    throw new Failure(`takes ${inWords(unpacked)} unpacked, expected at most ${inWords(MOST_UNPACKED)}`, 'memory');
  }
  if (from + packed > file.size) {
    throw new Failure(`lies at bytes ${from} to ${from + packed}, and the file ends at byte ${file.size}`, 'format');
  }
  const bytes = await file.slice(from, from + packed).arrayBuffer();
  return entriesOf(bytes, { ...about, path, leaf });
}

// --- rows ------------------------------------------------------------------------------------------------------

/** Fills numbers one after another, in the type of a column. */
class Numbers {
  private readonly view: DataView<ArrayBuffer>;
  private at = 0;

  constructor(
    private readonly type: Floats,
    values: number,
  ) {
    this.view = new DataView(new ArrayBuffer(values * BYTES[type]));
  }

  push(value: number): void {
    if (this.type === 'F16') this.view.setUint16(this.at, halfBits(value), true);
    else if (this.type === 'F32') this.view.setFloat32(this.at, value, true);
    else this.view.setFloat64(this.at, value, true);
    this.at += BYTES[this.type];
  }

  blob(): Blob {
    return new Blob([this.view.buffer]);
  }
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** The bits of a number that half precision holds exactly. */
export function halfBits(value: number): number {
  single[0] = value;
  const bits = singleBits[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  // Below 2^-14 halves have no leading 1.
  if (exponent < 113) return sign | (exponent < 102 ? 0 : (fraction | 0x800000) >> (126 - exponent));
  return sign | ((exponent - 112) << 10) | (fraction >> 13);
}

/** Dimensions of the entries of a column, where they agree. */
class Shape {
  /** Lengths of lists by level, from the outermost in; nothing where they differ. */
  private readonly sizes: (number | undefined)[] = [];
  private entries = 0;
  private values = 0;

  constructor(
    private readonly levels: number,
    private readonly where: string,
  ) {}

  /** Takes an entry of a row group and hands on its numbers. */
  add(entry: unknown, push: (value: number) => void): void {
    this.list(entry, 0, push);
    this.entries += 1;
  }

  private list(list: unknown, level: number, push: (value: number) => void): void {
    if (!isList(list)) throw this.failure(list === null || list === undefined ? 'is null' : 'is no list');
    const before = this.sizes[level];
    if (this.sizes.length === level) this.sizes.push(list.length);
    else if (before !== list.length) {
      if (level === this.levels - 1) throw this.failure(`has ${list.length} values, expected ${before} as before it`);
      this.sizes[level] = undefined;
    }
    for (const value of list) {
      if (level < this.levels - 1) this.list(value, level + 1, push);
      else if (typeof value !== 'number') throw this.failure('holds a null, expected numbers');
      else {
        this.values += 1;
        push(value);
      }
    }
  }

  private failure(what: string): Failure {
    return new Failure(`${this.where}: entry ${this.entries} ${what}`, 'format');
  }

  get(): readonly number[] {
    const width = this.sizes.at(-1) ?? 0;
    if (width === 0) throw new Failure(`${this.where}: is empty`, 'format');
    return this.sizes.length === this.levels && this.sizes.every((size) => size !== undefined)
      ? [this.entries, ...this.sizes]
      : [this.values / width, width];
  }
}

function isList(value: unknown): value is Entries {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

async function listColumn(opened: Opened, column: Wanted): Promise<Column> {
  const type = typeOf(column) ?? 'F64';
  const shape = new Shape(column.levels, `${opened.file.name}: column “${column.name}”`);
  const parts: Blob[] = [];
  for (const [group, { values }] of chunksOf(opened, column).entries()) {
    const entries = await decoded(opened, column, group);
    const numbers = new Numbers(type, values);
    for (const entry of entries) shape.add(entry, (value) => numbers.push(value));
    parts.push(numbers.blob());
    opened.onProgress(group + 1, opened.footer.groups.length);
  }
  return { name: column.name, type, shape: shape.get(), parts };
}

/** Plain columns of floats as the values of rows, in the widest of their types. */
async function sideBySide(opened: Opened, columns: readonly Wanted[]): Promise<Column> {
  const { file, footer } = opened;
  const type: Floats = columns.map(typeOf).reduce<Floats>((a, b) => (b && BYTES[b] > BYTES[a] ? b : a), 'F16');
  const parts: Blob[] = [];
  let rows = 0;
  for (const [group, { rows: entries }] of footer.groups.entries()) {
    const values: Entries[] = [];
    for (const column of columns) values.push(await decoded(opened, column, group));
    const numbers = new Numbers(type, entries * columns.length);
    for (let i = 0; i < entries; i++) {
      for (const [c, each] of values.entries()) {
        const value = each[i];
        // An empty cell of a data frame is not a number.
        if (value !== null && typeof value !== 'number') {
          throw new Failure(`${file.name}: column “${columns[c]?.name}” holds no number in row ${rows + i}`, 'format');
        }
        numbers.push(value ?? Number.NaN);
      }
    }
    rows += entries;
    parts.push(numbers.blob());
    opened.onProgress(group + 1, footer.groups.length);
  }
  const [first, last] = [columns[0]?.name, columns.at(-1)?.name];
  return { name: `${first} … ${last}`, type, shape: [rows, columns.length], parts };
}

// --- tokens ----------------------------------------------------------------------------------------------------

async function wordsOf(opened: Opened, column: Wanted): Promise<Words | undefined> {
  if (column.levels > 1) return undefined;
  checkSize(opened, [column]);
  const flat: string[] = [];
  const sequences: string[][] = [];
  for (const group of opened.footer.groups.keys()) {
    const entries = await decoded(opened, column, group);
    for (const entry of entries) {
      if (column.levels === 0) flat.push(textOf(entry));
      else sequences.push(isList(entry) ? Array.from(entry, textOf) : []);
    }
  }
  const nested = column.levels > 0;
  return { column: column.name, sequences: nested ? sequences : [flat], nested };
}

function textOf(token: unknown): string {
  return typeof token === 'string' || typeof token === 'number' || typeof token === 'bigint' ? String(token) : '';
}
