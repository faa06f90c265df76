// The part of the crate that the lab runs on: with threads where the page may have them; where a run asks for a GPU or for
// the recipe of another program, the whole crate, which the other pages load too.

import { Failure } from '../../../kit/failure';
import { canShare, startThreads } from '../../../lab/worker/threads';

/** What the lab uses of it; what the modules take to start differs. */
type Crate = Pick<typeof import('splinterp/lab'), 'Dataset' | 'Experiments' | 'Sae' | 'Trainer' | 'readTensors'> & {
  /** Only of the whole crate. */
  withVariants?: typeof import('../../../lab/worker/variants').withVariants;
};

let loaded: Crate | undefined;

/** Downloads and starts the module, once. */
export async function loadCrate(whole: boolean): Promise<void> {
  loaded = (whole ? undefined : await withThreads()) ?? (await plain(whole));
}

async function plain(whole: boolean): Promise<Crate> {
  const part = whole ? await import('./whole') : await import('splinterp/lab');
  await part.default();
  return part;
}

/** The module with threads, where the page may have them and the browser grants the memory. */
async function withThreads(): Promise<Crate | undefined> {
  if (!canShare()) return undefined;
  try {
    const part = await import('splinterp/lab-threads');
    await part.default();
    await startThreads(...part.sharedParts());
    return part;
  } catch {
    // Memory to share is reserved as a whole, which a small device may refuse; WebKit 2.50 gives a module to no worker of
    // a worker. One thread does as well, and what else is wrong the plain module tells.
    return undefined;
  }
}

/** The module; `loadCrate` comes first. */
export function crate(): Crate {
  if (!loaded) throw new Failure('The module that computes is not loaded yet', 'internal');
  return loaded;
}
