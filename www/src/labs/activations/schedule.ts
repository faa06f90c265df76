// When the number of epochs is a part of a run.

import type { ActivationsConfig } from './settings';

const unscheduled: readonly ActivationsConfig['recipe'][] = ['own', 'paper-llm'];

/** Whether the step size or its warm-up depend on the number of epochs, so that another number of them is another run. */
export function isScheduled({
  recipe,
  from,
  variants,
}: Pick<ActivationsConfig, 'recipe' | 'from' | 'variants'>): boolean {
  return (variants !== '' || !unscheduled.includes(recipe)) && from !== 'checkpoint';
}
