// Gives features and curves away as files. Loaded when one is asked for.

import { paintOne } from '../../../../kit/paint';
import { titleOf } from '../../../../kit/runs';
import { greyTable } from '../../../../kit/theme';
import type { ActivationsLab } from '../../lab';
import type { FeatureContext, FeatureDetail, FeatureSummary, ShownRow } from '../../protocol';
import type { Note } from '../notes';
import { curvesCsv, featuresCsv } from './csv';
import { findingOf, type DetailedFinding, type Findings } from './findings';
import { neuronpediaJson } from './neuronpedia';
import { pageOf } from './page';

export type Kind = 'page' | 'json' | 'features' | 'curves';

/** Tokens of a context that are given, of the top activating examples and of others. */
const MANY_TOKENS = 65;
const FEW_TOKENS = 17;

/** What features are shared of. */
interface Shared {
  summary: FeatureSummary;
  /** Features in the order of the list; the first so many are given with their examples. */
  order: Uint32Array;
  most: number;
  noted: ReadonlyMap<number, Note>;
}

/** The file, or nothing where the worker could not answer. */
export async function fileOf(
  kind: Kind,
  lab: ActivationsLab,
  { summary, order, most, noted }: Shared,
): Promise<{ name: string; content: Blob } | undefined> {
  const { session } = lab;
  if (!session) return undefined;
  const stem = `${session.info.data.name.replace(/\.[^.]*$/, '').replaceAll(/[^\w.-]+/g, '-')}-${summary.model}`;
  if (kind === 'features') return csv(`${stem}-features.csv`, featuresCsv(summary, noted));
  if (kind === 'curves') return csv(`${stem}-curves.csv`, curvesCsv(session.runs));
  const features: DetailedFinding[] = [];
  for (const feature of order.subarray(0, most)) {
    const detail = await lab.ask((worker) => worker.feature(summary.measurement, feature), 'missing');
    if (!detail) return undefined;
    const contexts = await contextsOf(lab, summary, detail);
    features.push({ ...findingOf(summary, feature, noted), detail, contexts });
  }
  const imported = summary.model === 'imported';
  const { data } = session.info;
  const findings: Findings = {
    model: imported ? 'The imported SAE' : titleOf(summary.model),
    epoch: summary.epoch,
    report: imported ? undefined : session.run(summary.model)?.reports.at(-1),
    data,
    latents: summary.table.density.length,
    rows: summary.rows,
    sampledRows: summary.sampledRows,
    address: location.href,
    features,
  };
  if (kind === 'json') {
    const content = new Blob([neuronpediaJson(findings)], { type: 'application/json' });
    return { name: `${stem}-features.json`, content };
  }
  const picture = (pixels: Uint8ClampedArray): string => {
    const canvas = document.createElement('canvas');
    const { width, height } = data.image ?? { width: 1, height: 1 };
    paintOne(canvas, pixels, width, height, greyTable());
    return canvas.toDataURL();
  };
  return { name: `${stem}-features.html`, content: new Blob([pageOf(findings, picture)], { type: 'text/html' }) };
}

/** Examples in their sequences: the strongest alone where codes were let go, so that every row is encoded once more. */
async function contextsOf(
  lab: ActivationsLab,
  { measurement, rows, sampledRows }: FeatureSummary,
  { feature, top, intervals }: FeatureDetail,
): Promise<ReadonlyMap<number, FeatureContext>> {
  const found = new Map<number, FeatureContext>();
  const take = async (examples: readonly ShownRow[], most: number): Promise<void> => {
    const known = examples.flatMap(({ row, sequence }) => (sequence === undefined ? [] : [row]));
    if (known.length === 0) return;
    const contexts = await lab.ask((worker) => worker.contexts(measurement, feature, known, most), 'missing');
    for (const context of contexts ?? []) if (context) found.set(context.row, context);
  };
  const isComplete = sampledRows === rows;
  if (isComplete)
    await take(
      intervals.flatMap((interval) => interval.rows),
      FEW_TOKENS,
    );
  await take(isComplete ? top : top.slice(0, 1), MANY_TOKENS);
  return found;
}

function csv(name: string, text: string): { name: string; content: Blob } {
  return { name, content: new Blob([text], { type: 'text/csv' }) };
}
