// Experiment 2 of the paper: its four figures on MNIST, as the page offers them.

import type { FigureInfo } from '../../lab/experiments/controller';
import type { ExperimentRequest } from '../../lab/experiments/protocol';
import type { MnistState } from './settings';

export const figures: readonly (FigureInfo & { key: MnistState['figure'] })[] = [
  {
    key: 'share',
    name: 'Share of the training set',
    paper:
      'PAM-SGD is more sample-efficient than SGD on MNIST (abstract and figure 1). Its script compares SGD with tied weights to PAM-SGD with an untied decoder, so two things change at once; SGD untied tells them apart.',
  },
  {
    key: 'updates',
    name: 'Updates per batch',
    paper:
      'An ablation of experiment 2: the paper’s script takes 1, 3, 5 or 10 encoder updates on each batch, with SGD tied and with PAM-SGD.',
  },
  {
    key: 'decay',
    name: 'Weight decay',
    paper:
      'An ablation of experiment 2: the paper’s script varies the weight decay of Adam, with SGD tied and with PAM-SGD.',
  },
  {
    key: 'proximal',
    name: 'μ and ν',
    paper:
      'An ablation of experiment 2, of the weights of the proximal terms, by which Algorithm 3.1 (PAM-SGD) keeps each step near the one before. In the paper’s script they are a plain L2 penalty that also enters the reported test loss; here they pull towards the parameters at the start of the epoch, and test MSE is without them.',
  },
];

/** The figure that the settings of the page ask for. */
export function requestOf({ figure, figureActivation, seeds, epochs }: MnistState): ExperimentRequest {
  return { figure, activation: figureActivation, seeds, epochs };
}
