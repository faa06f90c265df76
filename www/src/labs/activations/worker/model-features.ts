// What a model's latents stand for on given rows: statistics, tokens, and the rows of one feature.

import { Features, type Dataset, type Sae } from 'splinterp';
import type { FeatureDetail, FeatureSummary, ModelName, ShownRow } from '../protocol';
import { fingerprintOf } from './fingerprint';
import { SAMPLE_COLS, type Known } from './sample';
import type { Source } from './source';
import type { Tokens } from './tokens';

/** Top activating examples of a feature. */
const TOP_ROWS = 12;
/** Tokens that a feature is called by, at most. */
const WORDS = 6;
/** Values shown of a row that has neither token nor picture. */
const VALUES = 6;

/** A model, measured. */
export interface Measured {
  features: Features;
  source: Source;
  summary: FeatureSummary;
}

/** How latents are measured. */
interface How {
  seed: number;
  /** By which the page will ask for the features. */
  measurement: number;
  onProgress: (done: number, total: number) => void;
  signal: AbortSignal;
}

/** Measures all latents of a model on all rows. */
export async function measure(
  { name, sae, epoch }: { name: ModelName; sae: Sae; epoch: number },
  source: Source,
  whole: Dataset,
  { seed, measurement, onProgress, signal }: How,
): Promise<Measured> {
  const features = await Features.measure(sae, whole, { seed, topRows: TOP_ROWS, signal }, onProgress);
  const words = Array.from({ length: features.count }, (_, i) => wordsOf(features.top(i).rows, source));
  const { known: made } = source.origin;
  const known = made ? closest(sae, whole, made) : [];
  const summary = {
    measurement,
    model: name,
    epoch,
    rows: features.rows,
    sampledRows: features.sampledRows,
    table: features.table(),
    fingerprint: fingerprintOf(sae),
    words,
    known,
  };
  return { features, source: source.hold(), summary };
}

/** The tokens of some rows, most frequent first, ties in their order. */
function wordsOf(rows: Uint32Array, source: Source): string {
  const { tokens } = source;
  if (!tokens) return '';
  const counts = new Map<string, number>();
  for (const row of rows) {
    const word = tokenAt(tokens, source, row)?.token;
    if (word !== undefined) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const ranked = [...counts].sort(([, a], [, b]) => b - a).slice(0, WORDS);
  return ranked.map(([word]) => word).join(' · ');
}

function tokenAt(tokens: Tokens, source: Source, row: number): ReturnType<Tokens['at']> {
  return tokens.at(source.rowNumbers[row] ?? row);
}

/** For each known direction the latent whose decoder row, in the units of the data, is most like it. */
function closest(sae: Sae, whole: Dataset, known: Known): FeatureSummary['known'] {
  const rows = inDataUnits(sae.parameters().W_dec, whole);
  const latents = rows.length / SAMPLE_COLS;
  return known.names.map((name, i) => {
    const direction = known.directions.subarray(i * SAMPLE_COLS, (i + 1) * SAMPLE_COLS);
    let best = { name, feature: 0, cosine: 0 };
    for (let feature = 0; feature < latents; feature++) {
      const cosine = alignment(direction, rows.subarray(feature * SAMPLE_COLS, (feature + 1) * SAMPLE_COLS));
      // The sign of a latent is free: a negative code turns its row round.
      if (Math.abs(cosine) > best.cosine) best = { name, feature, cosine: Math.abs(cosine) };
    }
    return best;
  });
}

/** Directions of the model's space, where dimensions may have been scaled, as directions of the data's. */
function inDataUnits(directions: Float32Array, whole: Dataset): Float32Array {
  const zero = whole.undoNormalisation(new Float32Array(whole.cols));
  return whole.undoNormalisation(directions).map((value, i) => value - (zero[i % whole.cols] ?? 0));
}

/** Cosine of a vector of length 1 and another; 0 for one of length 0. */
function alignment(unit: Float32Array, other: Float32Array): number {
  let product = 0;
  let squares = 0;
  for (let i = 0; i < unit.length; i++) {
    product += (unit[i] ?? 0) * (other[i] ?? 0);
    squares += (other[i] ?? 0) ** 2;
  }
  return squares > 0 ? product / Math.sqrt(squares) : 0;
}

/** One feature with its rows as they are shown. */
export function detailOf({ features, source, summary }: Measured, feature: number): FeatureDetail {
  const { histogram, top, intervals, inputs, byCosine, byCorrelation } = features.feature(feature);
  const named = [...byCosine.features, ...byCorrelation.features];
  return {
    feature,
    histogram,
    top: shown(top.rows, top.values, source),
    intervals: intervals.map(({ from, to, share, rows, values }) => ({
      from,
      to,
      share,
      rows: shown(rows, values, source),
    })),
    inputs,
    byCosine,
    byCorrelation,
    names: Object.fromEntries(named.map((other) => [other, summary.words[other] ?? ''])),
  };
}

/** The top activating examples of a feature as they are shown. */
export function topOf({ features, source }: Measured, feature: number): ShownRow[] {
  const { rows, values } = features.top(feature);
  return shown(rows, values, source);
}

function shown(rows: Uint32Array, codes: Float32Array, source: Source): ShownRow[] {
  const { cols, image } = source.info;
  const bare = source.tokens === undefined;
  const values = bare && rows.length > 0 ? source.data.rowsAt(rows) : undefined;
  return Array.from(rows, (row, i) => {
    const stored = values?.subarray(i * cols, (i + 1) * cols);
    const number = source.rowNumbers[row] ?? row;
    return {
      row: number,
      sequence: source.sequences?.extent(number)?.[0],
      value: codes[i] ?? 0,
      token: source.tokens ? tokenAt(source.tokens, source, row) : undefined,
      pixels: image && stored ? Uint8ClampedArray.from(stored) : undefined,
      values: image ? undefined : stored?.slice(0, VALUES),
    };
  });
}
