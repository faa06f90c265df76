// Features and curves as CSV (RFC 4180).

import type { EpochReport } from 'splinterp';
import type { FeatureSummary } from '../../protocol';
import { findingOf } from './findings';

/** A line for each feature, by its number; columns as the crate calls them. */
export function featuresCsv(summary: FeatureSummary): string {
  const features = Array.from(summary.table.density, (_, feature) => findingOf(summary, feature));
  return table(features.map((finding) => ({ ...finding })));
}

/** A line for each epoch of each run. */
export function curvesCsv(runs: readonly { name: string; reports: readonly EpochReport[] }[]): string {
  return table(runs.flatMap(({ name, reports }) => reports.map((report) => ({ run: name, ...report }))));
}

function table(lines: readonly Record<string, unknown>[]): string {
  const columns = [...new Set(lines.flatMap((line) => Object.keys(line)))];
  const rows = lines.map((line) => columns.map((column) => cell(line[column])).join(','));
  return [columns.join(','), ...rows].map((row) => `${row}\r\n`).join('');
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
