// The site without a network: it is kept by a service worker once the page has settled.

import { savesData } from './data-saving';

/** A first visit has enough to load: what is kept, about 2.3 MB, comes after. */
const SETTLED_MS = 5000;

/** Keeps the site, where the browser can; `offer` hears how to take to a newer build. */
export function keepOffline(offer: (take: () => void) => void): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator) || savesData()) return;
  const keep = async (): Promise<void> => {
    const { register } = await import('../offline/register');
    register(offer);
  };
  setTimeout(() => {
    // A page that works but for this says nothing of it.
    keep().catch(() => undefined);
  }, SETTLED_MS);
}
