// The site without a network, and a newer build of it: a server of the test's own is stopped, or serves something else.
import type { Page } from '@playwright/test';
import { expect, test as base } from './fixtures';
import { images } from './idx';
import { reached } from './lab';
import { serve } from './site.mjs';

interface Site {
  address: string;
  close(): void;
  /** What is added to the service worker's script, as another build would differ. */
  build: string;
  /** Part of the name of a file that the host lacks. */
  lacks: string;
  /** Whether it was asked for that file. */
  missed: boolean;
}

const test = base.extend<{ site: Site }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the names of fixtures from the pattern.
  site: async ({}, use) => {
    const site = { build: '', lacks: '', missed: false };
    const served = await serve('dist/', (path: string, content: Buffer) => {
      if (site.lacks !== '' && path.includes(site.lacks)) {
        site.missed = true;
        return undefined;
      }
      return path.endsWith('service-worker.js') ? Buffer.concat([content, Buffer.from(site.build)]) : content;
    });
    await use(Object.assign(site, served));
    served.close();
  },
  baseURL: async ({ site }, use) => use(site.address),
  serviceWorkers: 'allow',
});

/** Waits until the site is kept. */
async function kept(page: Page): Promise<void> {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
}

test('with the server stopped it trains on MNIST, draws figures and takes a file', async ({ page, site }) => {
  await page.goto('index.html#share=1&epochs=2&runs=sgd-tied');
  await reached(page, 2);
  await kept(page);
  site.close();
  await page.goto('index.html#share=1&epochs=2&runs=sgd-tied&seed=2');
  await page.reload();
  await expect(page.getByTestId('data-summary')).toContainText('600 training and 10,000 test images');
  await reached(page, 2);
  // Kept pages come with the headers that threads need.
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await page.getByTestId('files').setInputFiles({
    name: 'train-images-idx3-ubyte',
    mimeType: 'application/octet-stream',
    buffer: images(200),
  });
  await expect(page.getByTestId('data-summary')).toContainText('train-images-idx3-ubyte');
  await page.goto('figure.html?name=order-k&scheme=dark');
  await expect(page.getByRole('img').first()).toHaveAttribute('aria-label', /cells/);
  await page.goto('activations.html');
  await reached(page, 1);
  await page.goto('gallery.html');
  await expect(page.getByRole('heading', { name: 'Order K', exact: false }).first()).toBeVisible();
  await page.goto('results.html');
  await expect(page.locator('.plots svg').first()).toBeVisible();
});

test('a newer build is offered, and taken when it is wanted', async ({ page, site }) => {
  await page.goto('gallery.html');
  await kept(page);
  site.build = '\n// another build';
  await page.reload();
  const offer = page.getByTestId('newer');
  await expect(offer).toContainText('A newer version of this site is here');
  const loaded = page.waitForEvent('load');
  await offer.getByRole('button', { name: 'Load it' }).click();
  await loaded;
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(offer).toBeHidden();
  const states = await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    return [registration?.waiting?.state, registration?.active?.state];
  });
  expect(states).toEqual([undefined, 'activated']);
});

test('a build of which a file is missing is not kept, and the page works as it would without', async ({
  page,
  site,
}) => {
  site.lacks = 'lifting-scene';
  await page.goto('index.html#data=digits&share=5&epochs=2');
  await expect.poll(() => site.missed).toBe(true);
  // A worker that cannot be installed leaves no registration.
  await expect.poll(() => page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0);
  await reached(page, 2);
  expect(await page.evaluate(() => navigator.serviceWorker.controller)).toBeNull();
});
