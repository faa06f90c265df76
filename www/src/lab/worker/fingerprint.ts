// By what data is known again: rows of files are not told apart by a file's name alone.

/** Rows that are looked at, evenly spaced. */
const ROWS = 64;

/** Of FNV-1a, 32 bits. */
const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** A short text that differs, but for chance, where the values do. */
export function hashOf(values: Float32Array): string {
  let hash = OFFSET;
  for (const byte of new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) {
    hash = Math.imul(hash ^ byte, PRIME);
  }
  return (hash >>> 0).toString(16);
}

/** A short text that differs, but for chance, where the sizes or some of the rows looked at differ. */
export function fingerprint(data: { rows: number; rowsAt(rows: Uint32Array): Float32Array }): string {
  const count = Math.min(ROWS, data.rows);
  const values = data.rowsAt(Uint32Array.from({ length: count }, (_, i) => Math.floor((i * data.rows) / count)));
  return `${data.rows} ${values.length} ${hashOf(values)}`;
}
