// The footer of a Parquet file: its schema, and where in the file each column of each row group lies. A footer may have
// anything in the place of anything: only what is of its type goes on from here.

import { parquetMetadata, parquetSchema } from 'hyparquet';
import type { ColumnMetaData, FileMetaData, SchemaTree } from 'hyparquet';
import { Failure, messageOf } from '../../../../kit/failure';
import { endOfStruct } from './thrift';

/** The footer describes each column of each row group in about 200 bytes. */
const LONGEST_FOOTER = 2 ** 26;
/** Levels of a schema: lists of lists of lists have seven. */
const DEEPEST = 16;
/** The magic word at the end of a file, `PAR1`. */
const MAGIC = 0x31524150;

/** A column in a row group. */
export interface ChunkInfo {
  /** Names from the column in. */
  path: readonly string[];
  type: ColumnMetaData['type'];
  codec: string;
  values: number;
  /** Its first byte in the file, its bytes there, and once its pages are unpacked. */
  from: number;
  packed: number;
  unpacked: number;
}

export interface Footer {
  schema: SchemaTree;
  groups: readonly {
    rows: number;
    /** By the name of the column; where several are within one, the first of them. */
    columns: ReadonlyMap<string, ChunkInfo>;
  }[];
}

export async function footerOf(file: File): Promise<Footer> {
  const end = new DataView(await file.slice(-8).arrayBuffer());
  if (end.byteLength !== 8 || end.getUint32(4, true) !== MAGIC) {
    throw new Failure(`${file.name}: does not end with PAR1: it was cut short at byte ${file.size}`, 'format');
  }
  const length = end.getUint32(0, true);
  if (length > LONGEST_FOOTER || length + 12 > file.size) {
    const most = Math.min(LONGEST_FOOTER, file.size - 12);
    throw new Failure(`${file.name}: its footer claims ${length} bytes, expected at most ${most}`, 'format');
  }
  try {
    const bytes = await file.slice(file.size - 8 - length).arrayBuffer();
    endOfStruct(new DataView(bytes, 0, length), 0);
    const metadata = parquetMetadata(bytes, { geoparquet: false });
    checkDepth(metadata);
    const groups = metadata.row_groups.map(({ num_rows: rows, columns }, group) => {
      const chunks = columns.map(({ meta_data: about }) => chunkOf(about, group));
      const named = chunks.map((chunk) => [chunk.path[0] ?? '', chunk] as const).reverse();
      return { rows: whole(rows, group), columns: new Map(named) };
    });
    return { schema: parquetSchema(metadata), groups };
  } catch (error) {
    throw new Failure(`${file.name}: its footer cannot be read: ${messageOf(error)}`, 'format');
  }
}

/** A schema is a list in which each element says how many of the next are its children. */
function checkDepth({ schema }: FileMetaData): void {
  const open: number[] = [1];
  for (const { num_children: children = 0 } of schema) {
    while (open.at(-1) === 0) open.pop();
    open.push((open.pop() ?? 0) - 1);
    if (children > 0) open.push(children);
    if (open.length > DEEPEST) throw new Error(`its schema has more than ${DEEPEST} levels`);
  }
}

function chunkOf(about: ColumnMetaData | undefined, group: number): ChunkInfo {
  const path: unknown = about?.path_in_schema;
  if (!about || !Array.isArray(path) || !path.every((name) => typeof name === 'string')) {
    throw new Error(`row group ${group} has a column that is not described`);
  }
  const data = whole(about.data_page_offset, group);
  const dictionary = whole(about.dictionary_page_offset ?? 0, group);
  return {
    path,
    type: about.type,
    codec: about.codec,
    values: whole(about.num_values, group),
    from: dictionary > 0 && dictionary < data ? dictionary : data,
    packed: whole(about.total_compressed_size, group),
    unpacked: whole(about.total_uncompressed_size, group),
  };
}

/** A number of rows or of bytes. */
function whole(value: unknown, group: number): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`row group ${group} claims ${String(value)} rows, values or bytes`);
}
