// The part of the crate that the lab runs on: with the GPU room, a third more to download, only where a run asks for it.

import { Failure } from '../../../kit/failure';

/** What the lab uses of it; what the two modules take to start differs. */
type Crate = Pick<typeof import('splinterp/lab'), 'Dataset' | 'Trainer' | 'readTensors'>;

let loaded: Crate | undefined;

/** Downloads and starts the module, once. */
export async function loadCrate(withGpu: boolean): Promise<void> {
  const part = withGpu ? await import('splinterp/lab-gpu') : await import('splinterp/lab');
  await part.default();
  loaded = part;
}

/** The module; `loadCrate` comes first. */
export function crate(): Crate {
  if (!loaded) throw new Failure('The module that computes is not loaded yet', 'internal');
  return loaded;
}
