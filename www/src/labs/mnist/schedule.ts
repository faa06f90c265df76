// When the number of epochs is a part of a session.

import { catalogue } from '../../kit/runs';
import type { MnistConfig } from './settings';

/** Whether a run's step size falls to 0 over the epochs, so that another number of them is another session. */
export function isScheduled({ runs }: Pick<MnistConfig, 'runs'>): boolean {
  return runs.some((run) => catalogue[run].preset === 'recommended');
}
