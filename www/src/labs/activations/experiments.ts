// The ablations of the paper's LLM experiment, as the page offers them.

import type { FigureInfo } from '../../lab/experiments/controller';
import type { ExperimentRequest } from '../../lab/experiments/protocol';
import type { ActivationsState } from './settings';

export type Ablation = ActivationsState['figure'];

const names: Readonly<Record<Ablation, string>> = {
  updates: 'Updates per batch',
  share: 'Share of the rows',
  activation: 'TopK against ReLU',
  decay: 'Weight decay',
  proximal: 'μ = ν',
  k: 'k',
};

export const figures: readonly FigureInfo[] = Object.entries(names).map(([key, name]) => ({
  key,
  name,
  paper: undefined,
}));

/** The figure that the settings of the page ask for. */
export function requestOf({ figure, seeds, epochs }: ActivationsState): ExperimentRequest {
  return { figure, activation: undefined, seeds, epochs };
}
