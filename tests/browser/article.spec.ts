// The article: its figures come as it is read and follow its words, its numbers are those of docs and lead to
// their runs, and it reads without scripts.
import { readFileSync } from 'node:fs';
import { expect, expectAccessibleInBoth, picture, test } from './fixtures';
import { excessWidth } from './figure';
import { gradeOf, sentencesOf } from './reading';

const figures = ['voronoi-to-power', 'order-k', 'lifting', 'topk-is-power', 'three-partitions', 'kmeans-pca'];

test('every figure comes when the reader is near, and words set it to what they say', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('./article.html');
  for (const name of figures) {
    const place = page.locator(`live-figure[name="${name}"]`);
    await place.scrollIntoViewIfNeeded();
    await expect(place.getByRole('img')).not.toHaveAccessibleName(/not drawn yet/);
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
    await expect(figure.getByRole('img')).not.toHaveAccessibleName(/not drawn yet/);
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

test('it reads easily: sentences are short, words plain', async ({ page }) => {
  await page.goto('./article.html');
  // Formulas, tables, references and code are no prose; a formula within a sentence is left out of it.
  const paragraphs = await page.locator('article').evaluate((article) => {
    const copy = article.cloneNode(true) as HTMLElement;
    for (const each of copy.querySelectorAll(
      'math, .formula, table, live-figure, pre, sup, [aria-labelledby="references"]',
    ))
      each.remove();
    return [...copy.querySelectorAll('p, li')].map((each) => each.textContent);
  });
  const sentences = paragraphs.flatMap(sentencesOf);
  expect(sentences.length).toBeGreaterThan(150);
  const grade = gradeOf(sentences);
  test
    .info()
    .annotations.push({ type: 'reading', description: `grade ${grade.toFixed(1)}, ${sentences.length} sentences` });
  expect(grade).toBeLessThan(8);
  expect(sentences.filter(({ words }) => words > 35).map(({ text }) => text)).toEqual([]);
  // Nor is any paragraph much heavier than the whole.
  for (const paragraph of paragraphs) {
    const own = sentencesOf(paragraph);
    if (own.length > 1) expect(gradeOf(own), paragraph).toBeLessThan(12);
  }
});

test('on paper it is dark on white, with a still picture of every figure and nothing to press', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await page.goto('./article.html');
  // One figure has come to life by then, the last has not.
  const first = page.locator('live-figure').first();
  await first.scrollIntoViewIfNeeded();
  await expect(first.locator('.controls').first()).toBeVisible();
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  const stills = page.locator('live-figure > figure img');
  await expect(stills).toHaveCount(figures.length);
  for (const still of await stills.all()) {
    await expect(still).toBeVisible();
    await expect.poll(() => still.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(100);
    expect(await still.evaluate((image) => (image as HTMLImageElement).currentSrc)).toContain('-light.webp');
  }
  await expect(page.locator('live-figure canvas:visible, live-figure button:visible')).toHaveCount(0);
  await expect(page.locator('site-header, footer').filter({ visible: true })).toHaveCount(0);
  const colours = await page
    .locator('article p')
    .first()
    .evaluate((text) => {
      const luminance = (colour: string): number =>
        Math.max(...(colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number)) / 255;
      const { color } = getComputedStyle(text);
      return [luminance(color), luminance(getComputedStyle(document.body).backgroundColor)];
    });
  expect(colours[0]).toBeLessThan(0.5);
  expect(colours[1]).toBeGreaterThan(0.9);
  // What stands beside its box would be cut off at the edge of the paper.
  await page.setViewportSize({ width: 700, height: 1000 });
  expect(await excessWidth(page)).toBe(0);
  const pdf = await page.pdf({ format: 'A4' });
  const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
  expect(pages).toBeGreaterThan(6);
  expect(pages).toBeLessThan(13);
});

test('axe finds no serious violation, light or dark, nothing is too wide', async ({ page }) => {
  await page.goto('./article.html');
  const first = page.locator('live-figure').first();
  await first.scrollIntoViewIfNeeded();
  await expect(first.getByRole('img')).not.toHaveAccessibleName(/not drawn yet/);
  await expectAccessibleInBoth(page, (colorScheme) => picture(page, `article-${colorScheme}`));
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
