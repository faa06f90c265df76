// Registers the service worker, and hears of a newer build.

import { registerSW } from 'virtual:pwa-register';

/** `offer` hears, once another build is here, how to take to it: the page is loaded again. */
export function register(offer: (take: () => void) => void): void {
  const take = registerSW({ immediate: true, onNeedRefresh: () => offer(() => void take(true)) });
}
