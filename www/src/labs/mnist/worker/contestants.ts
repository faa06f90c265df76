// What each run of the catalogue trains with, given the settings of the page.

import type { TrainOptions } from 'splinterp/lab';
import { catalogue, type CatalogueRun } from '../../../kit/runs';
import { trainOptions } from '../../../lab/worker/options';
import type { MnistConfig } from '../settings';
import { crate } from './crate';

/** Options of a run by the form alone, or by the paper's script where the run is the paper's. */
export function optionsBefore(config: MnistConfig, run: CatalogueRun): TrainOptions {
  const kind = catalogue[run];
  const options: TrainOptions = { ...trainOptions(config, kind, config.dSae, config.k), backend: config.compute };
  if (kind.preset !== 'paper-mnist') return options;
  // The form begins with the script's step size and batch, and goes on from there.
  const { lr, batch: batchSize } = config;
  return { ...crate().Trainer.preset(options, kind.preset, 1, 1), lr, batchSize };
}

/** Options of a run of so many epochs on so many rows. */
export function runOptions(config: MnistConfig, run: CatalogueRun, rows: number, epochs: number): TrainOptions {
  const { Trainer, withVariants } = crate();
  let options = optionsBefore(config, run);
  if (catalogue[run].preset === 'recommended') options = Trainer.preset(options, 'recommended', rows, epochs);
  return withVariants?.(options, config.variants, rows, epochs) ?? options;
}
