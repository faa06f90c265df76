// The tables of docs/results, as pages take their numbers from them at build time.
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export type Row = Readonly<Record<string, string>>;

const docs = resolve(import.meta.dirname, '../docs');

/** A document of docs, such as `comparison.md`. */
export function document(name: string): string {
  return readFileSync(resolve(docs, name), 'utf8');
}

/** Names of the CSV files of docs/results that begin so, without what follows the dot. */
export const filesOf = (begin: string): string[] =>
  readdirSync(resolve(docs, 'results'))
    .filter((file) => file.startsWith(begin) && file.endsWith('.csv'))
    .map((file) => file.slice(0, -'.csv'.length));

/** The rows of a CSV file of docs/results, none of whose fields holds a comma. */
export function rowsOf(file: string): Row[] {
  const [header = '', ...lines] = document(`results/${file}.csv`).trim().split('\n');
  const names = header.split(',');
  return lines.map((line) => {
    const fields = line.split(',');
    return Object.fromEntries(names.map((key, i) => [key, fields[i] ?? '']));
  });
}

/** Escapes what goes into HTML. */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** Mean and sample standard deviation. */
export interface Spread {
  readonly mean: number;
  /** 0 of a single value. */
  readonly deviation: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}
