// What the parts of the activations lab's controller see of it: the lab holds them, and they must not hold it whole.

import type { Session } from '../../lab/session';
import type { ActivationsInfo, ActivationsService, ModelName } from './protocol';
import type { ActivationsState } from './settings';

export interface ActivationsLab {
  readonly state: ActivationsState;
  readonly session: Session<ActivationsState, ActivationsInfo> | undefined;
  /** Models whose features can be looked at. */
  readonly models: readonly ModelName[];
  status: string;
  alert: string | undefined;
  note: string | undefined;
  ask<T>(call: (worker: ActivationsService) => Promise<T>, quiet?: string): Promise<T | undefined>;
  change(patch: Partial<ActivationsState>): void;
  changed(): void;
  progressed(): void;
  fail(message: string): void;
  cancel(): void;
  /** Rows of a file came: a run on them that was kept goes on, else a new one begins. */
  rowsCame(): void;
  /** An SAE came: its features are shown, and what trains from an SAE begins anew. */
  saeCame(): void;
  /** A checkpoint came: its run goes on. */
  checkpointCame(): void;
  /** Tokens came, perhaps for the current rows. */
  tokensCame(): void;
}
