// The settings of the activations lab and how the page offers them.

import { flag, oneOf, optionalWhole, text, whole, type StateOf } from '../../kit/properties';
import { activationFields, labelsOf, moreFields, type Field } from '../../lab/fields';
import { labProperties, Settings, type ConfigOf } from '../../lab/settings';
import { explorerProperties } from '../explorer/settings';

/** The largest dictionary that the lab offers: the paper's has 4 096 latents. */
const MOST_LATENTS = 65_536;

/**
 * The default of the batch is that of the paper's LLM experiment. The step size is the one by which untied SGD was
 * compared (docs/results.md): the experiment's 0.001 is meant for 100 epochs, and its preset sets it.
 */
const properties = {
  source: oneOf('data', 'run', ['sample', 'minilm', 'file']),
  standardise: flag('standardise', 'run', true),
  share: whole('share', 'run', 100, 1, 100),
  testBy: oneOf('test-by', 'run', ['sequence', 'row']),
  method: oneOf('method', 'run', ['both', 'pam', 'sgd']),
  from: oneOf('from', 'run', ['random', 'imported', 'checkpoint']),
  recipe: oneOf('recipe', 'run', ['recommended', 'paper-llm', 'own', 'dictionary-learning', 'sparsify']),
  k: optionalWhole('k', 'run', 1, MOST_LATENTS),
  dSae: optionalWhole('latents', 'run', 1, MOST_LATENTS),
  ...labProperties({ batch: 256, epochs: 20 }),
  tied: flag('tied', 'run', false),
  model: oneOf('model', 'view', ['pam', 'sgd', 'imported']),
  feature: optionalWhole('feature', 'view', 0, MOST_LATENTS),
  sort: oneOf('sort', 'view', ['max', 'density', 'mean', 'cosine', 'nearest', 'number']),
  rising: flag('rising', 'view', false),
  show: oneOf('show', 'view', ['active', 'all', 'rare', 'dense', 'dead']),
  search: text('search', 'view'),
  figure: oneOf('figure', 'view', ['updates', 'share', 'activation', 'decay', 'proximal', 'k']),
  ...explorerProperties,
};

export type ActivationsTable = typeof properties;
export type ActivationsState = StateOf<ActivationsTable>;
/** Everything that decides how a run goes. */
export type ActivationsConfig = ConfigOf<ActivationsTable>;

export const settings = new Settings(properties);

/** An imported SAE brings its activation and its latents along. */
function fresh({ from }: ActivationsState): boolean {
  return from === 'random';
}

/** A checkpoint brings everything along. */
function chosen({ from }: ActivationsState): boolean {
  return from !== 'checkpoint';
}

/** Whether a step size of its own has an effect: presets choose that of PAM-SGD, the paper's script both. */
function usesLr(state: ActivationsState): boolean {
  const { recipe, method } = state;
  return chosen(state) && (recipe === 'own' || (recipe === 'recommended' && method !== 'pam'));
}

const activations = activationFields.map((each): Field<ActivationsState> => ({
  ...each,
  when: (state) => fresh(state) && (each.when?.(state) ?? true),
}));

export const common: readonly Field<ActivationsState>[] = [
  { key: 'method', label: 'Method', choices: { both: 'both', pam: 'PAM-SGD', sgd: 'SGD' }, when: chosen },
  {
    key: 'recipe',
    label: 'Recipe',
    hint: 'Step size and decoder schedule: what measured best, the paper’s script for its LLM experiment, your own, or the recipe of another program, which needs untied weights',
    choices: {
      recommended: 'recommended',
      'paper-llm': 'the paper’s LLM script',
      'dictionary-learning': 'dictionary_learning',
      sparsify: 'sparsify',
      own: 'by hand',
    },
    when: chosen,
  },
  ...activations.slice(0, 1),
  {
    key: 'k',
    label: 'k',
    hint: 'Active latents per row; if empty, in the proportion of the paper’s experiment, 320 of 4,096',
    step: 1,
    when: (state) => fresh(state) && state.activation.endsWith('topk'),
  },
  ...activations.slice(1),
  {
    key: 'dSae',
    label: 'Latents',
    hint: 'd_sae, the number of latents; if empty, in the proportion of the paper’s experiment, 4,096 for 2,304 dimensions',
    step: 1,
    when: fresh,
  },
  { key: 'lr', label: 'Learning rate', hint: 'Step size of Adam', when: usesLr },
  {
    key: 'batch',
    label: 'Batch size',
    step: 1,
    when: (state) => chosen(state) && state.recipe !== 'paper-llm',
  },
  { key: 'seed', label: 'Seed', hint: 'Every random choice comes from it, the generated sample too', step: 1 },
];

const tied: Field<ActivationsState> = { key: 'tied', label: 'SGD shares encoder and decoder weights (tied)' };

export const more: readonly Field<ActivationsState>[] = [...moreFields, tied].map((each) => ({
  ...each,
  when: (state) => chosen(state) && (each.key !== 'alpha' || state.recipe !== 'paper-llm'),
}));

export const labels = labelsOf(
  ...common,
  ...more,
  { key: 'share', label: 'Share of the training rows' },
  { key: 'testBy', label: 'Test rows' },
);
