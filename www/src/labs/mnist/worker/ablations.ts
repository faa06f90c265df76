// The figures of the paper's experiment 2 as plans: four runs at every setting of an ablation.

import { Failure } from '../../../kit/failure';
import { catalogue, type CatalogueRun } from '../../../kit/runs';
import { measured } from '../../../kit/format';
import type { ExperimentRequest } from '../../../lab/experiments/protocol';
import type { Contestant, Plan, Rows, Setting } from '../../../lab/worker/experiments';
import type { MnistConfig } from '../settings';
import { shares } from '../shares';
import { optionsBefore } from './contestants';

const contestants: readonly CatalogueRun[] = ['sgd-tied', 'sgd-untied', 'pam-script', 'pam-recommended'];
const UPDATES = [1, 3, 5, 10];
/** Of weight decay, and of μ and ν. */
const WEIGHTS = [0, 1e-5, 1e-4, 1e-3, 1e-2];

function settingsOf(figure: string, epochs: number): Setting[] {
  switch (figure) {
    case 'share':
      // As the paper's script: twice as many epochs on the whole set.
      return shares.map((share) => ({
        label: `${share} %`,
        share: share / 100,
        epochs: share === 100 ? 2 * epochs : epochs,
      }));
    case 'updates':
      return UPDATES.map((updatesPerBatch) => ({ label: String(updatesPerBatch), options: { updatesPerBatch } }));
    case 'decay':
      return WEIGHTS.map((weightDecay) => ({ label: measured(weightDecay), options: { weightDecay } }));
    case 'proximal':
      return WEIGHTS.map((pull) => ({
        label: measured(pull),
        options: { muEnc: pull, nuEnc: pull, muDec: pull, nuDec: pull },
      }));
    default:
      throw new Failure(`'${figure}' is no figure of this lab`, 'option');
  }
}

/** The plan of a figure on the images of a session; `data` names them. */
export function planOf<D extends Rows>(
  { figure, activation, seeds, epochs }: ExperimentRequest,
  config: MnistConfig,
  data: Pick<Plan<D>, 'train' | 'list'> & { name: string },
): Plan<D> {
  const form = { ...config, activation: activation ?? config.activation };
  return {
    data: data.name,
    train: data.train,
    list: data.list,
    settings: settingsOf(figure, epochs),
    contestants: contestants.map((run): Contestant => {
      const { name: label, preset } = catalogue[run];
      const recommended = preset === 'recommended' ? preset : undefined;
      return { run, label, options: optionsBefore(form, run), preset: recommended };
    }),
    share: config.share / 100,
    epochs,
    seeds: Array.from({ length: seeds }, (_, i) => config.seed + i),
  };
}
