// Data beside the page: downloaded once, kept in the browser's cache, and there without a network.

import { Failure } from '../../kit/failure';

const CACHE = 'splinterp-data';

/** Only a secure context has caches, and a browser may refuse to open one. */
async function open(): Promise<Cache | undefined> {
  return 'caches' in globalThis ? caches.open(CACHE).catch(() => undefined) : undefined;
}

/** A file as it was downloaded. */
export async function kept(url: URL): Promise<Blob | undefined> {
  const response = await (await open())?.match(url).catch(() => undefined);
  return response?.blob();
}

/** Keeps a file, if there is room. */
export async function keep(url: URL, file: Blob): Promise<void> {
  await (await open())?.put(url, new Response(file)).catch(() => undefined);
}

/** Forgets all files, where they could not be read. */
export async function forget(): Promise<void> {
  if ('caches' in globalThis) await caches.delete(CACHE).catch(() => undefined);
}

/** Downloads a file; `came` hears of bytes. Code `missing` says that it does not come. */
export async function download(url: URL, name: string, came: (bytes: number) => void): Promise<Blob> {
  const response = await fetch(url);
  if (!response.ok || !response.body) {
    throw new Failure(`${name}: the server answered ${response.status} ${response.statusText}`, 'missing');
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = response.body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    came(next.value.length);
  }
  return new Blob(parts);
}
