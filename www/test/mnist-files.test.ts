// MNIST beside the page: what is downloaded, how far it says it is, and every way in which it may not come.

import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { codeOf } from '../src/kit/failure';
import { forget } from '../src/lab/worker/download';
import { isKept } from '../src/labs/mnist/worker/mnist-cache';
import { fetchMnist, MNIST_FILES, MISSING } from '../src/labs/mnist/worker/mnist-files';

const content = (name: string): Buffer => Buffer.from(name.repeat(100));
const gzipped = (name: string): Buffer => gzipSync(content(name));

/** A host with these files beside its page, and a list of them, which may say otherwise. */
function host(files: Record<string, Buffer>, listed?: unknown): void {
  const list = Object.fromEntries(Object.entries(files).map(([name, { length }]) => [name, length]));
  vi.stubGlobal('fetch', (url: URL) => {
    const name = url.pathname.split('/').at(-1) ?? '';
    if (name === 'data-sets.json') return Promise.resolve(Response.json(listed ?? list));
    const body = files[name];
    return Promise.resolve(body ? new Response(new Uint8Array(body)) : new Response('', { status: 404 }));
  });
}

const all = (): Record<string, Buffer> => Object.fromEntries(MNIST_FILES.map((name) => [`${name}.gz`, gzipped(name)]));

/** Fails as the page hears it: with a code on which it goes over to digits. */
async function problem(): Promise<string> {
  const error: unknown = await fetchMnist('http://localhost/', () => undefined).catch((reason: unknown) => reason);
  expect(codeOf(error)).toBe(MISSING);
  return (error as Error).message;
}

/** The browser's caches, as far as they are used. */
function stubCaches(): Map<string, Response> {
  const files = new Map<string, Response>();
  const cache = {
    match: (url: URL) => Promise.resolve(files.get(url.href)?.clone()),
    put: (url: URL, response: Response) => Promise.resolve(files.set(url.href, response)),
  };
  vi.stubGlobal('caches', {
    open: () => Promise.resolve(cache),
    delete: () => {
      files.clear();
      return Promise.resolve(true);
    },
  });
  return files;
}

describe('MNIST that is kept', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('is downloaded once, and again where the page has other files', async () => {
    const files = stubCaches();
    host(all());
    expect(await isKept('http://localhost/')).toBe(false);
    const first = await fetchMnist('http://localhost/', () => undefined);
    await vi.waitFor(() => expect(files.size).toBe(MNIST_FILES.length));
    expect(await isKept('http://localhost/')).toBe(true);
    const list = await (await fetch(new URL('http://localhost/data-sets.json'))).text();
    const asked: string[] = [];
    vi.stubGlobal('fetch', (url: URL) => {
      asked.push(url.pathname);
      return Promise.resolve(new Response(list));
    });
    const heard: number[] = [];
    expect(await fetchMnist('http://localhost/', (done) => heard.push(done))).toEqual(first);
    expect(asked).toEqual(['/data-sets.json']);
    expect(heard).toHaveLength(MNIST_FILES.length);
    const [name] = MNIST_FILES;
    host({ ...all(), [`${name}.gz`]: gzipSync(Buffer.from('longer '.repeat(999))) });
    expect(await isKept('http://localhost/')).toBe(false);
    const [changed] = await fetchMnist('http://localhost/', () => undefined);
    expect(Buffer.from(changed?.bytes ?? []).toString()).toContain('longer');
    await forget();
    expect(files.size).toBe(0);
  });

  it('is done without where caches fail', async () => {
    vi.stubGlobal('caches', {
      open: () => Promise.reject(new Error('no')),
      delete: () => Promise.reject(new Error('no')),
    });
    host(all());
    expect(await fetchMnist('http://localhost/', () => undefined)).toHaveLength(MNIST_FILES.length);
    expect(await isKept('http://localhost/')).toBe(false);
    await forget();
  });
});

describe('MNIST beside the page', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('is unpacked, whether or not the server has unpacked some of it, and says how far it is', async () => {
    const [first] = MNIST_FILES;
    host({ ...all(), [`${first}.gz`]: content(first) });
    const heard: [number, number][] = [];
    const files = await fetchMnist('http://localhost/', (done, total) => heard.push([done, total]));
    expect(files.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(
      MNIST_FILES.map((name) => content(name).toString()),
    );
    const [done, total] = heard.at(-1) ?? [];
    expect(done).toBe(total);
    expect(heard.length).toBeGreaterThanOrEqual(MNIST_FILES.length);
  });

  it('that is damaged, cut short, incomplete or not served is told by the name of the file', async () => {
    const [first] = MNIST_FILES;
    const damaged = gzipped(first);
    damaged[damaged.length - 6] = (damaged[damaged.length - 6] ?? 0) ^ 0xff;
    host({ ...all(), [`${first}.gz`]: damaged });
    expect(await problem()).toBe(`${first}.gz beside this page is damaged: gzip cannot read it to the end`);
    host({ ...all(), [`${first}.gz`]: gzipped(first).subarray(0, 30) });
    expect(await problem()).toContain('is damaged');
    host(Object.fromEntries(Object.entries(all()).slice(1)));
    expect(await problem()).toBe(`${first}.gz is not beside this page in mnist/`);
    host({}, Object.fromEntries(MNIST_FILES.map((name) => [name, 1])));
    expect(await problem()).toContain(`${first}: the server answered 404`);
  });

  it('is not there where its list is nonsense, and cannot be downloaded offline', async () => {
    for (const listed of [[], 7, 'all', { mnist: 'all' }, [null, { name: 3 }]]) {
      host(all(), listed);
      expect(await problem()).toContain('is not beside this page');
    }
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    expect(await problem()).toBe('MNIST could not be downloaded: Failed to fetch');
  });
});
