// The ablations of the paper's LLM experiment as lists of runs: SGD and PAM-SGD for each setting.

import type { Experiment, TrainOptions } from 'splinterp';
import { methods, type Method } from '../../../lab/worker/protocol';
import { proposedSizes } from './options';
import type { Ablation, RunConfig } from '../protocol';

/** Settings of an ablation: what the table calls one, and what it changes. */
interface Setting {
  label: string;
  options?: Partial<TrainOptions>;
  share?: number;
}

/** Numbers of active latents, for the paper's 4 096 latents; they are scaled to those of the run. */
const PAPER_K = [15, 20, 40, 80, 160, 320, 640, 1280];
const PAPER_LATENTS = 4096;
const SHARES = [1, 5, 10, 25, 40, 45, 50, 65, 75, 85, 100];
const DECAYS = [0, 1e-5, 1e-4, 1e-3, 1e-2];
const PULLS = [0, 1e-4, 1e-3, 1e-2, 1e-1, 1];
const UPDATES = [1, 3, 5, 10];
/** Weights of l1 at which ReLU is tried beside TopK. */
const RELU_L1 = [0, 1e-3, 1e-2];

function settingsOf(ablation: Ablation, base: TrainOptions, k: number): Setting[] {
  switch (ablation) {
    case 'updates':
      return UPDATES.map((updatesPerBatch) => ({
        label: `${updatesPerBatch} updates per batch`,
        options: { updatesPerBatch },
      }));
    case 'share':
      return SHARES.map((share) => ({ label: `${share} % of the rows`, share: share / 100 }));
    case 'activation':
      return [
        { label: `TopK ${k}`, options: { activation: { kind: 'topk', k, by: 'magnitude' } } },
        ...RELU_L1.map((l1) => ({ label: `ReLU, l1 ${l1}`, options: { activation: { kind: 'relu' as const }, l1 } })),
      ];
    case 'decay':
      return DECAYS.map((weightDecay) => ({ label: `weight decay ${weightDecay}`, options: { weightDecay } }));
    case 'proximal':
      return PULLS.map((pull) => ({
        label: `μ = ν = ${pull}`,
        options: { muEnc: pull, nuEnc: pull, muDec: pull, nuDec: pull },
      }));
    case 'k':
      return scaledK(base.dSae).map((active) => ({
        label: `k ${active}`,
        options: { activation: { kind: 'topk', k: active, by: 'magnitude' } },
      }));
  }
}

/** The paper's numbers of active latents in proportion; those that fall together are run once. */
export function scaledK(dSae: number): number[] {
  return [...new Set(PAPER_K.map((k) => Math.max(1, Math.round((k * dSae) / PAPER_LATENTS))))];
}

/** The runs of an ablation, in the order of its settings. */
export function experimentsOf(
  ablation: Ablation,
  config: RunConfig,
  epochs: number,
  optionsOf: (method: Method) => TrainOptions,
): Experiment[] {
  return methods.flatMap((method) => {
    const base = optionsOf(method);
    const k = base.activation.kind === 'topk' ? base.activation.k : proposedSizes(0, base.dSae).k;
    return settingsOf(ablation, base, k).map(({ label, options, share }) => ({
      label,
      options: { ...base, ...options },
      ...(config.recipe === 'own' ? {} : { preset: config.recipe }),
      share: share ?? config.share / 100,
      epochs,
      seeds: [config.seed],
    }));
  });
}
