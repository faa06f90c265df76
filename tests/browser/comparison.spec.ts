// Two SAEs side by side: runs, imports, and one that was put aside.
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, expectAccessible, test } from './fixtures';
import { npyOf } from './npy';

const PAGE = './activations.html';
const done = (page: Page): Promise<void> => expect(page.getByTestId('time-left')).toContainText('Done');
const figure = (page: Page, name: string): Promise<string | null> =>
  page.getByTestId('comparison').locator('dt', { hasText: name }).locator('xpath=../dd').textContent();
const number = async (page: Page, name: string): Promise<number> =>
  Number((await figure(page, name))?.trim().replace('−', '-').replaceAll(',', ''));
const compared = (page: Page): Promise<void> => expect(page.getByTestId('comparison')).toBeVisible();

test('two runs are paired feature by feature, and one that was put aside with another of more latents', async ({
  page,
}) => {
  await page.goto(`${PAGE}#epochs=3&latents=48&k=4`);
  await done(page);
  await expect(page.getByTestId('left')).toHaveValue('pam');
  await expect(page.getByTestId('right')).toHaveValue('sgd');
  await page.getByTestId('compare').click();
  await compared(page);
  expect(await number(page, 'pairs')).toBe(48);
  expect(await number(page, 'mean cosine')).toBeGreaterThan(0.2);
  expect(await number(page, 'mean cosine')).toBeLessThan(1);
  await expect(page.getByTestId('unmatched')).toBeHidden();

  // The best pair first; both features with their sentences.
  const pairs = page.getByRole('region', { name: 'Pairs of features' });
  const best = Number(await pairs.locator('[data-place="0"]').textContent());
  expect(Math.abs(best)).toBeGreaterThan(Math.abs(Number(await pairs.locator('[data-place="47"]').textContent())));
  for (const side of ['left', 'right']) {
    await expect(page.getByTestId(`compared-${side}`).getByRole('option').first()).toBeVisible();
  }
  await pairs.locator('[data-place="0"]').focus();
  await page.keyboard.press('ArrowDown');
  await expect(pairs.locator('[data-place="1"]')).toHaveAttribute('aria-pressed', 'true');
  const label = (await pairs.locator('[data-place="1"]').getAttribute('aria-label')) ?? '';
  const [, left = '', right = ''] = /features (\d+) and (\d+)/.exec(label) ?? [];
  await expect(page.getByTestId('compared-left').locator('h3').first()).toHaveText(`PAM-SGD, epoch 3: feature ${left}`);
  await expect(page.getByTestId('compared-right').locator('h3').first()).toHaveText(`SGD, epoch 3: feature ${right}`);
  await expectAccessible(page);
  const wait = page.waitForEvent('download');
  await page.getByTestId('pairs-csv').click();
  const csv = readFileSync(await (await wait).path(), 'utf8')
    .trim()
    .split('\r\n');
  expect(csv).toHaveLength(1 + 48);

  // Put aside, it outlives its session.
  await page.getByTestId('put-aside').click();
  await expect(page.getByTestId('aside')).toContainText('Put aside: PAM-SGD, epoch 3, 64 → 48');
  await page.goto(`${PAGE}#epochs=3&latents=48&k=4&method=pam`);
  await done(page);
  await expect(page.getByTestId('right')).toHaveValue('kept');
  await page.getByTestId('compare').click();
  await compared(page);
  // The same run again: each feature is paired with itself.
  expect(await number(page, 'mean cosine')).toBeGreaterThan(0.9999);
  expect(await number(page, 'adjusted Rand')).toBeGreaterThan(0.999);

  await page.goto(`${PAGE}#epochs=3&latents=64&k=4&method=pam`);
  await done(page);
  await page.getByTestId('compare').click();
  await compared(page);
  expect(await number(page, 'pairs')).toBe(48);
  expect(await number(page, 'without a partner')).toBe(16);
  await page.getByTestId('unmatched').locator('summary').click();
  await expect(page.getByTestId('unmatched').getByRole('listitem')).toHaveCount(16);
});

test('an SAE in a file is compared, and one of another width is refused by name', async ({ page }) => {
  await page.goto(`${PAGE}#epochs=1&latents=48&k=4&method=pam`);
  await done(page);
  const wait = page.waitForEvent('download');
  await page.getByTestId('write-pam-abstopk').click();
  const buffer = readFileSync(await (await wait).path());
  await page.getByTestId('other-sae').setInputFiles({ name: 'other.zip', mimeType: 'application/zip', buffer });
  await expect(page.getByTestId('aside')).toContainText('Put aside: other.zip, 64 → 48');
  await page.getByTestId('compare').click();
  await compared(page);
  expect(await number(page, 'mean cosine')).toBeGreaterThan(0.9999);

  await page.getByTestId('files').setInputFiles({
    name: 'narrow.npy',
    mimeType: 'application/octet-stream',
    buffer: npyOf([400, 16]),
  });
  await page.getByTestId('use').click();
  await expect(page.getByTestId('data-summary')).toContainText('400 rows of 16 values');
  await done(page);
  await page.getByTestId('compare').click();
  await expect(page.getByRole('alert')).toContainText(
    'other.zip: reads rows of 64 values (d_in), and these have 16. SAEs are compared on rows that both read.',
  );
  await expect(page.getByTestId('comparison')).toBeHidden();
  await expect(page.getByTestId('compare')).toBeEnabled();
});
