// Colours of the reader's own, as high contrast modes give them: what backgrounds and shades say must still be seen, and
// the focus too.
import { Buffer } from 'node:buffer';
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './fixtures';

/** Contrast that text must have, and that parts of a picture must. */
const TEXT = 4.5;
const PART = 3;

interface Seen {
  /** Between the lightest and the darkest pixel, as WCAG counts it. */
  contrast: number;
  /** Relative luminance, mean over the pixels. */
  mean: number;
}

/** What a picture of an element or a region shows. */
async function seen(page: Page, png: Buffer): Promise<Seen> {
  return page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
    if (!context) throw new Error('no canvas to look at the picture with');
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    const linear = (value: number): number =>
      value <= 10.31 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    let [least, most, sum] = [1, 0, 0];
    for (let i = 0; i < data.length; i += 4) {
      const [r = 0, g = 0, b = 0] = data.subarray(i, i + 3);
      const luminance = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
      [least, most, sum] = [Math.min(least, luminance), Math.max(most, luminance), sum + luminance];
    }
    return { contrast: (most + 0.05) / (least + 0.05), mean: (4 * sum) / data.length };
  }, png.toString('base64'));
}

const look = async (page: Page, at: Locator): Promise<Seen> => seen(page, await at.screenshot());

/** The pressed one of a group of buttons is lighter or darker than the others. */
async function expectPressedSeen(page: Page, group: Locator): Promise<void> {
  const pressed = await look(page, group.locator('button[aria-pressed="true"]').first());
  const other = await look(page, group.locator('button[aria-pressed="false"]').first());
  expect(pressed.contrast).toBeGreaterThan(TEXT);
  expect(other.contrast).toBeGreaterThan(TEXT);
  expect(Math.abs(pressed.mean - other.mean)).toBeGreaterThan(0.1);
}

/** Where an element is, with room for an outline around it. */
async function around(at: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  await at.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await at.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  return { x: x - 6, y: y - 6, width: width + 12, height: height + 12 };
}

/** Pixels that differ between two pictures of one place. */
async function changed(page: Page, before: Buffer, after: Buffer): Promise<number> {
  return page.evaluate(
    async (both) => {
      const pixels = await Promise.all(
        both.map(async (base64) => {
          const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
          const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
          const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
          context?.drawImage(image, 0, 0);
          return context?.getImageData(0, 0, image.width, image.height).data ?? new Uint8ClampedArray();
        }),
      );
      const [first = new Uint8ClampedArray(), second = new Uint8ClampedArray()] = pixels;
      let differ = 0;
      for (let i = 0; i < first.length; i += 4) {
        if ([0, 1, 2].some((c) => Math.abs((first[i + c] ?? 0) - (second[i + c] ?? 0)) > 60)) differ += 1;
      }
      return differ;
    },
    [before, after].map((png) => png.toString('base64')),
  );
}

