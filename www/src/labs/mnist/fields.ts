// The settings of a run, in one list.

import type { Field } from '../../lab/fields';
import type { LabState } from './state';

type LabField = Field<LabState>;

export const common: readonly LabField[] = [
  { key: 'activation', label: 'Activation', choices: { topk: 'TopK', relu: 'ReLU', jumprelu: 'JumpReLU' } },
  { key: 'k', label: 'k', hint: 'Active latents per image', step: 1, when: (state) => state.activation === 'topk' },
  {
    key: 'by',
    label: 'Ranked by',
    choices: { magnitude: 'magnitude', value: 'value', positive: 'value, then ReLU' },
    when: (state) => state.activation === 'topk',
  },
  {
    key: 'threshold',
    label: 'Threshold',
    hint: 'A latent is active where its pre-activation lies above',
    when: (state) => state.activation === 'jumprelu',
  },
  { key: 'dSae', label: 'Latents', hint: 'd_sae, the number of latents', step: 1 },
  { key: 'lr', label: 'Learning rate', hint: 'Step size of Adam' },
  { key: 'batch', label: 'Batch size', step: 1 },
  { key: 'seed', label: 'Seed', hint: 'Every random choice comes from it', step: 1 },
];

export const more: readonly LabField[] = [
  { key: 'updates', label: 'Updates per batch', hint: 'Encoder updates on each batch', step: 1 },
  { key: 'l1', label: 'l1', hint: 'Weight of the mean absolute sum of the codes' },
  { key: 'decay', label: 'Weight decay' },
  { key: 'alpha', label: 'α', hint: 'Weight of |W_dec|²; left empty, 0.6 / rows for PAM-SGD and 0 for SGD' },
  { key: 'beta', label: 'β', hint: 'Weight of |b_dec|²' },
  { key: 'muEnc', label: 'μ encoder', hint: 'Weight of the squared change of W_enc' },
  { key: 'nuEnc', label: 'ν encoder', hint: 'Weight of the squared change of b_enc' },
  { key: 'muDec', label: 'μ decoder', hint: 'Weight of the squared change of W_dec' },
  { key: 'nuDec', label: 'ν decoder', hint: 'Weight of the squared change of b_dec' },
  {
    key: 'compute',
    label: 'Compute on',
    hint: 'The CPU gives the same bits everywhere; a GPU may be faster, and rounds in another order',
    choices: { cpu: 'the CPU: same bits everywhere', auto: 'a GPU where it is faster' },
  },
  { key: 'tied', label: 'SGD shares encoder and decoder weights (tied)' },
];
