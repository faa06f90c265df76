// Rows that stay in their files: trained on in chunks, and what happens when a file goes in mid-epoch.
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { cell, epoch, reached } from './lab';

const COLS = 64;
const ROWS_OF_A_FILE = 40_000;

/** An array of NumPy's: each row is the sum of two of sixteen directions, and noise. */
function npy(rows: number, seed: number): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${COLS}), }`.padEnd(117) + '\n';
  const values = new Float32Array(rows * COLS);
  let state = seed;
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let row = 0; row < rows; row++) {
    const [one, other] = [Math.floor(random() * 16), Math.floor(random() * 16)];
    for (let col = 0; col < COLS; col++) {
      const direction = (which: number): number => Math.cos((which + 1) * (col + 1));
      values[row * COLS + col] = 2 + direction(one) + direction(other) + 0.05 * random();
    }
  }
  const start = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.from([header.length, 0])]);
  return Buffer.concat([start, Buffer.from(header, 'latin1'), Buffer.from(values.buffer)]);
}

/** Three files of 10 MB each. */
async function shards(): Promise<{ folder: string; files: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'splinterp-'));
  const files = [0, 1, 2].map((i) => join(folder, `acts_${i}.npy`));
  for (const [i, file] of files.entries()) await writeFile(file, npy(ROWS_OF_A_FILE, i + 1));
  return { folder, files };
}

/** Has the page stream them, 16 MiB in memory at a time. */
async function give(page: Page, files: string[]): Promise<void> {
  await page.getByTestId('files').setInputFiles(files);
  await expect(page.getByTestId('statistics')).toContainText(/rows × values\s*120,000 × 64/);
  await page.getByTestId('reservoir').selectOption('16 MiB at a time');
  await page.getByTestId('use').click();
}

/** Opens them in a lab that trains. */
async function stream(page: Page, files: string[], epochs: number): Promise<void> {
  await page.goto(`./activations.html#method=pam&epochs=${epochs}`);
  await reached(page, 1);
  await give(page, files);
  await expect(page.getByTestId('data-summary')).toContainText('read from its files, 16 MiB at a time, as f32');
}

test('rows that stay in their files are trained on in chunks', async ({ page }) => {
  const { folder, files } = await shards();
  try {
    await stream(page, files, 3);
    const summary = page.getByTestId('data-summary');
    await expect(summary).toContainText('120,000 rows of 64 values, acts_0.npy and 2 more');
    await expect(summary).toContainText(/10\d,\d{3}\s+train and 1[12],\d{3}\s+test/);
    await expect(summary).toContainText('Features are shown, and experiments run, on the test rows');
    await expect(page.locator('#share')).toBeDisabled();
    await expect(page.getByTestId('time-left')).toContainText('Done');
    // Two of 16 directions: the noise alone is a thousandth of the variance.
    const mse = (await cell(page, 'pam test MSE').textContent()) ?? '';
    expect(Number(mse.replace('−', '-'))).toBeLessThan(0.1);
    await expect(page.locator('feature-panel')).toContainText(/1[12],\d{3}/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a reading of all rows can be cancelled', async ({ page }) => {
  const { folder, files } = await shards();
  try {
    await page.goto('./activations.html#method=pam&epochs=2');
    await expect(page.getByTestId('time-left')).toContainText('Done');
    await page.getByTestId('files').setInputFiles(files);
    await page.getByTestId('reservoir').selectOption('16 MiB at a time');
    await page.getByTestId('use').click();
    await page.getByTestId('inspection').getByRole('button', { name: 'Cancel' }).click();
    await expect(page.getByTestId('use')).toBeEnabled();
    await expect(page.getByTestId('data-summary')).toContainText('the bundled sample');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('files that go in mid-epoch are named, and given again the run goes on from its last epoch', async ({ page }) => {
  const { folder, files } = await shards();
  try {
    const contents = await Promise.all(files.map((file) => readFile(file)));
    await stream(page, files, 200);
    await reached(page, 1);
    for (const file of files) await truncate(file, 1000);
    await expect(page.getByRole('alert')).toContainText(
      /acts_\d\.npy: (cannot be read at byte \d+: (?!network).*|gave \d+ of \d+ bytes at byte \d+); give the files again to go on\./,
    );
    const last = Number(await epoch(page).textContent());
    expect(last).toBeGreaterThanOrEqual(1);
    await expect(cell(page, 'pam test MSE')).toHaveText(/\d/);
    for (const [i, file] of files.entries()) await writeFile(file, contents[i] ?? '');
    await give(page, files);
    await expect(page.getByTestId('interrupted')).toContainText(`after epoch ${last} of 200`);
    await page.getByRole('button', { name: 'Resume' }).click();
    await reached(page, last + 1);
    await expect(page.getByRole('alert')).toBeHidden();
  } finally {
    await rm(folder, { recursive: true });
  }
});
