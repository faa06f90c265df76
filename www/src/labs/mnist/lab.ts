// What the parts of the lab need of it.

import type { RunName } from '../../lab/protocol';
import type { Session } from '../../lab/session';
import type { MnistInfo, MnistService, Pictures, RunPictures } from './protocol';
import type { MnistState } from './settings';

export interface PicturesLab {
  readonly state: MnistState;
  readonly session: Session<MnistState, MnistInfo> | undefined;
  readonly pictures: Pictures | undefined;
  picturesOf(run: RunName): RunPictures | undefined;
  ask<T>(call: (worker: MnistService) => Promise<T>, quiet?: string): Promise<T | undefined>;
  fail(message: string): void;
  /** Tells all components. */
  changed(): void;
  /** Tells those alone that show what is drawn or edited: they follow a pen or a slider. */
  redraw(): void;
}
