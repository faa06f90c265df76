// From a lab's configuration to the options of a trainer, as far as all labs agree.

import type { Activation, TrainOptions } from 'splinterp/lab';
import type { Method } from '../protocol';
import type { CommonConfig } from '../settings';

function activationOf(config: CommonConfig, k: number): Activation {
  switch (config.activation) {
    case 'relu':
      return { kind: 'relu' };
    case 'jumprelu':
      return { kind: 'jumprelu', threshold: config.threshold };
    case 'batchtopk':
      return { kind: 'batchtopk', k };
    case 'topk':
      return { kind: 'topk', k, by: config.by };
  }
}

/** Options of a run with `dSae` latents, `k` of them active where TopK or BatchTopK chooses. */
export function trainOptions(
  config: CommonConfig,
  { method, tied }: { method: Method; tied: boolean },
  dSae: number,
  k: number,
): TrainOptions {
  return {
    dSae,
    activation: activationOf(config, k),
    method,
    tied,
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
  };
}
