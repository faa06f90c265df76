// The service worker: what one build consists of is kept together, so that the site opens without a network, and no page
// ever runs parts of two builds. What it answers pages with has the headers by which browsers allow threads, which some
// hosts cannot send.

import { addPlugins, cleanupOutdatedCaches, precacheAndRoute, type PrecacheEntry } from 'workbox-precaching';

/** The scope of a service worker, as far as it is used here; the library of types for pages has another `self`. */
declare const self: {
  /** Every file of the build, put here by it. */
  readonly __WB_MANIFEST: (PrecacheEntry | string)[];
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'activate', listener: (event: { waitUntil(work: Promise<void>): void }) => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
};

/** Pages that train; a figure in a page of another origin needs no threads. */
const TRAINS = /\/(index\.html|activations\.html|explorer\.html)?$/;

function isolated(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

addPlugins([
  {
    handlerWillRespond: ({ request, response }) =>
      Promise.resolve(
        request.mode === 'navigate' && TRAINS.test(new URL(request.url).pathname) ? isolated(response) : response,
      ),
  },
]);
// What stands behind ? says what a page shows, not which page it is.
precacheAndRoute(self.__WB_MANIFEST, { ignoreURLParametersMatching: [/./] });
cleanupOutdatedCaches();

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('message', ({ data }) => {
  if (typeof data === 'object' && data !== null && 'type' in data && data.type === 'SKIP_WAITING') {
    void self.skipWaiting();
  }
});
