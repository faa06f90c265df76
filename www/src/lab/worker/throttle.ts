// Progress at a pace that people can follow.

import { PROGRESS_INTERVAL_MS } from './training';

/** Tells of progress ten times a second at most, and of its end. */
export function throttled(tell: (done: number, total: number) => void): (done: number, total: number) => void {
  let toldAt = -Infinity;
  return (done, total) => {
    const now = performance.now();
    if (done < total && now - toldAt < PROGRESS_INTERVAL_MS) return;
    toldAt = now;
    tell(done, total);
  };
}
