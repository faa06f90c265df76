// A feature's examples in their whole sequences, and splits that no sequence straddles.
import { readFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { expect, expectAccessible, test } from './fixtures';
import { npyOf } from './npy';

const PAGE = './activations.html';
const done = (page: Page): Promise<void> => expect(page.getByTestId('time-left')).toContainText('Done');
const context = (page: Page): Locator => page.getByTestId('context');
const tokens = (page: Page): Locator => context(page).getByRole('option');
const value = (page: Page): Locator => page.getByTestId('token-value');

test('a feature’s example stands in its whole sentence, and keys step through tokens and contexts', async ({
  page,
}) => {
  await page.goto(`${PAGE}#method=pam&epochs=2&latents=48&k=4&seed=1`);
  await done(page);
  // The peak of the first context is the feature's greatest activation.
  const feature = page.getByTestId('feature');
  const greatest = await feature.locator('dt', { hasText: 'max activation' }).locator('xpath=../dd').textContent();
  await expect(value(page)).toContainText(`${greatest?.trim()}, the peak`);
  await expect(context(page)).toContainText(/1 of \d+ · rows\s+[\d,]+ to [\d,]+/);
  const peak = tokens(page).and(page.locator('.peak'));
  const word = await feature
    .getByRole('list', { name: 'Top activating examples' })
    .locator('mark')
    .first()
    .textContent();
  await expect(peak).toHaveText(word?.trim() ?? '');
  expect(await tokens(page).count()).toBeGreaterThan(3);
  await expectAccessible(page);

  const list = context(page).getByRole('listbox');
  await list.focus();
  await page.keyboard.press('Home');
  await expect(tokens(page).first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowRight');
  await expect(tokens(page).nth(1)).toHaveAttribute('aria-selected', 'true');
  const second = (await tokens(page).nth(1).getAttribute('aria-label')) ?? '';
  await expect(value(page)).toContainText(second.split(': ')[1] ?? '–');

  await page.keyboard.press('ArrowDown');
  await expect(context(page)).toContainText(/2 of \d+/);
  await context(page).getByRole('button', { name: 'Previous context' }).click();
  await expect(context(page)).toContainText(/1 of \d+/);
  await expect(context(page).getByRole('button', { name: 'Previous context' })).toBeDisabled();

  // An example that is clicked opens its own sentence.
  const example = feature.getByRole('button', { name: /in context/ }).last();
  await example.click();
  await expect(example).toHaveAttribute('aria-pressed', 'true');
  const row = Number(/Row ([\d,]+)/.exec((await example.getAttribute('aria-label')) ?? '')?.[1]?.replaceAll(',', ''));
  const where = (await context(page).locator('.where').textContent()) ?? '';
  const [from, to] =
    [...where.matchAll(/rows\s+([\d,]+) to ([\d,]+)/g)][0]?.slice(1).map((n) => Number(n.replaceAll(',', ''))) ?? [];
  expect(row).toBeGreaterThanOrEqual(from ?? Infinity);
  expect(row).toBeLessThanOrEqual(to ?? -1);

  const wait = page.waitForEvent('download');
  await page.getByTestId('share-json').click();
  const json = JSON.parse(readFileSync(await (await wait).path(), 'utf8')) as {
    features: {
      maxActApprox: number;
      activations: { tokens: string[]; values: number[]; maxValueTokenIndex: number }[];
    }[];
  };
  const [first] = json.features[0]?.activations ?? [];
  expect(first?.tokens.length).toBeGreaterThan(3);
  expect(first?.values[first.maxValueTokenIndex]).toBe(json.features[0]?.maxActApprox);
  const several = json.features
    .flatMap(({ activations }) => activations)
    .filter(({ values }) => values.filter(Boolean).length > 1);
  expect(several.length).toBeGreaterThan(10);
});

test('long sequences are cut around the example until all is asked for, and no text is made up where none is known', async ({
  page,
}) => {
  await page.goto(`${PAGE}#method=pam&epochs=1&latents=32&k=4`);
  await done(page);
  const files = page.getByTestId('files');
  const give = (name: string, buffer: Buffer): Promise<void> =>
    files.setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
  await give('texts.npy', npyOf([6, 200, 16]));
  await page.getByTestId('use').click();
  await expect(page.getByTestId('data-summary')).toContainText('1,200 rows of 16 values, texts.npy');
  await expect(page.getByTestId('data-summary')).toContainText(
    /1,000\s+train and 200\s+test, split by sequence \(6 sequences\)/,
  );
  await expect(context(page)).toContainText('of a sequence of 200');
  await expect(tokens(page)).toHaveCount(65);
  await context(page).getByRole('button', { name: 'Show all 200 tokens' }).click();
  await expect(tokens(page)).toHaveCount(200);
  await context(page).getByRole('button', { name: 'Show the tokens around the example' }).click();
  await expect(tokens(page)).toHaveCount(65);

  // Single rows, if they are asked for.
  await page.getByLabel('Test rows', { exact: true }).selectOption('single rows');
  await expect(page).toHaveURL(/test-by=row/);
  await expect(page.getByTestId('data-summary')).toContainText(/1,080\s+train and 120\s+test\./);

  await give('matrix.npy', npyOf([400, 16]));
  await page.getByTestId('use').click();
  await expect(page.getByTestId('data-summary')).toContainText('400 rows of 16 values, matrix.npy');
  await expect(page.getByTestId('test-by')).toHaveText('single rows: sequences are not known');
  await expect(page.getByTestId('no-context')).toContainText('is not known, so that no whole text is shown');
  await expect(context(page)).toBeHidden();

  // Tokens that come later say it.
  const said = Array.from({ length: 400 }, (_, row) => ({
    token: `t${row}`,
    sequence: `text ${Math.floor(row / 25)}`,
  }));
  await give('matrix.tokens.json', Buffer.from(JSON.stringify(said)));
  await expect(page.getByTestId('note')).toContainText('runs that start from now on are tested on whole texts');
  await expect(tokens(page)).toHaveCount(25);
  await expect(tokens(page).first()).toHaveText(/^\s*t\d+$/);
});

test('a stream holds whole sequences out', async ({ page }) => {
  await page.goto(`${PAGE}#method=pam&epochs=1&latents=32&k=4`);
  await done(page);
  const files = [0, 1].map((i) => ({
    name: `acts_${i}.npy`,
    mimeType: 'application/octet-stream',
    buffer: npyOf([20, 50, 16], (at) => Math.sin(at * at + i)),
  }));
  await page.getByTestId('files').setInputFiles(files);
  await page.getByTestId('reservoir').selectOption('16 MiB at a time');
  await page.getByTestId('use').click();
  await expect(page.getByTestId('data-summary')).toContainText(
    /1,800\s+train and 200\s+test, split by sequence \(40 sequences\)/,
  );
  await expect(page.getByTestId('test-by')).toHaveText('whole sequences');
  await done(page);
  await expect(tokens(page)).toHaveCount(50);
  await expect(context(page).locator('.unknown')).toHaveCount(0);
});
