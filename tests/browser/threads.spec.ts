// Threads: all cores where the page is isolated, one where it is not, and the same numbers.
import type { BrowserContext, Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { cell, QUICK, reached, savedRuns } from './lab';

/** What a finished run of two epochs says, and where it was computed. */
async function outcome(page: Page): Promise<{ where: string; numbers: string }> {
  await page.goto(`${QUICK}&epochs=2&seed=7`);
  await reached(page, 2);
  const where = /on (CPU, \d+ threads?)/.exec((await cell(page, 'computed').textContent()) ?? '')?.[1] ?? '';
  const keys = ['sgd-tied', 'pam-recommended'].flatMap((run) => [`${run} train MSE`, `${run} test MSE`]);
  const numbers = (await Promise.all(keys.map((key) => cell(page, key).textContent()))).join(' ');
  return { where, numbers };
}

const onAllCores = async (page: Page): Promise<string> => {
  const cores = Math.min(await page.evaluate(() => navigator.hardwareConcurrency), 8);
  return cores === 1 ? 'CPU, 1 thread' : `CPU, ${cores} threads`;
};

/** Serves the pages of a context without the headers that isolate them. */
async function takeIsolation(context: BrowserContext): Promise<void> {
  await context.route('**/*', async (route) => {
    const response = await route.fetch();
    const headers = { ...response.headers() };
    delete headers['cross-origin-opener-policy'];
    delete headers['cross-origin-embedder-policy'];
    await route.fulfill({ response, headers });
  });
}

/** Closes a context, whatever its pages still load. */
async function close(context: BrowserContext): Promise<void> {
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await context.close();
}

test('the lab trains on every core where it is isolated, on one elsewhere, to the same numbers', async ({
  page,
  browser,
  baseURL,
}) => {
  const isolated = await outcome(page);
  expect(isolated.where).toBe(await onAllCores(page));

  const context = await browser.newContext({ baseURL: baseURL ?? '' });
  await takeIsolation(context);
  const elsewhere = await context.newPage();
  const alone = await outcome(elsewhere);
  expect(await elsewhere.evaluate(() => crossOriginIsolated)).toBe(false);
  expect(alone).toEqual({ where: 'CPU, 1 thread', numbers: isolated.numbers });
  await close(context);
});

test('a run goes on from its checkpoint on one thread where the page has lost its isolation', async ({
  browser,
  baseURL,
}) => {
  // Without a service worker, which would answer with the page as it was.
  const context = await browser.newContext({ baseURL: baseURL ?? '', serviceWorkers: 'block' });
  const page = await context.newPage();
  const first = await outcome(page);
  expect(first.where).toBe(await onAllCores(page));
  await expect.poll(() => savedRuns(page)).toBeGreaterThan(0);

  await takeIsolation(context);
  await page.reload();
  await reached(page, 2);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  expect(await cell(page, 'computed').textContent()).toContain('CPU, 1 thread');
  const again = await outcome(page);
  expect(again).toEqual({ where: 'CPU, 1 thread', numbers: first.numbers });
  await close(context);
});

test('where the browser grants no memory to share, the lab trains on one thread', async ({ page }) => {
  await page.addInitScript(() => {
    const make = URL.createObjectURL.bind(URL);
    const refuse = `{
      const { Memory } = WebAssembly;
      WebAssembly.Memory = function (descriptor) {
        if (descriptor.shared) throw new RangeError('could not allocate memory');
        return new Memory(descriptor);
      };
    }\n`;
    // Workers inherit nothing of the page: the refusal is put before the script that they start with.
    URL.createObjectURL = (source: Blob) =>
      make(source.type === 'text/javascript' ? new Blob([refuse, source], { type: source.type }) : source);
  });
  const { where } = await outcome(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(where).toBe('CPU, 1 thread');
});
