// The settings of the MNIST lab, the paper's by default, and how the page offers them.

import { oneOf, optionalWhole, someOf, whole, type StateOf } from '../../kit/properties';
import { catalogueRuns, type CatalogueRun } from '../../kit/runs';
import { activationFields, labelsOf, moreFields, type Field } from '../../lab/fields';
import { labProperties, MOST_EPOCHS, Settings, type ConfigOf } from '../../lab/settings';
import { shares } from './shares';
import { explorerProperties } from '../explorer/settings';

/** Above this the pictures of all filters would be slow to send and to draw. */
const MOST_LATENTS = 1024;

/** The paper's baseline, the same untied, and the crate's PAM-SGD: untying alone explains much of what lies between. */
export const defaultRuns: readonly CatalogueRun[] = ['sgd-tied', 'sgd-untied', 'pam-recommended'];

const properties = {
  source: oneOf('data', 'run', ['mnist', 'digits', 'files']),
  share: { ...oneOf('share', 'run', shares), initial: 10 as (typeof shares)[number] },
  runs: someOf('runs', 'run', catalogueRuns, defaultRuns),
  ...labProperties({ batch: 128, epochs: 10 }),
  k: whole('k', 'run', 15, 1, MOST_LATENTS),
  dSae: whole('latents', 'run', 256, 1, MOST_LATENTS),
  compute: oneOf('compute', 'run', ['cpu', 'auto']),
  filters: oneOf('filters', 'view', ['active', 'all']),
  sample: whole('sample', 'view', 0, 0, 1_000_000),
  digit: whole('digit', 'view', 0, 0, 9),
  figure: oneOf('figure', 'view', ['share', 'updates', 'decay', 'proximal']),
  figureActivation: oneOf('figure-activation', 'view', ['topk', 'relu']),
  at: optionalWhole('at', 'view', 0, MOST_EPOCHS),
  ...explorerProperties,
};

export type MnistTable = typeof properties;
export type MnistState = StateOf<MnistTable>;
/** Everything that decides how a run goes. */
export type MnistConfig = ConfigOf<MnistTable>;

export const settings = new Settings(properties);

const [activation, ...ofActivation] = activationFields;

export const common: readonly Field<MnistState>[] = [
  ...(activation ? [activation] : []),
  {
    key: 'k',
    label: 'k',
    hint: 'Active latents per image',
    step: 1,
    when: (state) => state.activation.endsWith('topk'),
  },
  ...ofActivation,
  { key: 'dSae', label: 'Latents', hint: 'd_sae, the number of latents', step: 1 },
  {
    key: 'lr',
    label: 'Learning rate',
    hint: 'Step size of Adam; PAM-SGD recommended chooses its own by the number of steps',
  },
  { key: 'batch', label: 'Batch size', step: 1 },
  { key: 'seed', label: 'Seed', hint: 'Every random choice comes from it', step: 1 },
];

export const more: readonly Field<MnistState>[] = [
  ...moreFields,
  {
    key: 'compute',
    label: 'Compute on',
    hint: 'The CPU gives the same bits everywhere; a GPU may be faster, and rounds in another order',
    choices: { cpu: 'the CPU: same bits everywhere', auto: 'a GPU where it is faster' },
  },
];

export const labels = labelsOf(...common, ...more, { key: 'share', label: 'Share of the training set' });
