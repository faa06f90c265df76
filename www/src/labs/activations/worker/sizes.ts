// Sizes of a model for given data, in the proportions of the paper's LLM experiment, and the options of a trainer.

import { Trainer, type TrainOptions } from 'splinterp';
import type { Method } from '../../../lab/protocol';
import { trainOptions } from '../../../lab/worker/options';
import { withVariants } from '../../../lab/worker/variants';
import type { ActivationsConfig } from '../settings';

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

/** Options by the table alone, before a recipe is applied. */
export function tableOptions(config: ActivationsConfig, method: Method, cols: number, active?: number): TrainOptions {
  const { dSae, k } = proposedSizes(cols, config.dSae, active);
  // PAM-SGD never ties its weights.
  return trainOptions(config, { method, tied: method === 'sgd' && config.tied }, dSae, config.k ?? k);
}

/** Options as a run takes them. */
export function withRecipe(
  options: TrainOptions,
  { recipe, variants }: ActivationsConfig,
  rows: number,
  epochs: number,
): TrainOptions {
  const recipes = recipe === 'own' ? options : Trainer.preset(options, recipe, rows, epochs);
  return withVariants(recipes, variants, rows, epochs);
}
