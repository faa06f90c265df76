// When the number of epochs is a part of a session.

import { catalogue } from '../../kit/runs';
import type { MnistConfig } from './settings';

/** Whether a run's step size depends on the number of epochs, so that another number of them is another session. */
export function isScheduled({ runs, variants }: Pick<MnistConfig, 'runs' | 'variants'>): boolean {
  return variants !== '' || runs.some((run) => catalogue[run].preset === 'recommended');
}
