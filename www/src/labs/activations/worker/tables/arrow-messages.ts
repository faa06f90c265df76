// Arrow's inter-process format, stream and file: messages one after another, each a flatbuffer of metadata and a body.
// Only the metadata is read here; it says where in the file the values lie. https://arrow.apache.org/docs/format/Columnar.html

import { BodyCompressionMethod } from 'apache-arrow/fb/body-compression-method';
import { CompressionType } from 'apache-arrow/fb/compression-type';
import { Endianness } from 'apache-arrow/fb/endianness';
import type { Field as FieldMetadata } from 'apache-arrow/fb/field';
import { FixedSizeBinary } from 'apache-arrow/fb/fixed-size-binary';
import { FixedSizeList } from 'apache-arrow/fb/fixed-size-list';
import { FloatingPoint } from 'apache-arrow/fb/floating-point';
import { Int } from 'apache-arrow/fb/int';
import { Message } from 'apache-arrow/fb/message';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { RecordBatch } from 'apache-arrow/fb/record-batch';
import { Schema } from 'apache-arrow/fb/schema';
import { Type } from 'apache-arrow/fb/type';
import { ByteBuffer } from 'flatbuffers';
import { Failure, messageOf } from '../../../../kit/failure';

export { Type };

/** Stands before each message; older files leave it out. */
const CONTINUATION = 0xffffffff;
/** Metadata of a message is some kilobytes; a wide schema takes some hundred. */
const LONGEST_METADATA = 2 ** 26;
/** Metadata say of each column and of each buffer two numbers; of columns of views one. */
const LEAST_BYTES_OF_ONE = 8;
/** A schema may nest so deep and have so many fields. */
const DEEPEST = 16;
const MOST_FIELDS = 10_000;

/** A column or a part of one, by the schema. */
export interface Field {
  name: string;
  type: Type;
  /** Values to a list of fixed size, else 0. */
  size: number;
  /** Bits of a number, else 0. */
  bits: number;
  /** Whether a whole number has a sign. */
  signed: boolean;
  /** Whether its values are numbers of entries in a dictionary. */
  dictionary: boolean;
  children: readonly Field[];
  /** What extension types write beside it. */
  metadata: ReadonlyMap<string, string>;
}

/** What buffers of a batch are packed with. */
export type Codec = 'LZ4_FRAME' | 'ZSTD';

/** A range of bytes of the file. */
export interface Region {
  at: number;
  bytes: number;
}

/** A batch of rows: for each field in the schema's order its length and nulls, and its buffers. */
export interface Batch {
  /** Which of the file, from 0. */
  number: number;
  rows: number;
  nodes: readonly { length: number; nulls: number }[];
  buffers: readonly Region[];
  /** Further buffers of columns of views. */
  variadic: readonly number[];
  /** Of all its buffers; nothing where they are as they are. */
  codec: Codec | undefined;
}

/** The schema of a file and its batches of rows, in their order. */
export async function readMessages(file: File): Promise<{ fields: Field[]; batches: Batch[] }> {
  let fields: Field[] | undefined;
  const batches: Batch[] = [];
  let at = await startOf(file);
  for (;;) {
    const metadata = await metadataAt(file, at);
    if (!metadata) break;
    try {
      const message = Message.getRootAsMessage(new ByteBuffer(metadata.bytes));
      const body = { at: metadata.end, bytes: Number(message.bodyLength()) };
      const end = body.at + body.bytes;
      if (body.bytes < 0 || end > file.size) throw cut(file, at, end - at);
      const header = headerOf(message);
      if (header instanceof Schema) fields = fieldsOf(file, header);
      else if (header instanceof RecordBatch) {
        batches.push(batchOf(file, header, body, { number: batches.length, bytes: metadata.bytes.length }));
      }
      at = end;
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure(`${file.name}: its message at byte ${at} cannot be read: ${messageOf(error)}`, 'format');
    }
  }
  if (!fields) throw new Failure(`${file.name}: ends before its schema`, 'format');
  return { fields, batches };
}

/** A file begins and ends with a magic word, a stream with its first message. */
async function startOf(file: File): Promise<number> {
  const magic = 'ARROW1';
  if ((await file.slice(0, magic.length).text()) !== magic) return 0;
  if ((await file.slice(-magic.length).text()) !== magic) {
    throw new Failure(`${file.name}: does not end with ${magic}: it was cut short at byte ${file.size}`, 'format');
  }
  return 8;
}

/** The metadata of the message at a byte, and where they end; nothing after the last. */
async function metadataAt(
  file: File,
  at: number,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; end: number } | undefined> {
  const start = new DataView(await file.slice(at, at + 8).arrayBuffer());
  if (start.byteLength === 0) return undefined;
  if (start.byteLength < 4) throw cut(file, at, 4);
  const continued = start.getUint32(0, true) === CONTINUATION;
  if (continued && start.byteLength < 8) throw cut(file, at, 8);
  const length = start.getUint32(continued ? 4 : 0, true);
  if (length === 0) return undefined;
  const from = at + (continued ? 8 : 4);
  if (length > LONGEST_METADATA) {
    throw new Failure(
      `${file.name}: its message at byte ${at} claims ${length} bytes of metadata, expected at most ${LONGEST_METADATA}`,
      'format',
    );
  }
  if (from + length > file.size) throw cut(file, at, from + length - at);
  return { bytes: new Uint8Array(await file.slice(from, from + length).arrayBuffer()), end: from + length };
}

function cut(file: File, at: number, bytes: number): Failure {
  const what = `its message at byte ${at} reaches to byte ${at + bytes}, and the file ends at byte ${file.size}`;
  return new Failure(`${file.name}: ${what}: it was cut short`, 'format');
}

