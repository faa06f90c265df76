// Formats of tables and shards, by the first bytes of a file.

export type Format = 'arrow' | 'parquet' | 'npy' | 'safetensors';

/** Metadata of the first message of an Arrow stream, its schema, is no longer. */
const LONGEST_SCHEMA = 2 ** 26;

export async function formatOf(file: Blob): Promise<Format | undefined> {
  const start = await file.slice(0, 9).arrayBuffer();
  const text = String.fromCharCode(...new Uint8Array(start));
  if (text.startsWith('ARROW1')) return 'arrow';
  if (text.startsWith('PAR1')) return 'parquet';
  if (text.startsWith('\x93NUMPY')) return 'npy';
  if (start.byteLength < 8) return undefined;
  const view = new DataView(start);
  if (view.getUint32(0, true) === 0xffffffff) {
    const length = view.getUint32(4, true);
    return length > 0 && length <= LONGEST_SCHEMA ? 'arrow' : undefined;
  }
  return text[8] === '{' && view.getUint32(4, true) < 256 ? 'safetensors' : undefined;
}
