// The ways to train between which the lab chooses; a run is called by its method.

import type { Method } from '../../lab/protocol';

export type { Method };

/** In the order in which their runs are trained and shown. */
export const methods: readonly Method[] = ['sgd', 'pam'];
