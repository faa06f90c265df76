// The settings of the MNIST lab, the paper's by default, and how the page offers them.

import { oneOf, whole, type StateOf } from '../../kit/properties';
import { activationFields, labelsOf, moreFields, type Field } from '../../lab/fields';
import { labProperties, Settings, type ConfigOf } from '../../lab/settings';

/** Above this the pictures of all filters would be slow to send and to draw. */
const MOST_LATENTS = 1024;

/** Parts of the training images that can be trained on, in percent. */
export const shares = [1, 5, 10, 25, 50, 100] as const;

const properties = {
  source: oneOf('data', 'run', ['digits', 'mnist', 'files']),
  share: { ...oneOf('share', 'run', shares), initial: 100 as (typeof shares)[number] },
  ...labProperties({ batch: 128, tied: true, epochs: 10 }),
  k: whole('k', 'run', 15, 1, MOST_LATENTS),
  dSae: whole('latents', 'run', 256, 1, MOST_LATENTS),
  compute: oneOf('compute', 'run', ['cpu', 'auto']),
  filters: oneOf('filters', 'view', ['active', 'all']),
  sample: whole('sample', 'view', 0, 0, 1_000_000),
  digit: whole('digit', 'view', 0, 0, 9),
};

export type MnistTable = typeof properties;
export type MnistState = StateOf<MnistTable>;
/** Everything that decides how a run goes. */
export type MnistConfig = ConfigOf<MnistTable>;

export const settings = new Settings(properties);

const [activation, ...ofActivation] = activationFields;

export const common: readonly Field<MnistState>[] = [
  ...(activation ? [activation] : []),
  { key: 'k', label: 'k', hint: 'Active latents per image', step: 1, when: (state) => state.activation === 'topk' },
  ...ofActivation,
  { key: 'dSae', label: 'Latents', hint: 'd_sae, the number of latents', step: 1 },
  { key: 'lr', label: 'Learning rate', hint: 'Step size of Adam' },
  { key: 'batch', label: 'Batch size', step: 1 },
  { key: 'seed', label: 'Seed', hint: 'Every random choice comes from it', step: 1 },
];

export const more: readonly Field<MnistState>[] = [
  ...moreFields.slice(0, -1),
  {
    key: 'compute',
    label: 'Compute on',
    hint: 'The CPU gives the same bits everywhere; a GPU may be faster, and rounds in another order',
    choices: { cpu: 'the CPU: same bits everywhere', auto: 'a GPU where it is faster' },
  },
  ...moreFields.slice(-1),
];

export const labels = labelsOf(...common, ...more, { key: 'share', label: 'Share of the training set' });
