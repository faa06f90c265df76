// Options of a run with the recipes of other programs, which only the whole crate trains.

import { Trainer, type TrainOptions } from 'splinterp';
import { readVariants } from '../variants/options';

/** Defaults of trained thresholds: the bandwidth and the weight by which docs/comparison.md measured them. */
const BANDWIDTH = 1;
const COEFFICIENT = 1;

/** A preset's schedule takes the place of the one before. */
function withoutDecay(options: TrainOptions): TrainOptions {
  const plain = { ...options };
  delete plain.lrDecayEpochs;
  return plain;
}

/**
 * Options, over those of the form and of the run's own preset. What concerns the decoder's rows is left out where a
 * method has none that take steps: in tied models, and in PAM-SGD, which solves for them.
 */
export function withVariants(options: TrainOptions, text: string, rows: number, epochs: number): TrainOptions {
  const chosen = readVariants(text);
  const untied = options.tied !== true;
  const { preset, lr, warmupSteps, prefixes, targetL0 } = chosen;
  const base = preset !== 'none' && untied ? Trainer.preset(withoutDecay(options), preset, rows, epochs) : options;
  const auxk = {
    ...(chosen.auxkK === undefined ? {} : { k: chosen.auxkK }),
    ...(chosen.auxkCoefficient === undefined ? {} : { coefficient: chosen.auxkCoefficient }),
    ...(chosen.auxkDeadAfter === undefined ? {} : { deadAfter: chosen.auxkDeadAfter }),
  };
  const thresholds = targetL0 !== undefined && options.activation.kind === 'jumprelu';
  return {
    ...base,
    ...(lr === undefined ? {} : { lr }),
    ...(warmupSteps === undefined ? {} : { warmupSteps }),
    ...(chosen.revive ? { revive: true } : {}),
    ...(chosen.auxk ? { auxk: { ...base.auxk, ...auxk } } : {}),
    ...(chosen.decoderNorm === 'unit' && untied && options.method === 'sgd' ? { decoderNorm: 'unit' } : {}),
    ...(chosen.decoderStart === 'transposed' && untied ? { decoderStart: 'transposed' } : {}),
    ...(chosen.biasStart === 'zero' ? {} : { biasStart: chosen.biasStart }),
    ...(thresholds
      ? {
          jumprelu: {
            targetL0,
            bandwidth: chosen.bandwidth ?? BANDWIDTH,
            coefficient: chosen.coefficient ?? COEFFICIENT,
          },
        }
      : {}),
    ...(prefixes.length === 0 ? {} : { prefixes: [...prefixes] }),
  };
}
