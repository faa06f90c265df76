// Tables as CSV (RFC 4180).

/** Lines of named values; a column for every name, in the order in which they come first. */
export function csvOf(lines: readonly Record<string, unknown>[]): string {
  const columns = [...new Set(lines.flatMap((line) => Object.keys(line)))];
  const rows = lines.map((line) => columns.map((column) => cell(line[column])).join(','));
  return [columns.join(','), ...rows].map((row) => `${row}\r\n`).join('');
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