/** A thing that the keyboard comes to has a line around it while it has the focus, two pixels wide. */
async function expectFocusSeen(page: Page, at: Locator): Promise<void> {
  const clip = await around(at);
  await page.mouse.move(0, 0);
  const before = await page.screenshot({ clip, caret: 'hide' });
  // From the keyboard, as :focus-visible asks.
  await page.keyboard.press('Shift');
  await at.focus();
  await expect(at).toBeFocused();
  const after = await page.screenshot({ clip, caret: 'hide' });
  expect(await changed(page, before, after)).toBeGreaterThan(clip.width + clip.height);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in colours of the reader, ${colorScheme}`, () => {
    test.use({ colorScheme, contextOptions: { forcedColors: 'active' } });

    test('the article: words that steer figures, the focus, the figures', async ({ page }) => {
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await page.goto('./article.html');
      // Figures first: where they come the text moves.
      const figure = page.locator('live-figure').first();
      await figure.scrollIntoViewIfNeeded();
      await expect(figure.getByRole('img')).not.toHaveAccessibleName(/not drawn yet/);
      await expectPressedSeen(page, figure.locator('.segments').first());
      expect((await look(page, figure.getByRole('img'))).contrast).toBeGreaterThan(PART);
      const words = page.getByRole('button', { name: 'Voronoi cells' });
      await expect.poll(async () => (await look(page, words)).contrast).toBeGreaterThan(TEXT);
      await expectFocusSeen(page, words);
      await expectFocusSeen(page, page.locator('article a').first());
      await expect
        .poll(async () => (await look(page, page.locator('article math').first())).contrast)
        .toBeGreaterThan(TEXT);
    });

    test('the gallery: bars, marked sites, the focus of a site', async ({ page }) => {
      await page.goto('./figure.html?name=topk-is-power');
      const figure = page.locator('splinterp-topk-is-power');
      await expect(figure.getByRole('img').first()).not.toHaveAccessibleName(/not drawn yet/);
      const handle = figure.locator('.handle').first();
      await expectFocusSeen(page, handle);
      expect((await look(page, figure.locator('.bars .active .track, .bars .track').first())).contrast).toBeGreaterThan(
        PART,
      );
    });

    test('the MNIST lab: settings that are pressed, curves, chips', async ({ page }) => {
      await page.goto('./#data=digits&share=5&epochs=1');
      await expect(page.getByTestId('time-left')).toContainText('Done');
      for (const group of await page.locator('.segments').all()) {
        if ((await group.locator('button[aria-pressed="true"]').count()) === 0) continue;
        if ((await group.locator('button[aria-pressed="false"]').count()) === 0) continue;
        await expectPressedSeen(page, group);
      }
      await expectFocusSeen(page, page.getByRole('button', { name: 'Play' }).first());
      expect((await look(page, page.locator('.u-over').first())).contrast).toBeGreaterThan(PART);
    });

    test('the activations lab: the tokens of examples, bars beside numbers, the selected feature', async ({ page }) => {
      await page.goto('./activations.html#data=sample&epochs=1');
      const feature = page.getByTestId('feature');
      await expect(feature.locator('mark').first()).toBeVisible();
      await feature.locator('mark').first().scrollIntoViewIfNeeded();
      for (const token of (await feature.locator('mark').all()).slice(0, 4)) {
        // Within its edges, which alone are no word.
        const { x, y, width, height } = (await token.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
        const clip = { x: x + 5, y: y + 5, width: width - 10, height: height - 10 };
        expect((await seen(page, await page.screenshot({ clip }))).contrast).toBeGreaterThan(TEXT);
      }
      for (const kind of ['positive', 'negative']) {
        const bar = feature.locator(`.track.${kind}`).first();
        if ((await bar.count()) > 0) expect((await look(page, bar)).contrast, kind).toBeGreaterThan(PART);
      }
      const known = page.locator('acts-known .track').first();
      expect((await look(page, known)).contrast).toBeGreaterThan(PART);
      const list = page.getByTestId('features');
      const row = list.locator('.row[aria-selected="true"]');
      const other = list.locator('.row[aria-selected="false"]').first();
      expect(Math.abs((await look(page, row)).mean - (await look(page, other)).mean)).toBeGreaterThan(0.005);
    });

    test('the explorer: cells, margins, the focus of the plane', async ({ page }) => {
      await page.goto('./explorer.html#data=digits&share=5&runs=sgd-untied&epochs=1&stand=yes');
      const plane = page.getByTestId('plane');
      await expect(page.getByTestId('cells').first()).toContainText(/\d/);
      expect((await look(page, plane)).contrast).toBeGreaterThan(PART);
      await expectFocusSeen(page, plane);
      const histogram = page.locator('feature-histogram');
      await histogram.scrollIntoViewIfNeeded();
      expect((await look(page, histogram.locator('svg'))).contrast).toBeGreaterThan(PART);
      await expectPressedSeen(page, page.locator('.segments').filter({ has: page.getByTestId('shade-error') }));
    });
  });
}
