// The feature view: thousands of features in a list that scrolls, sorts and searches, and each in detail.
import { expect, test } from './fixtures';
import { images } from './idx';

const PAGE = './activations.html';

test('features are sorted, searched and followed, by keyboard too', async ({ page }) => {
  await page.goto(`${PAGE}#method=pam&epochs=4`);
  const list = page.getByTestId('features');
  const detail = page.getByTestId('feature');
  await expect(detail.getByRole('heading', { level: 2 })).toHaveText(/^Feature \d+/);
  const first = await detail.getByRole('heading', { level: 2 }).textContent();

  await list.focus();
  await page.keyboard.press('ArrowDown');
  await expect(list.getByRole('row', { selected: true })).toHaveAttribute('aria-rowindex', '3');
  await expect(detail.getByRole('heading', { level: 2 })).not.toHaveText(first ?? '');
  await page.keyboard.press('Home');
  await expect(detail.getByRole('heading', { level: 2 })).toHaveText(first ?? '');

  await page.getByTestId('sort').selectOption('number');
  await page.getByRole('button', { name: /sort ascending/ }).click();
  await expect(list.getByRole('row').nth(1).locator('.id')).toHaveText('0');
  await expect(page).toHaveURL(/sort=number&rising=yes/);

  await page.getByRole('searchbox').fill('puppy');
  await expect(list).toHaveAttribute('aria-label', /Features, [1-9]\d? of 112/);
  for (const option of (await list.getByRole('row').all()).slice(1)) await expect(option).toContainText('puppy');
  await page.getByRole('searchbox').fill('no such word');
  await expect(list).toContainText('No matching features');
  await page.getByRole('searchbox').fill('');

  const near = detail.getByRole('list', { name: 'Nearest by cosine' }).getByRole('link').first();
  const number = /^\d+/.exec((await near.textContent())?.trim() ?? '')?.[0] ?? '';
  const before = await detail.getByRole('heading', { level: 2 }).textContent();
  await near.click();
  await expect(detail.getByRole('heading', { level: 2 })).toHaveText(new RegExp(`^Feature ${number}\\b`));
  await page.goBack();
  await expect(detail.getByRole('heading', { level: 2 })).toHaveText(before ?? '');

  await expect(detail.getByRole('list', { name: 'Top activating examples' }).locator('mark').first()).toBeVisible();
  await expect(detail.getByRole('slider', { name: /Histogram of the feature/ })).toBeVisible();
  await expect(detail.getByRole('list', { name: 'Most aligned input dimensions' }).getByRole('listitem')).toHaveCount(
    10,
  );
});

test('4,096 features are a list of which only what is on screen is there', async ({ page }) => {
  await page.goto(`${PAGE}#method=sgd&latents=4096&epochs=1&show=all&sort=number&rising=yes`);
  const list = page.getByTestId('features');
  await expect(list).toHaveAttribute('aria-label', 'Features, 4,096 of 4,096');
  await list.evaluate((box) => box.scrollTo(0, box.scrollHeight));
  await expect(list.locator('#feature-4095')).toBeVisible();
  expect(await list.getByRole('row').count()).toBeLessThan(60);
  await list.focus();
  await page.keyboard.press('End');
  await expect(list.getByRole('row', { selected: true })).toHaveAttribute('aria-rowindex', '4097');
});

test('rows of bytes that are pictures are shown as pictures', async ({ page }) => {
  await page.goto(`${PAGE}#method=pam&epochs=2&latents=32&k=4`);
  await page.getByTestId('feature').waitFor();
  await page.getByTestId('files').setInputFiles({
    name: 'pictures.idx',
    mimeType: 'application/octet-stream',
    buffer: images(200, 12, 9),
  });
  await expect(page.getByTestId('statistics')).toContainText('[200, 12, 9]');
  await page.getByTestId('use').click();
  await expect(page.getByTestId('data-summary')).toContainText('200 rows of 108 values, pictures.idx, kept as u8');
  const picture = page.getByRole('list', { name: 'Top activating examples' }).getByRole('img').first();
  await expect(picture).toBeVisible();
  const colours = await picture.evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const bytes = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data;
    return {
      width,
      height,
      colours: new Set(new Uint32Array(bytes?.buffer ?? new ArrayBuffer())).size,
    };
  });
  expect(colours).toMatchObject({ width: 9, height: 12 });
  expect(colours.colours).toBeGreaterThan(1);
});
