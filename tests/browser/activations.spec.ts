// The activations lab as a user meets it: the sample trains at once, files are looked at and trained on, SAEs leave and
// come back, and nothing else leaves.
import { existsSync, readFileSync } from 'node:fs';
import type { Download, Page } from '@playwright/test';
import { expect, expectAccessibleInBoth, picture, test } from './fixtures';
import { reached } from './lab';

const PAGE = './activations.html';
/** A run of a blink. */
const QUICK = `${PAGE}#method=pam&epochs=2`;
const shared = new URL('../../../shared/data/activations/', import.meta.url);

/** A file of the shared data; without them a test is skipped, but on CI it fails. */
function sharedFile(name: string): {
  name: string;
  mimeType: string;
  buffer: Buffer;
} {
  const path = new URL(name, shared);
  test.skip(!existsSync(path) && process.env.CI === undefined, `${name} is not in ../shared`);
  return {
    name,
    mimeType: 'application/octet-stream',
    buffer: readFileSync(path),
  };
}

const give = (page: Page, ...files: { name: string; buffer: Buffer }[]): Promise<void> =>
  page.getByTestId('files').setInputFiles(files.map((file) => ({ mimeType: 'application/octet-stream', ...file })));
const done = (page: Page): Promise<void> => expect(page.getByTestId('time-left')).toContainText('Done');
const feature = (page: Page): ReturnType<Page['getByTestId']> => page.getByTestId('feature');

async function bytesOf(download: Download): Promise<Buffer> {
  return readFileSync(await download.path());
}

test('the sample trains at once, and its known features are recovered', async ({ page }) => {
  await page.goto(PAGE);
  await done(page);
  await expect(feature(page)).toBeVisible();
  const found = Number(/^\d+/.exec((await page.getByTestId('known').textContent())?.trim() ?? '')?.[0]);
  expect(found).toBeGreaterThan(60);
  expect(Number(await page.getByTestId('pam fvu').textContent())).toBeLessThan(0.2);
  expect(Number(await page.getByTestId('pam l0').textContent())).toBe(3);
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(excess).toBe(0);
  await picture(page, 'activations');
});

test('once loaded it asks no server for anything, and could not ask another', async ({ page, context, faults }) => {
  const asked: string[] = [];
  // The browser itself asks for the page's icon, at a time of its own.
  const isIcon = (url: string) => url.endsWith('/icon.svg');
  context.on('request', (request) => {
    if (request.url().startsWith('http') && !isIcon(request.url())) asked.push(request.url());
  });
  await page.goto(QUICK);
  await done(page);
  await expect(feature(page)).toBeVisible();
  // The explorer is loaded when it comes into view.
  await page.locator('acts-explorer').scrollIntoViewIfNeeded();
  await expect.poll(() => asked.some((url) => url.includes('explorer.worker'))).toBe(true);
  await expect.poll(() => asked.filter((url) => url.endsWith('.wasm')).length).toBeGreaterThan(1);
  // The last that a page loads, once it is idle, is what keeps it for use offline.
  await expect.poll(() => asked.some((url) => url.includes('workbox-window'))).toBe(true);
  asked.length = 0;
  await give(page, sharedFile('small_f16.npy'));
  await page.getByTestId('use').click();
  await expect(page.getByTestId('data-summary')).toContainText('small_f16.npy');
  await done(page);
  const download = page.waitForEvent('download');
  await page.getByTestId('write-pam-checkpoint').click();
  await download;
  expect(asked).toEqual([]);
  const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("connect-src 'self'");
  expect(policy).not.toContain('unsafe-inline');
  const refused = await page.evaluate(() =>
    fetch('https://example.org/').then(
      () => false,
      () => true,
    ),
  );
  expect(refused).toBe(true);
  expect(asked).toEqual([]);
  // The browser says on the console that the policy forbade it.
  expect(faults.splice(0).every((fault) => fault.includes('Content Security Policy'))).toBe(true);
});

test('files of many kinds are looked at, and one is trained on', async ({ page }) => {
  await page.goto(QUICK);
  await done(page);
  for (const [name, dtype, rows] of [
    ['small_f16.npy', 'f16', 256],
    ['small_f32.safetensors', 'f32', 256],
    ['small.pt', 'f32', 256],
    ['small.csv', 'f32', 64],
  ] as const) {
    await give(page, sharedFile(name));
    const statistics = page.getByTestId('statistics');
    await expect(page.getByRole('heading', { name })).toBeVisible();
    await expect(statistics).toContainText(`${rows} × 384`);
    await expect(statistics).toContainText(dtype === 'f16' ? 'f16' : /f32|f64/);
    await expect(statistics).toContainText(/NaN\s*0/);
  }
  await give(page, sharedFile('small_bf16.safetensors'));
  await expect(page.getByTestId('tensor').locator('option')).toHaveCount(2);
  await give(page, sharedFile('small.csv'));
  await expect(page.getByTestId('statistics')).toContainText('64 × 384');
  await page.getByTestId('keep').selectOption('f16');
  await page.getByTestId('use').click();
  await expect(page.getByTestId('data-summary')).toContainText(
    '64 rows of 384 values, small.csv, kept as f16: 58 train',
  );
  await done(page);
  // Rows without words are shown by their number and first values.
  await expect(feature(page)).toContainText(/row \d+: /);
});

