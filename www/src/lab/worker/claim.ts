// Which tab writes a kept run: the one that holds its lock. The browser gives the lock back when the tab goes, whatever
// ends it, so no two tabs write the same run and none stays taken.

/** How long a page that has just been left may hold on to its lock. */
const LINGER_MS = 400;

const lockOf = (id: string): string => `splinterp run ${id}`;

/** Gives a claim back. */
export type Release = () => void;

/** Claims the first of the runs that no other tab holds. A page that was reloaded finds its own, which are the newest. */
export async function claimFirst(ids: readonly string[]): Promise<{ id: string; release: Release } | undefined> {
  for (const [at, id] of ids.entries()) {
    const release = await claim(id, at === 0 ? LINGER_MS : 0);
    if (release) return { id, release };
  }
  return undefined;
}

/** Whether a run is claimed. */
export async function isClaimed(id: string): Promise<boolean> {
  if (!('locks' in navigator)) return false;
  return navigator.locks.request(lockOf(id), { ifAvailable: true }, (lock) => lock === null);
}

/** Claims a run, unless another tab holds it for so long. Only a secure context has locks; elsewhere none is claimed. */
export async function claim(id: string, patience = 0): Promise<Release | undefined> {
  if (!('locks' in navigator)) return undefined;
  const how = patience > 0 ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true };
  return new Promise((resolve) => {
    navigator.locks
      .request(lockOf(id), how, (lock) => {
        if (lock) return new Promise<void>((release) => resolve(release));
        resolve(undefined);
        return undefined;
      })
      .catch(() => resolve(undefined)); // It was held for too long.
  });
}
