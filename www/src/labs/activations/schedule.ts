// When the number of epochs is a part of a run.

import type { ActivationsConfig } from './settings';

/** Whether the step size falls to 0 over the epochs, so that another number of them is another run. */
export function isScheduled({ recipe, from }: Pick<ActivationsConfig, 'recipe' | 'from'>): boolean {
  return recipe === 'recommended' && from !== 'checkpoint';
}
