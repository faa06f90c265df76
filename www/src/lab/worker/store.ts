// One unfinished run of each lab, kept across a reload: checkpoints of its trainers in IndexedDB, about 5 MB each at
// 784 × 256.

import type { EpochReport } from 'splinterp/lab';
import type { PerMethod } from './protocol';

/** What is kept of an unfinished run. */
export interface SavedRun {
  /** The configuration, as text: only the very same run may be taken up. */
  key: string;
  target: number;
  checkpoints: Partial<PerMethod<Uint8Array>>;
  reports: Partial<PerMethod<EpochReport[]>>;
}

const DATABASE = 'splinterp-lab';
const STORE = 'runs';

/** Where a run lies: that of the MNIST lab, those of the activations lab on its sample and on a file. */
export type Slot = 'unfinished' | 'activations' | 'activations-file';

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB failed'));
  });
}

async function withStore<T>(mode: IDBTransactionMode, use: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  const database = await settled(request);
  try {
    return await settled(use(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

/** Storage may be forbidden or full; the lab then works as well, but for going on after a reload. */
async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch {
    return undefined;
  }
}

export async function saveRun(slot: Slot, run: SavedRun): Promise<void> {
  await orNothing(withStore('readwrite', (store) => store.put(run, slot)));
}

export async function savedRun(slot: Slot): Promise<SavedRun | undefined> {
  return orNothing(
    withStore<SavedRun | undefined>('readonly', (store) => store.get(slot) as IDBRequest<SavedRun | undefined>),
  );
}

export async function forgetRun(slot: Slot): Promise<void> {
  await orNothing(withStore('readwrite', (store) => store.delete(slot)));
}