/** A schema or a batch; dictionaries and tensors are passed over. */
function headerOf(message: Message): Schema | RecordBatch | undefined {
  const type = message.headerType();
  const header = type === MessageHeader.Schema ? new Schema() : new RecordBatch();
  if (type !== MessageHeader.Schema && type !== MessageHeader.RecordBatch) return undefined;
  if (message.header(header) === null) throw new Error('it has no header');
  return header;
}

function fieldsOf(file: File, schema: Schema): Field[] {
  if (schema.endianness() !== Endianness.Little) {
    throw new Failure(`${file.name}: its numbers are big-endian, expected little-endian`, 'format');
  }
  let left = MOST_FIELDS;
  let bytesLeft = LONGEST_METADATA;
  // Several may point to one text, which a file holds once.
  const text = (found: string | null | undefined): string => {
    bytesLeft -= found?.length ?? 0;
    if (bytesLeft < 0) throw new Failure(`${file.name}: the names of its schema are too long`, 'format');
    return found ?? '';
  };
  const read = (field: FieldMetadata | null, depth: number): Field => {
    left -= 1;
    if (!field || left < 0 || depth > DEEPEST) {
      const most = `at most ${MOST_FIELDS} fields in ${DEEPEST} levels`;
      throw new Failure(`${file.name}: its schema is damaged or too large, expected ${most}`, 'format');
    }
    const children: Field[] = [];
    for (let i = 0; i < field.childrenLength(); i++) children.push(read(field.children(i), depth + 1));
    const metadata = new Map<string, string>();
    for (let i = 0; i < field.customMetadataLength() && left > 0; i++, left--) {
      const pair = field.customMetadata(i);
      metadata.set(text(pair?.key()), text(pair?.value()));
    }
    const dictionary = field.dictionary() !== null;
    return { name: text(field.name()), type: field.typeType(), ...sizesOf(field), dictionary, children, metadata };
  };
  const fields: Field[] = [];
  for (let i = 0; i < schema.fieldsLength(); i++) fields.push(read(schema.fields(i), 0));
  return fields;
}

function sizesOf(field: FieldMetadata): Pick<Field, 'size' | 'bits' | 'signed'> {
  const [lists, bytes, float, int] = [new FixedSizeList(), new FixedSizeBinary(), new FloatingPoint(), new Int()];
  const of = new Map<Type, typeof lists | typeof bytes | typeof float | typeof int>([
    [Type.FixedSizeList, lists],
    [Type.FixedSizeBinary, bytes],
    [Type.FloatingPoint, float],
    [Type.Int, int],
  ]).get(field.typeType());
  if (of && field.type(of) === null) throw new Error(`its column “${field.name() ?? ''}” has no type`);
  switch (of) {
    case lists:
      return { size: lists.listSize(), bits: 0, signed: false };
    case bytes:
      return { size: bytes.byteWidth(), bits: 0, signed: false };
    case float:
      // Half, single and double are 0, 1 and 2.
      return { size: 0, bits: 16 << float.precision(), signed: true };
    case int:
      return { size: 0, bits: int.bitWidth(), signed: int.isSigned() };
    default:
      return { size: 0, bits: 0, signed: false };
  }
}

/** A batch by its metadata, which are so many bytes. */
function batchOf(
  file: File,
  batch: RecordBatch,
  body: Region,
  { number, bytes: metadata }: { number: number; bytes: number },
): Batch {
  const [nodes, buffers, views] = [batch.nodesLength(), batch.buffersLength(), batch.variadicBufferCountsLength()];
  const most = Math.floor(metadata / LEAST_BYTES_OF_ONE);
  if (Math.max(nodes, buffers, views) > most) {
    const what = `claims ${nodes} lengths and ${Math.max(buffers, views)} buffers`;
    throw new Failure(
      `${file.name}: batch ${number} ${what}, more than its metadata hold (${metadata} bytes)`,
      'format',
    );
  }
  return {
    number,
    rows: Number(batch.length()),
    nodes: Array.from({ length: nodes }, (_, i) => {
      const node = batch.nodes(i);
      return { length: Number(node?.length() ?? 0), nulls: Number(node?.nullCount() ?? 0) };
    }),
    buffers: Array.from({ length: buffers }, (_, i) => {
      const buffer = batch.buffers(i);
      const [offset, bytes] = [Number(buffer?.offset() ?? 0), Number(buffer?.length() ?? 0)];
      if (offset < 0 || bytes < 0 || offset + bytes > body.bytes) {
        const where = `bytes ${offset} to ${offset + bytes} of a body of ${body.bytes}`;
        throw new Failure(`${file.name}: buffer ${i} of batch ${number} lies at ${where}`, 'format');
      }
      return { at: body.at + offset, bytes };
    }),
    variadic: Array.from({ length: views }, (_, i) => Number(batch.variadicBufferCounts(i) ?? 0)),
    codec: codecOf(file, batch, number),
  };
}

function codecOf(file: File, batch: RecordBatch, number: number): Codec | undefined {
  const compression = batch.compression();
  if (!compression) return undefined;
  const codec = compression.codec();
  // There is one method, and a file may claim another.
  const method: number = compression.method();
  const byBuffer: number = BodyCompressionMethod.BUFFER;
  if (method === byBuffer && codec === CompressionType.LZ4_FRAME) return 'LZ4_FRAME';
  if (method === byBuffer && codec === CompressionType.ZSTD) return 'ZSTD';
  const what = `is compressed by codec ${codec}, method ${method}, expected buffers by LZ4 or ZSTD`;
  throw new Failure(`${file.name}: batch ${number} ${what}`, 'format');
}
