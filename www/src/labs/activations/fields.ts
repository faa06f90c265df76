// The settings of a run, in two lists.

import type { Field } from '../../lab/fields';
import type { LabState } from './state';

/** An imported SAE brings its activation and its latents along. */
function fresh({ from }: LabState): boolean {
  return from === 'random';
}

/** Whether a step size of its own has an effect: presets choose that of PAM-SGD, the paper's script both. */
function usesLr({ recipe, method }: LabState): boolean {
  return recipe === 'own' || (recipe === 'recommended' && method !== 'pam');
}

export const common: readonly Field<LabState>[] = [
  { key: 'method', label: 'Method', choices: { both: 'both', pam: 'PAM-SGD', sgd: 'SGD' } },
  {
    key: 'recipe',
    label: 'Recipe',
    hint: 'Step size and decoder schedule: what measured best, the paper’s script for its LLM experiment, or your own',
    choices: { recommended: 'recommended', 'paper-llm': 'the paper’s LLM script', own: 'by hand' },
  },
  {
    key: 'activation',
    label: 'Activation',
    choices: { topk: 'TopK', relu: 'ReLU', jumprelu: 'JumpReLU' },
    when: fresh,
  },
  {
    key: 'k',
    label: 'k',
    hint: 'Active latents per row; left empty, in the proportion of the paper’s experiment, 320 of 4 096',
    step: 1,
    when: (state) => fresh(state) && state.activation === 'topk',
  },
  {
    key: 'by',
    label: 'Ranked by',
    choices: { magnitude: 'magnitude', value: 'value', positive: 'value, then ReLU' },
    when: (state) => fresh(state) && state.activation === 'topk',
  },
  {
    key: 'threshold',
    label: 'Threshold',
    hint: 'A latent is active where its pre-activation lies above',
    when: (state) => fresh(state) && state.activation === 'jumprelu',
  },
  {
    key: 'dSae',
    label: 'Latents',
    hint: 'd_sae, the number of latents; left empty, in the proportion of the paper’s experiment, 4 096 for 2 304 dimensions',
    step: 1,
    when: fresh,
  },
  { key: 'lr', label: 'Learning rate', hint: 'Step size of Adam', when: usesLr },
  { key: 'batch', label: 'Batch size', step: 1, when: ({ recipe }) => recipe !== 'paper-llm' },
  { key: 'seed', label: 'Seed', hint: 'Every random choice comes from it, the bundled sample too', step: 1 },
];

export const more: readonly Field<LabState>[] = [
  { key: 'updates', label: 'Updates per batch', hint: 'Encoder updates on each batch', step: 1 },
  { key: 'l1', label: 'l1', hint: 'Weight of the mean absolute sum of the codes' },
  { key: 'decay', label: 'Weight decay' },
  {
    key: 'alpha',
    label: 'α',
    hint: 'Weight of |W_dec|²; left empty, 0.6 / rows for PAM-SGD and 0 for SGD',
    when: ({ recipe }) => recipe !== 'paper-llm',
  },
  { key: 'muEnc', label: 'μ encoder', hint: 'Weight of the squared change of W_enc' },
  { key: 'nuEnc', label: 'ν encoder', hint: 'Weight of the squared change of b_enc' },
  { key: 'muDec', label: 'μ decoder', hint: 'Weight of the squared change of W_dec' },
  { key: 'nuDec', label: 'ν decoder', hint: 'Weight of the squared change of b_dec' },
  { key: 'tied', label: 'SGD shares encoder and decoder weights (tied)' },
];
