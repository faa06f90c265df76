// The ablations of the paper's LLM experiment as plans: SGD and PAM-SGD for each setting.

import type { TrainOptions } from 'splinterp';
import { Failure } from '../../../kit/failure';
import { measured } from '../../../kit/format';
import { titleOf } from '../../../kit/runs';
import type { ExperimentRequest } from '../../../lab/experiments/protocol';
import type { Contestant, Plan, Rows, Setting } from '../../../lab/worker/experiments';
import type { ActivationsConfig } from '../settings';
import { methods, type Method } from '../methods';
import { proposedSizes } from './sizes';

/** Numbers of active latents, for the paper's 4 096 latents; they are scaled to those of the run. */
const PAPER_K = [15, 20, 40, 80, 160, 320, 640, 1280];
const PAPER_LATENTS = 4096;
const SHARES = [1, 5, 10, 25, 40, 45, 50, 65, 75, 85, 100];
const DECAYS = [0, 1e-5, 1e-4, 1e-3, 1e-2];
const PULLS = [0, 1e-4, 1e-3, 1e-2, 1e-1, 1];
const UPDATES = [1, 3, 5, 10];
/** Weights of l1 at which ReLU is tried beside TopK. */
const RELU_L1 = [0, 1e-3, 1e-2];

function settingsOf(figure: string, dSae: number, k: number): Setting[] {
  switch (figure) {
    case 'updates':
      return UPDATES.map((updatesPerBatch) => ({
        label: String(updatesPerBatch),
        options: { updatesPerBatch },
      }));
    case 'share':
      return SHARES.map((share) => ({ label: `${share} %`, share: share / 100 }));
    case 'activation':
      return [
        { label: `TopK ${k}`, options: { activation: { kind: 'topk', k, by: 'magnitude' } } },
        ...RELU_L1.map((l1) => ({ label: `ReLU, l1 ${l1}`, options: { activation: { kind: 'relu' as const }, l1 } })),
      ];
    case 'decay':
      return DECAYS.map((weightDecay) => ({ label: measured(weightDecay), options: { weightDecay } }));
    case 'proximal':
      return PULLS.map((pull) => ({
        label: measured(pull),
        options: { muEnc: pull, nuEnc: pull, muDec: pull, nuDec: pull },
      }));
    case 'k':
      return scaledK(dSae).map((active) => ({
        label: String(active),
        options: { activation: { kind: 'topk', k: active, by: 'magnitude' } },
      }));
    default:
      throw new Failure(`'${figure}' is no ablation of this lab`, 'option');
  }
}

/** The paper's numbers of active latents in proportion; those that fall together are run once. */
export function scaledK(dSae: number): number[] {
  return [...new Set(PAPER_K.map((k) => Math.max(1, Math.round((k * dSae) / PAPER_LATENTS))))];
}

/** The plan of an ablation on the rows of a session; `data` names them. */
export function planOf<D extends Rows>(
  { figure, seeds, epochs }: ExperimentRequest,
  config: ActivationsConfig,
  data: Pick<Plan<D>, 'train' | 'list'> & { name: string; optionsOf: (method: Method) => TrainOptions },
): Plan<D> {
  const preset = config.recipe === 'own' ? undefined : config.recipe;
  const base = data.optionsOf('pam');
  const k = base.activation.kind === 'topk' ? base.activation.k : proposedSizes(0, base.dSae).k;
  return {
    data: data.name,
    train: data.train,
    list: data.list,
    settings: settingsOf(figure, base.dSae, k),
    contestants: methods.map((run): Contestant => ({ run, label: titleOf(run), options: data.optionsOf(run), preset })),
    share: config.share / 100,
    epochs,
    seeds: Array.from({ length: seeds }, (_, i) => config.seed + i),
  };
}
