// What `./build.sh serve` shows first: the site on the package's module alone, while the others are still being made.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test as base } from './fixtures';
import { QUICK, cell, reached } from './lab';
import { serve } from './site.mjs';

const root = join(import.meta.dirname, '../..');
const folder = 'target/first-site';

const test = base.extend<{ site: string }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the names of fixtures from the pattern.
  site: async ({}, use) => {
    execFileSync(
      'node_modules/.bin/vite',
      ['build', '--outDir', `../${folder}`, '--emptyOutDir', '--logLevel', 'error'],
      {
        cwd: join(root, 'www'),
        env: { ...process.env, SPLINTERP_FIRST_SITE: '1' },
      },
    );
    const served = await serve(`${folder}/`);
    await use(served.address);
    served.close();
  },
  baseURL: async ({ site }, use) => use(site),
  serviceWorkers: 'allow',
});

test('it trains on one thread, isolated as it is, keeps nothing offline, and says nothing is wrong', async ({
  page,
}) => {
  await page.goto(`index.html${QUICK.slice(QUICK.indexOf('#'))}&epochs=2&seed=7`);
  await reached(page, 2);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await expect(cell(page, 'computed')).toContainText('CPU, 1 thread');
  await page.goto('activations.html#epochs=1');
  await reached(page, 1);
  await page.goto('figure.html?name=voronoi-to-power');
  await expect(page.getByRole('img').first()).toHaveAccessibleName(/\d+ cells/);
  // Longer than after which a page that keeps the site begins to.
  await page.waitForTimeout(6000);
  expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0);
  const files = readdirSync(join(root, folder, 'assets'));
  const shared = files
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(root, folder, 'assets', name), 'utf8'));
  expect(shared.some((text) => text.includes('sharedParts'))).toBe(true);
  expect(files.filter((name) => name.endsWith('.wasm'))).toHaveLength(1);
  expect(readdirSync(join(root, folder))).not.toContain('service-worker.js');
});
