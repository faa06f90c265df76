// Features and curves as CSV.

import type { EpochReport } from 'splinterp';
import { csvOf } from '../../../../kit/csv';
import type { FeatureSummary } from '../../protocol';
import type { Note } from '../notes';
import { findingOf } from './findings';

/** A line for each feature, by its number; columns as the crate calls them. */
export function featuresCsv(summary: FeatureSummary, noted: ReadonlyMap<number, Note>): string {
  const features = Array.from(summary.table.density, (_, feature) => findingOf(summary, feature, noted));
  return csvOf(features.map((finding) => ({ ...finding })));
}

/** A line for each epoch of each run. */
export function curvesCsv(runs: readonly { name: string; reports: readonly EpochReport[] }[]): string {
  return csvOf(runs.flatMap(({ name, reports }) => reports.map((report) => ({ run: name, ...report }))));
}
