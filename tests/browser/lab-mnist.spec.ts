// MNIST as the page's own data: it opens on it, and works where MNIST is slow, missing or damaged, or data is saved.
import { gzipSync } from 'node:zlib';
import type { BrowserContext } from '@playwright/test';
import { expect, test } from './fixtures';
import { images, labels } from './idx';
import { cell, epoch, reached } from './lab';

/** What the page may load before its data, gzipped. */
const BUDGET_BYTES = 400_000;

/** A small MNIST beside the page. */
const small = {
  'train-images-idx3-ubyte.gz': gzipSync(images(400)),
  'train-labels-idx1-ubyte.gz': gzipSync(labels(400)),
  't10k-images-idx3-ubyte.gz': gzipSync(images(80)),
  't10k-labels-idx1-ubyte.gz': gzipSync(labels(80, 5)),
};

/** Serves these files as MNIST, each once `ready` allows. */
async function serve(context: BrowserContext, files: Record<string, Buffer>, ready = Promise.resolve()): Promise<void> {
  const listed = Object.fromEntries(Object.entries(files).map(([name, { length }]) => [name, length]));
  await context.route('**/data-sets.json', (route) => route.fulfill({ json: listed }));
  await context.route('**/mnist/*', async (route) => {
    await ready;
    const body = files[route.request().url().split('/').at(-1) ?? ''];
    await (body ? route.fulfill({ body, contentType: 'application/gzip' }) : route.abort());
  });
}

test('the page opens on 10 % of MNIST and trains, and is small before its data', async ({ page }) => {
  const bodies: Promise<Buffer>[] = [];
  let data = 0;
  let files = 0;
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.endsWith('.gz')) data += Number(response.headers()['content-length']);
    else if (files < 4) bodies.push(response.body());
  });
  page.on('requestfinished', (request) => {
    if (request.url().endsWith('.gz')) files += 1;
  });
  const begun = Date.now();
  await page.goto('./');
  await reached(page, 1);
  const seconds = (Date.now() - begun) / 1000;
  await expect(page.getByTestId('data-summary')).toContainText(
    '6,000 training and 10,000 test images of 28 × 28, MNIST',
  );
  await expect(page.getByTestId('credit')).toContainText('Y. LeCun, C. Cortes and C. Burges, CC BY-SA 3.0');
  await expect(page.getByTestId('note')).toBeHidden();
  const bytes = (await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body).length, 0);
  expect(bytes).toBeLessThan(BUDGET_BYTES);
  expect(data).toBeGreaterThan(1e7);
  test.info().annotations.push({
    type: 'MNIST',
    description: `${seconds} s to the first epoch, ${bytes} B, then ${data} B`,
  });
});

test('until MNIST is there it trains on digits and says so; then on MNIST', async ({ page, context }) => {
  let release = (): void => undefined;
  await serve(context, small, new Promise((resolve) => (release = resolve)));
  await page.goto('./');
  await expect(page.getByTestId('note')).toContainText('MNIST is still loading. Until it is here, the runs train on');
  await reached(page, 1);
  await expect(page.getByTestId('data-summary')).toContainText('1,000 training and 2,000 test images');
  release();
  await expect(page.getByTestId('data-summary')).toContainText('40 training and 80 test images of 28 × 28, MNIST');
  await expect(page.getByTestId('note')).toBeHidden();
  await expect(page.getByTestId('replaced')).toBeHidden();
  await reached(page, 2);
  expect(new URL(page.url()).hash).toBe('');
  // What is shown as unseen is from the test file: its labels begin with 5, and a share of the other's is in no order.
  await page.getByRole('heading', { name: 'Originals and reconstructions' }).scrollIntoViewIfNeeded();
  for (const [i, label] of [5, 6, 7, 8, 9].entries()) {
    await expect(page.getByRole('button', { name: `Test image ${i + 1}, label ${label}:` })).toBeVisible();
  }
});

const damaged = Buffer.from(small['train-images-idx3-ubyte.gz']);
damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 0xff;
for (const [fault, files, says] of [
  ['is damaged', { ...small, 'train-images-idx3-ubyte.gz': damaged }, /train-images-idx3-ubyte.gz .*is damaged/],
  ['holds something else', { ...small, 'train-images-idx3-ubyte.gz': gzipSync('a letter') }, /train-images-idx3/],
  ['is not there', {}, /is not beside this page/],
] as const) {
  test(`where MNIST ${fault}, the page says so and trains on digits`, async ({ page, context }) => {
    await serve(context, files);
    await page.goto('./');
    await expect(page.getByTestId('note')).toContainText(says);
    await expect(page.getByTestId('note')).toContainText('Generated digits are used instead');
    await expect(page).toHaveURL(/#data=digits$/);
    await reached(page, 1);
    await expect(cell(page, 'sgd-tied test MSE')).toHaveText(/\d/);
  });
}

test('where data is to be saved, MNIST is not downloaded before it is chosen', async ({ page, context }) => {
  await serve(context, small);
  await page.addInitScript(() => {
    const make = URL.createObjectURL.bind(URL);
    // Workers inherit nothing of the page: the setting is put before the script that they start with.
    URL.createObjectURL = (source: Blob) =>
      make(
        source.type === 'text/javascript'
          ? new Blob(['Object.defineProperty(navigator.connection, "saveData", { value: true });\n', source], source)
          : source,
      );
  });
  const downloads: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('.gz')) downloads.push(request.url());
  });
  await page.goto('./');
  await expect(page.getByTestId('note')).toContainText(/set to save data, and MNIST is a download of [\d.]+\skB/);
  await reached(page, 1);
  expect(downloads).toEqual([]);
  await page.getByRole('radio', { name: /^MNIST/ }).check();
  await expect(page.getByTestId('data-summary')).toContainText('40 training and 80 test images of 28 × 28, MNIST');
  await expect(epoch(page)).not.toHaveText('0');
  // It is kept: a later visit need not download it.
  await page.goto('./#seed=3');
  await page.reload();
  await expect(page.getByTestId('data-summary')).toContainText('MNIST');
  await expect(page.getByTestId('note')).toBeHidden();
  expect(downloads).toHaveLength(4);
});
