// What is known of a model's features, put together to be given away: as a page, as JSON, as CSV.

import type { EpochReport } from 'splinterp';
import type { DataInfo, FeatureContext, FeatureDetail, FeatureSummary } from '../../protocol';
import type { Note } from '../notes';

/** A feature with its number, the tokens it is called by, its statistics and its examples. */
export interface Finding {
  feature: number;
  /** The reader's own name and note. */
  name: string;
  note: string;
  words: string;
  density: number;
  mean: number;
  max: number;
  encoderNorm: number;
  decoderNorm: number;
  cosine: number;
  nearest: number;
  nearestCosine: number;
}

export interface DetailedFinding extends Finding {
  detail: FeatureDetail;
  /** Examples in their sequences, by row of the file, as far as these are known. */
  contexts: ReadonlyMap<number, FeatureContext>;
}

/** What was measured, on what. */
export interface Findings {
  /** PAM-SGD, or the imported SAE. */
  model: string;
  epoch: number;
  /** The run's last report, which an imported SAE has not. */
  report: EpochReport | undefined;
  data: DataInfo;
  /** Latents of the model. */
  latents: number;
  rows: number;
  /** Rows of which histograms and intervals are. */
  sampledRows: number;
  /** By which the same run is opened again. */
  address: string;
  features: readonly DetailedFinding[];
}

export function findingOf(
  { table, words }: FeatureSummary,
  feature: number,
  noted: ReadonlyMap<number, Note>,
): Finding {
  const { name = '', text = '' } = noted.get(feature) ?? {};
  const at = (values: Float32Array | Uint32Array): number => values[feature] ?? 0;
  return {
    feature,
    name,
    note: text,
    words: words[feature] ?? '',
    density: at(table.density),
    mean: at(table.mean),
    max: at(table.max),
    encoderNorm: at(table.encoderNorm),
    decoderNorm: at(table.decoderNorm),
    cosine: at(table.cosine),
    nearest: at(table.nearest),
    nearestCosine: at(table.nearestCosine),
  };
}