test('words beside a file name its rows, and those of another are refused', async ({ page }) => {
  await page.goto(QUICK);
  await done(page);
  const words = Array.from({ length: 64 }, (_, i) => ({
    token: `word${i}`,
    before: 'left',
    after: 'right',
  }));
  const sidecar = (list: unknown): { name: string; buffer: Buffer } => ({
    name: 'small.tokens.json',
    buffer: Buffer.from(JSON.stringify(list)),
  });
  await give(page, sharedFile('small.csv'), sidecar(words.slice(1)));
  await page.getByTestId('use').click();
  await expect(page.getByRole('alert')).toContainText('small.tokens.json');
  await expect(page.getByTestId('data-summary')).toContainText('the bundled sample');
  await give(page, sharedFile('small.csv'), sidecar(words));
  await page.getByTestId('use').click();
  await expect(page.getByTestId('data-summary')).toContainText('small.csv');
  await done(page);
  await expect(feature(page)).toContainText(/left\s*word\d+\s*right/);
});

test('a bad file is refused by name, and the run goes on', async ({ page }) => {
  await page.goto(`${PAGE}#method=sgd&recipe=own&epochs=900`);
  await reached(page, 1);
  const good = sharedFile('small_f16.npy');
  for (const [name, buffer] of [
    ['short.npy', good.buffer.subarray(0, 5000)],
    ['letter.txt', Buffer.from('Dear reader, this is a letter.')],
    ['empty.npy', Buffer.alloc(0)],
  ] as const) {
    await give(page, { name, buffer });
    await expect(page.getByRole('alert')).toContainText(name);
    await page.getByRole('button', { name: 'Dismiss' }).click();
  }
  await expect(page.getByTestId('data-summary')).toContainText('the bundled sample');
  const then = Number(await page.getByTestId('epoch').textContent());
  await reached(page, then + 1);
});

test('an SAE leaves as a zip for SAELens, and comes back', async ({ page }) => {
  await page.goto(QUICK);
  await done(page);
  const wait = page.waitForEvent('download');
  await page.getByTestId('write-pam-saelens').click();
  const download = await wait;
  expect(download.suggestedFilename()).toMatch(/saelens\.zip$/);
  const zip = await bytesOf(download);
  for (const name of ['cfg.json', 'sae_weights.safetensors']) expect(zip.includes(name)).toBe(true);
  await give(page, { name: download.suggestedFilename(), buffer: zip });
  await expect(page.getByTestId('note')).toContainText('64 → 224 → 64');
  await expect(page.locator('feature-panel').getByRole('button', { name: 'imported' })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  // Magnitude TopK was written with the dictionary doubled.
  await expect(page.getByTestId('features')).toHaveAttribute('aria-label', /of 224/);
  await page.getByLabel('Start from').selectOption('imported');
  await done(page);
  await expect(page.getByTestId('pam fvu')).toHaveText(/^0\.\d+$/);
});

test('an ablation runs by both methods, and its table downloads', async ({ page }) => {
  await page.goto(`${PAGE}#method=sgd&epochs=1&share=10`);
  await done(page);
  await page.getByTestId('figure-updates').click();
  await expect(page.getByTestId('experiment-table').locator('tbody tr')).toHaveCount(4);
  await expect(page.getByTestId('experiment-cancel')).toBeHidden();
  await expect(page.getByTestId('experiment-findings')).toContainText('of 4 settings');
  const wait = page.waitForEvent('download');
  await page.getByTestId('experiment-csv').click();
  const lines = (await bytesOf(await wait)).toString().trim().split('\n');
  expect(lines).toHaveLength(1 + 8);
});

test('a reload in mid-training offers to go on, and goes on', async ({ page }) => {
  await page.goto(`${PAGE}#epochs=900`);
  await reached(page, 2);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByTestId('time-left')).toHaveText('Paused');
  const paused = Number(await page.getByTestId('epoch').textContent());
  await page.reload();
  await expect(page.getByTestId('interrupted')).toContainText(`after epoch ${paused} of 900`);
  await page.getByRole('button', { name: 'Resume' }).click();
  await reached(page, paused + 1);
});

test('a run on a file waits for the file after a reload', async ({ page }) => {
  await page.goto(`${PAGE}#method=sgd&epochs=900`);
  await reached(page, 1);
  const file = sharedFile('small_f16.npy');
  await give(page, file);
  await page.getByTestId('use').click();
  await expect(page.getByTestId('data-summary')).toContainText('small_f16.npy');
  await reached(page, 3);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByTestId('time-left')).toHaveText('Paused');
  const paused = Number(await page.getByTestId('epoch').textContent());
  await page.reload();
  await expect(page.getByTestId('note')).toContainText('Drop yours again');
  await reached(page, 1);
  await give(page, file);
  await page.getByTestId('use').click();
  await expect(page.getByTestId('interrupted')).toContainText(`after epoch ${paused} of 900`);
  await page.getByRole('button', { name: 'Resume' }).click();
  await reached(page, paused + 1);
});

test('axe finds no serious violation in a trained lab, light or dark', async ({ page }) => {
  await page.goto(`${QUICK}&colour=red`);
  await done(page);
  await expect(feature(page)).toBeVisible();
  await page.getByText('More settings').click();
  await expectAccessibleInBoth(page, (colorScheme) => picture(page, `activations-${colorScheme}`));
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(excess).toBe(0);
});
