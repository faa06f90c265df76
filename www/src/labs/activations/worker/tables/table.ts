// What files of tables and shards come to: columns of numbers whose bytes lie in parts of files, and the tokens beside
// them. Together they make one file in memory's stead, in the layout of safetensors, that the crate reads in slices as
// it reads any other: nothing is copied until its rows are loaded.

import { Failure } from '../../../../kit/failure';

/** Element types by their names in safetensors, with the bytes of one. */
export const ELEMENT_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const;

export type ElementType = keyof typeof ELEMENT_BYTES;

export function isElementType(name: string): name is ElementType {
  return Object.hasOwn(ELEMENT_BYTES, name);
}

/** An array whose first dimension goes on from part to part. */
export interface Column {
  name: string;
  type: ElementType;
  /** The last dimension is the width of a row; the others make rows. */
  shape: readonly number[];
  /** Little-endian, row-major. */
  parts: readonly Blob[];
}

/** Tokens of rows, by the sequences in which they stand. */
export interface Words {
  column: string;
  sequences: readonly (readonly string[])[];
  /** Whether its entries are lists, each of a sequence; else all tokens are one list, and of which texts is not known. */
  nested: boolean;
}

export interface Table {
  file: string;
  columns: readonly Column[];
  /** The tokens of its rows, where a column of that name holds them. */
  words: Words | undefined;
}

/** Names under which columns of tokens are known; the first that a table has is taken. */
export const TOKEN_COLUMNS: readonly string[] = [
  ...['tokens', 'token', 'str_tokens', 'words', 'word'],
  ...['token_ids', 'input_ids', 'token_id', 'ids'],
];

export function product(shape: readonly number[]): number {
  return shape.reduce((all, each) => all * each, 1);
}

/** `[4, 128, 384]` without the dimension that goes on from part to part. */
function inner(column: Column): string {
  return `${column.type.toLowerCase()} […, ${column.shape.slice(1).join(', ')}]`;
}

/** Shards as one table, in their order; all must have the columns of the first, of the same type and width. */
export function joined(name: string, tables: readonly Table[]): Table {
  const [first, ...others] = tables;
  if (!first) throw new Failure(`${name}: no shard was given`, 'files');
  if (others.length === 0) return { ...first, file: name };
  const columns = first.columns.map((column) => {
    const all = [column, ...others.map((table) => sameColumn(column, first, table))];
    return {
      ...column,
      shape: [all.reduce((rows, { shape }) => rows + (shape[0] ?? 0), 0), ...column.shape.slice(1)],
      parts: all.flatMap(({ parts }) => parts),
    };
  });
  const words = tables.map((table) => table.words);
  const complete = words.every((each) => each !== undefined);
  const column = first.words?.column;
  return {
    file: name,
    columns,
    words:
      complete && column !== undefined
        ? {
            column,
            sequences: words.flatMap(({ sequences }) => sequences),
            nested: words.every(({ nested }) => nested),
          }
        : undefined,
  };
}

function sameColumn(expected: Column, first: Table, table: Table): Column {
  const found = table.columns.find(({ name }) => name === expected.name);
  if (!found) {
    throw new Failure(`${table.file}: holds no array “${expected.name}”, which ${first.file} holds`, 'shape');
  }
  if (inner(found) !== inner(expected)) {
    throw new Failure(
      `${table.file}: its array “${found.name}” is ${inner(found)}, expected ${inner(expected)} as in ${first.file}`,
      'shape',
    );
  }
  return found;
}

/** The columns as a file of safetensors. */
export function asSafetensors({ file, columns }: Table): Blob {
  if (columns.length === 0) {
    throw new Failure(`${file}: holds no column of lists of float16, float32 or float64, which are rows`, 'format');
  }
  let end = 0;
  const entries = columns.map(({ name, type, shape, parts }) => {
    const from = end;
    end += product(shape) * ELEMENT_BYTES[type];
    const found = from + parts.reduce((bytes, { size }) => bytes + size, 0);
    if (!Number.isSafeInteger(end) || found !== end) {
      throw new Failure(`${file}: “${name}” has ${found - from} bytes, expected ${end - from}`, 'format');
    }
    return [name, { dtype: type, shape, data_offsets: [from, end] }] as const;
  });
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(header.length), true);
  return new Blob([length, header, ...columns.flatMap(({ parts }) => parts)]);
}
