// Parquet files of one column, written value by value, so that any of them may be a lie.

import { varint } from './mutations';

/** A value of Thrift's compact protocol: a number, a text, a list of one type, a struct by field, or bytes as they are. */
export type Thrift =
  bigint | number | boolean | string | Thrift[] | { [field: number]: Thrift } | { raw: number[]; type: number };

const [TRUE, FALSE, I32, I64, BINARY, LIST, STRUCT] = [1, 2, 5, 6, 8, 9, 12];

function typeOf(value: Thrift): number {
  if (typeof value === 'boolean') return value ? TRUE : FALSE;
  if (typeof value === 'number') return I32;
  if (typeof value === 'bigint') return I64;
  if (typeof value === 'string') return BINARY;
  if (Array.isArray(value)) return LIST;
  return 'raw' in value ? value.type : STRUCT;
}

function zigzag(value: bigint): number[] {
  return varint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
}

export function thrift(value: Thrift): number[] {
  if (typeof value === 'boolean') return [];
  if (typeof value === 'number' || typeof value === 'bigint') return zigzag(BigInt(value));
  if (typeof value === 'string') return [...varint(BigInt(value.length)), ...new TextEncoder().encode(value)];
  if (Array.isArray(value)) {
    const [first = 0] = value;
    return [0xf0 | typeOf(first), ...varint(BigInt(value.length)), ...value.flatMap(thrift)];
  }
  if ('raw' in value) return value.raw;
  let last = 0;
  const fields = Object.entries(value as Record<number, Thrift>).flatMap(([field, each]) => {
    const step = Number(field) - last;
    last = Number(field);
    return [(step << 4) | typeOf(each), ...thrift(each)];
  });
  return [...fields, 0];
}

/** How a column is described, with what is usual for what is not said. */
export interface Column {
  /** Physical: 4 is float, 6 text. */
  type: number;
  optional: boolean;
  /** 0 none, 1 snappy, 2 gzip, 5 Hadoop's LZ4, 6 ZSTD. */
  codec: number;
  rows: bigint;
  values: bigint;
  unpacked: bigint;
  name: string;
}

/** A page of the first version: its values, the encoding of these, and its bytes, which unpack to `size`. */
export function page(values: number, bytes: number[], encoding = 0, size = bytes.length): number[] {
  return [...thrift({ 1: 0, 2: size, 3: bytes.length, 5: { 1: values, 2: encoding, 3: 3, 4: 3 } }), ...bytes];
}

export function dictionary(values: number, bytes: number[]): number[] {
  return [...thrift({ 1: 2, 2: bytes.length, 3: bytes.length, 7: { 1: values, 2: 0 } }), ...bytes];
}

/** Two columns of the same pages, so that they are rows of two values. */
export function parquet(pages: number[], about: Partial<Column> = {}): Uint8Array<ArrayBuffer> {
  const { type, optional, codec, rows, values, unpacked } = {
    ...{ type: 4, optional: false, codec: 0, rows: 4n, values: 4n, unpacked: 2n ** 20n },
    ...about,
  };
  const names = about.name === undefined ? ['a', 'b'] : ['a', 'b', about.name];
  const schema: Thrift[] = [{ 4: 'schema', 5: names.length }];
  const chunks: Thrift[] = [];
  const floats = page(4, floatBytes([1, 2, 3, 4]));
  const bytes = [0x50, 0x41, 0x52, 0x31];
  for (const name of names) {
    // Beside a column by name the others are as they should be.
    const usual = about.name !== undefined && name !== about.name;
    const own = usual ? floats : pages;
    schema.push({ 1: usual ? 4 : type, 3: optional && !usual ? 1 : 0, 4: name });
    const size = BigInt(own.length);
    const at = BigInt(bytes.length);
    const meta = { 1: usual ? 4 : type, 2: [0], 3: [name], 4: usual ? 0 : codec, 5: usual ? 4n : values };
    chunks.push({ 2: at, 3: { ...meta, 6: usual ? size : unpacked, 7: size, 9: at } });
    bytes.push(...own);
  }
  return withFooter(bytes, thrift({ 1: 1, 2: schema, 3: rows, 4: [{ 1: chunks, 2: 0n, 3: rows }] }));
}

/** A file of those bytes and that footer. */
export function withFooter(bytes: number[], footer: number[]): Uint8Array<ArrayBuffer> {
  const length = new Uint8Array(Uint32Array.of(footer.length).buffer);
  return Uint8Array.from([...bytes, ...footer, ...length, 0x50, 0x41, 0x52, 0x31]);
}

export function floatBytes(values: readonly number[]): number[] {
  return [...new Uint8Array(Float32Array.from(values).buffer)];
}
