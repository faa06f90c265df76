// The measures of a model as a page shows and writes them; `Sae.quality` of the crate computes them.

import type { Quality, Reconstruction } from 'splinterp';
import { csvOf } from '../../kit/csv';
import { measured, percent } from '../../kit/format';

/** A model that was measured, on rows that it was not trained on. */
export interface MeasuredModel {
  readonly name: string;
  readonly title: string;
  /** Epochs that it had done; nothing of an imported one. */
  readonly epoch: number | undefined;
  /** What the units are called in which it reads rows. */
  readonly units: string;
  readonly quality: Quality;
}

interface Figure<Of> {
  /** Its name in tests. */
  readonly key: string;
  readonly name: string;
  readonly meaning: string;
  readonly show: (of: Of) => string;
}

export const reconstructionFigures: readonly Figure<Reconstruction>[] = [
  { key: 'mse', name: 'MSE', meaning: 'mean of (x − x̂)²', show: ({ mse }) => measured(mse) },
  { key: 'fvu', name: 'FVU', meaning: 'variance unexplained', show: ({ fvu }) => measured(fvu) },
  { key: 'cosine', name: 'Cosine', meaning: 'of x and x̂', show: ({ cosine }) => measured(cosine) },
  { key: 'l2Ratio', name: 'L2 ratio', meaning: '|x̂| / |x|', show: ({ l2Ratio }) => measured(l2Ratio) },
  {
    key: 'relativeBias',
    name: 'Relative bias',
    meaning: 'mean |x̂|² / mean x·x̂',
    show: ({ relativeBias }) => measured(relativeBias),
  },
];

export const codeFigures: readonly Figure<Quality>[] = [
  { key: 'l0', name: 'L0', meaning: 'active latents', show: ({ l0 }) => measured(l0) },
  { key: 'l1', name: 'L1', meaning: 'Σ|z|', show: ({ l1 }) => measured(l1) },
  { key: 'dead', name: 'Dead', meaning: 'active on no row', show: ({ deadShare }) => percent(deadShare) },
  {
    key: 'dense 1',
    name: 'Dense, 1 %',
    meaning: 'active on more rows',
    show: ({ denseShare1 }) => percent(denseShare1),
  },
  {
    key: 'dense 10',
    name: 'Dense, 10 %',
    meaning: 'active on more rows',
    show: ({ denseShare10 }) => percent(denseShare10),
  },
];

/** What the units of data are called that are as they are stored. */
export const STORED = 'as stored';

/** The units in which a model is measured: those that it reads, and those of the data, where they are others. */
export function unitsOf({ units }: MeasuredModel): readonly { key: 'normalised' | 'stored'; name: string }[] {
  const stored = { key: 'stored', name: STORED } as const;
  return units === STORED ? [stored] : [{ key: 'normalised', name: units }, stored];
}

/** A line for each model and its units; columns as the crate calls them. */
export function qualityCsv(models: readonly MeasuredModel[]): string {
  return csvOf(
    models.flatMap((model) => {
      const { name, epoch, quality } = model;
      const { rows, l0, l1, deadShare, denseShare1, denseShare10 } = quality;
      const codes = { rows, l0, l1, deadShare, denseShare1, denseShare10 };
      return unitsOf(model).map((units) => ({
        ...{ model: name, epoch, units: units.name },
        ...quality[units.key],
        ...codes,
      }));
    }),
  );
}
