// The article: its figures come as it is read and follow its words, its numbers are those of docs and lead to
// their runs, and it reads without scripts.
import { readFileSync } from 'node:fs';
import { expect, expectAccessible, picture, test } from './fixtures';
import { excessWidth } from './figure';

const figures = ['voronoi-to-power', 'order-k', 'lifting', 'topk-is-power', 'three-partitions', 'kmeans-pca'];

test('every figure comes when the reader is near, and words set it to what they say', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('./article.html');
  for (const name of figures) {
    const place = page.locator(`live-figure[name="${name}"]`);
    await place.scrollIntoViewIfNeeded();
    await expect(place.getByRole('img')).not.toHaveAccessibleName(/not drawn yet/, { timeout: 20_000 });
    await expect(place.getByRole('button', { name: 'Export' }).or(place.getByText('Export'))).toBeVisible();
  }
  await page.getByRole('button', { name: 'at order 5' }).click();
  await expect(page.locator('live-figure[name="order-k"] #order')).toHaveValue('5');
  await page.getByRole('button', { name: 'Lower the threshold' }).click();
  await expect(page.locator('live-figure[name="three-partitions"]').getByText('θ = −0.2')).toBeVisible();
});

test('every set of words that steers a figure is understood by it', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('./article.html');
  for (const words of await page.locator('figure-state button').all()) {
    await words.click();
    const name = await words.locator('..').getAttribute('figure');
    const figure = page.locator(`live-figure[name="${name ?? ''}"]`);
    await expect(figure.getByRole('img')).not.toHaveAccessibleName(/not drawn yet/, { timeout: 20_000 });
    await expect(figure.getByText('not understood')).toHaveCount(0);
  }
});

test('its numbers are those of the documents, and lead to a lab with that run', async ({ page }) => {
  await page.goto('./article.html');
  const documents = ['results', 'comparison'].map((name) => new URL(`../../docs/${name}.md`, import.meta.url));
  const known = documents.map((each) => readFileSync(each, 'utf8').replace(/e\+(\d+)/g, ' · 10$1')).join('\n');
  const numbers = await page.locator('.result').allTextContents();
  expect(numbers.length).toBeGreaterThan(50);
  for (const number of numbers) expect(known).toContain(number.replaceAll(',', ''));
  const link = page.locator('table a.result').last();
  await expect(link).toHaveAttribute('href', /^\.\/#share=100&epochs=20&runs=pam-recommended$/);
  // That run takes minutes: its settings on fewer images show that the lab understands the link.
  await page.goto('./#share=1&epochs=1&runs=pam-recommended');
  await expect(page.getByTestId('time-left')).toContainText('Done');
  await expect(page.getByTestId('note')).toBeHidden();
});

test('its links lead somewhere', async ({ page, request, baseURL }) => {
  await page.goto('./article.html');
  const links = await page
    .locator('article a, footer a')
    .evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
  const here = new URL('./article.html', baseURL).href;
  for (const link of new Set(links)) {
    if (link.startsWith(`${here}#`)) await expect(page.locator(new URL(link).hash)).toHaveCount(1);
    else if (link.startsWith(baseURL ?? '')) expect((await request.get(link)).status(), link).toBe(200);
    else expect(link).toMatch(/^https:\/\/(arxiv\.org|doi\.org|github\.com|proceedings\.mlr\.press)\//);
  }
});

test('axe finds no serious violation, light or dark, nothing is too wide', async ({ page }) => {
  await page.goto('./article.html');
  const first = page.locator('live-figure').first();
  await first.scrollIntoViewIfNeeded();
  await expect(first.getByRole('img')).not.toHaveAccessibleName(/not drawn yet/);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
    await picture(page, `article-${colorScheme}`);
  }
  expect(await excessWidth(page)).toBe(0);
  await page.setViewportSize({ width: 320, height: 700 });
  expect(await excessWidth(page)).toBe(0);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('it reads, with formulas, numbers and a still picture of every figure', async ({ page }) => {
    await page.goto('./article.html');
    const stills = page.locator('live-figure img');
    await expect(stills).toHaveCount(figures.length);
    for (const still of await stills.all()) {
      await still.scrollIntoViewIfNeeded();
      await expect(still).toHaveAttribute('alt', /\d/);
      await expect.poll(() => still.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(100);
    }
    expect(await page.locator('math').count()).toBeGreaterThan(40);
    await expect(page.locator('article')).not.toContainText(/\\\(|\{\{/);
    expect(await excessWidth(page)).toBe(0);
  });
});
