// From the lab's configuration to the options of the two trainers.

import type { Activation, TrainOptions } from 'splinterp/lab';
import type { Method, RunConfig } from '../../../lab/worker/protocol';

function activationOf(config: RunConfig): Activation {
  switch (config.activation) {
    case 'relu':
      return { kind: 'relu' };
    case 'jumprelu':
      return { kind: 'jumprelu', threshold: config.threshold };
    case 'topk':
      return { kind: 'topk', k: config.k, by: config.by };
  }
}

/** Options of one of the two runs; they differ in the method and, for SGD, in whether the weights are shared. */
export function trainOptions(config: RunConfig, method: Method): TrainOptions {
  return {
    dSae: config.dSae,
    activation: activationOf(config),
    method,
    tied: method === 'sgd' && config.tied,
    lr: config.lr,
    batchSize: config.batch,
    updatesPerBatch: config.updates,
    l1: config.l1,
    weightDecay: config.decay,
    ...(config.alpha === undefined ? {} : { alpha: config.alpha }),
    beta: config.beta,
    muEnc: config.muEnc,
    nuEnc: config.nuEnc,
    muDec: config.muDec,
    nuDec: config.nuDec,
    seed: config.seed,
    backend: config.compute,
  };
}
