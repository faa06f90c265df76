// From the lab's configuration to the options of a trainer, scaled to the data as the paper's LLM experiment is.

import { Trainer, type Activation, type TrainOptions } from 'splinterp';
import type { Method } from '../../../lab/worker/protocol';
import type { RunConfig } from '../protocol';

/** The paper's experiment: 4 096 latents for 2 304 dimensions, 320 of them active. */
const LATENTS_PER_DIMENSION = 4096 / 2304;
const ACTIVE_SHARE = 320 / 4096;
/** Numbers of latents are multiples of this. */
const STEP = 16;

/** Sizes that are proposed for data. */
export interface Sizes {
  dSae: number;
  k: number;
}

/** Sizes by the proportions of the paper's experiment; `active` is given where it is known how many features hold. */
export function proposedSizes(cols: number, dSae: number | undefined, active?: number): Sizes {
  const latents = dSae ?? Math.max(STEP, Math.round((cols * LATENTS_PER_DIMENSION) / STEP) * STEP);
  const k = active === undefined ? Math.round(latents * ACTIVE_SHARE) : Math.ceil(active);
  return { dSae: latents, k: Math.max(1, Math.min(k, latents)) };
}

function activationOf(config: RunConfig, k: number): Activation {
  switch (config.activation) {
    case 'relu':
      return { kind: 'relu' };
    case 'jumprelu':
      return { kind: 'jumprelu', threshold: config.threshold };
    case 'topk':
      return { kind: 'topk', k, by: config.by };
  }
}

/** Options by the table alone, before a recipe is applied. */
export function tableOptions(config: RunConfig, method: Method, cols: number, active?: number): TrainOptions {
  const { dSae, k } = proposedSizes(cols, config.dSae, active);
  return {
    dSae,
    activation: activationOf(config, config.k ?? k),
    method,
    tied: method === 'sgd' && config.tied,
    lr: config.lr,
    batchSize: config.batch,
    updatesPerBatch: config.updates,
    l1: config.l1,
    weightDecay: config.decay,
    ...(config.alpha === undefined ? {} : { alpha: config.alpha }),
    muEnc: config.muEnc,
    nuEnc: config.nuEnc,
    muDec: config.muDec,
    nuDec: config.nuDec,
    seed: config.seed,
  };
}

/** Options as a run takes them. */
export function withRecipe(options: TrainOptions, config: RunConfig, rows: number, epochs: number): TrainOptions {
  return config.recipe === 'own' ? options : Trainer.preset(options, config.recipe, rows, epochs);
}
