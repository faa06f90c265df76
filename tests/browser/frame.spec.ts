// What every figure's frame does: histories, failures, announcements, hints, colours.
import type { Locator, Page } from '@playwright/test';
import { alone, described, excessWidth, historyLength, isDrawn, open, slider } from './figure';
import { expect, expectAccessible, test } from './fixtures';

/** Lets a request fail until it is let through again; returns what lets it. */
async function broken(page: Page, faults: string[], address: string): Promise<() => Promise<void>> {
  await page.route(address, (route) => route.abort());
  return async () => {
    await page.unroute(address);
    faults.splice(0, faults.length, ...faults.filter((fault) => !fault.includes('ERR_FAILED')));
  };
}

test.describe('the history', () => {
  for (const [what, find] of [
    ['a site', (page: Page) => slider(page, 'Site 7')],
    ['the probe', (page: Page) => slider(page, 'Probe')],
    ['a control', (page: Page) => page.locator('#order')],
  ] as const) {
    test(`a key that is held moves ${what} many steps and makes one entry`, async ({ page }) => {
      await open(page, 'order-k');
      await find(page).focus();
      const [before, first] = [await historyLength(page), page.url()];
      // Playwright repeats a key that is down already.
      for (let i = 0; i < 8; i++) await page.keyboard.down('ArrowRight');
      await page.keyboard.up('ArrowRight');
      await expect.poll(() => historyLength(page)).toBe(before + 1);
      const moved = page.url();
      expect(moved).not.toBe(first);
      await page.keyboard.press('ArrowRight');
      await expect.poll(() => historyLength(page)).toBe(before + 2);
      await page.goBack();
      await expect(page).toHaveURL(moved);
      await page.goBack();
      await expect(page).toHaveURL(first);
    });
  }
});

test.describe('a failure', () => {
  for (const [what, name, hash, address, reason] of [
    ['the wasm module', 'order-k', '', '**/*.wasm', 'The geometry module could not be loaded'],
    ['the component', 'order-k', '', '**/assets/order-k-*.js', 'The figure could not be loaded'],
    ['three.js', 'lifting', '', '**/assets/lifting-scene-*.js', 'lifting-scene'],
    ['the worker', 'order-k', 'order=1&sites=10000', '**/geometry.worker*', 'The worker for large diagrams stopped'],
  ] as const) {
    test(`of ${what} is told with its reason, and Try again mends it`, async ({ page, faults }) => {
      await page.emulateMedia({ reducedMotion: 'reduce' });
      const mend = await broken(page, faults, address);
      await page.goto(alone(name, hash));
      await expect(page.getByRole('alert')).toContainText(reason);
      await mend();
      await page.getByRole('button', { name: 'Try again' }).click();
      await expect(page.getByRole('button', { name: 'Try again' })).toHaveCount(0);
      await isDrawn(page);
      await expect(page.getByTestId('coarse')).toHaveCount(0);
      if (what === 'the worker') await expect(page.getByTestId('cells')).toHaveText(/^(9,\d{3}|10,000) cells$/);
    });
  }

  test('in the gallery leaves the other figures alone', async ({ page, faults }) => {
    const mend = await broken(page, faults, '**/assets/order-k-*.js');
    await page.goto('./gallery.html');
    const section = page.locator('section[data-name="order-k"]');
    await expect(section.getByRole('alert')).toContainText('The figure could not be loaded');
    const other = page.locator('splinterp-voronoi-to-power').getByRole('img');
    await expect(other).not.toHaveAccessibleName(/not drawn yet/);
    await mend();
    await section.getByRole('button', { name: 'Try again' }).click();
    await expect(section.getByRole('img')).not.toHaveAccessibleName(/not drawn yet/);
  });

  test('is gone with the next change', async ({ page, faults }) => {
    const mend = await broken(page, faults, '**/geometry.worker*');
    await page.goto(alone('order-k', 'order=1&sites=10000'));
    await expect(page.getByRole('alert')).toContainText('The picture is a coarse one');
    await expect(page.getByTestId('cells')).toHaveText(/cells/);
    await page.locator('#count').selectOption('30');
    await expect(page.getByRole('alert')).toBeEmpty();
    await mend();
  });
});

test('before its first frame “Between k-means and PCA” does not ask for points', async ({ page }) => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/*.wasm', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(alone('kmeans-pca'));
  await expect(page.locator('.readout')).toHaveText('Loading the points …');
  await expect(page.getByText('No points yet')).toHaveCount(0);
  release();
  await expect(page.getByTestId('where')).toBeVisible();
});

test.describe('announcements', () => {
  test('say nothing of the first picture, and one thing of a change', async ({ page }) => {
    await open(page, 'order-k');
    await page.waitForTimeout(900);
    await expect(page.getByTestId('announced')).toBeEmpty();
    await page.locator('#order').fill('4');
    await expect(page.getByTestId('announced')).toHaveText(/^Power diagram of order 4 of 30 sites/);
  });

  test('wait until training rests, however long it goes on', async ({ page }) => {
    await open(page, 'kmeans-pca', 'cells=kmeans', false);
    await page.evaluate(() => {
      const region = document.querySelector('splinterp-kmeans-pca')?.shadowRoot?.querySelector('[aria-live]');
      const told: string[] = [];
      Object.assign(globalThis, { told });
      new MutationObserver(() => told.push(region?.textContent ?? '')).observe(region ?? document, {
        childList: true,
        characterData: true,
        subtree: true,
      });
    });
    await page.locator('#clusters').fill('4');
    await page.waitForTimeout(3000);
    const told = (): Promise<string[]> => page.evaluate(() => (globalThis as unknown as { told: string[] }).told);
    expect(await told()).toEqual([]);
    await page.getByTestId('play').click();
    await expect.poll(told).toHaveLength(1);
    // The picture's own text went on all the time.
    await expect(described(page)).toHaveAccessibleName(/with 4 clusters/);
  });
});

test.describe('hints', () => {
  /** The popover whose text begins so; the text stands in the page, the popover around it. */
  const hint = (page: Page, start: string): Locator =>
    page.locator('hint-button').filter({ hasText: start }).locator('[popover]');

  test('open by keyboard and close by Escape', async ({ page }) => {
    await open(page, 'topk-is-power');
    const button = page.getByRole('button', { name: 'About: Ranked by' });
    const text = hint(page, 'By value');
    await expect(text).toBeHidden();
    await button.focus();
    await page.keyboard.press('Enter');
    await expect(text).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await expect(text).toBeHidden();
    await expect(button).toBeFocused();
  });

  test.describe('by touch', () => {
    test.use({ hasTouch: true });

    test('open by a touch, within the window, and close by a touch elsewhere', async ({ page }) => {
      await open(page, 'topk-is-power');
      const text = hint(page, 'By value');
      await page.getByRole('button', { name: 'About: Ranked by' }).tap();
      await expect(text).toBeVisible();
      const box = await text.boundingBox();
      const { width = 0, height = 0 } = page.viewportSize() ?? {};
      expect(box?.x).toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(height);
      expect(await excessWidth(page)).toBe(0);
      await page.touchscreen.tap(width - 5, 5);
      await expect(text).toBeHidden();
    });
  });
});

test.describe('colours', () => {
  const ground = (page: Page): Promise<string> =>
    page.locator('body').evaluate((element) => getComputedStyle(element).backgroundColor);
  /** The colour of the canvas in a corner of a cell. */
  const cellColour = (page: Page): Promise<number[]> =>
    page
      .locator('canvas')
      .evaluate((canvas) => [...((canvas as HTMLCanvasElement).getContext('2d')?.getImageData(4, 4, 1, 1).data ?? [])]);

  test('an embed takes the scheme that its address asks for, whatever the device prefers', async ({ page }) => {
    const seen: Record<string, [string, number[]]> = {};
    for (const device of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: device, reducedMotion: 'reduce' });
      for (const scheme of ['', 'light', 'dark']) {
        await page.goto(`./figure.html?name=order-k${scheme === '' ? '' : `&scheme=${scheme}`}`);
        await isDrawn(page);
        seen[`${device} ${scheme}`] = [await ground(page), await cellColour(page)];
      }
    }
    expect(seen['dark light']).toEqual(seen['light ']);
    expect(seen['light light']).toEqual(seen['light ']);
    expect(seen['light dark']).toEqual(seen['dark ']);
    expect(seen['dark dark']).toEqual(seen['dark ']);
    expect(seen['light ']).not.toEqual(seen['dark ']);
    await page.goto('./figure.html?name=order-k&scheme=blue');
    await expect(page.getByTestId('note')).toContainText('scheme is “blue”, expected dark or light');
  });

  test('the export menu opens and closes by keyboard, and the code for other pages takes a scheme', async ({
    page,
  }) => {
    await open(page, 'order-k', 'order=3');
    const button = page.getByRole('button', { name: 'Export', exact: true });
    const menu = page.getByRole('dialog', { name: 'Export' });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await expect(page.getByTestId('svg')).toBeFocused();
    const [of, on] = [await menu.boundingBox(), await button.boundingBox()];
    expect((of?.x ?? 0) + (of?.width ?? 0)).toBeCloseTo((on?.x ?? 0) + (on?.width ?? 0), 0);
    expect(of?.y).toBeGreaterThan(on?.y ?? Infinity);
    await page.keyboard.press('Escape');
    await expect(menu).toBeHidden();
    await expect(button).toBeFocused();
    await button.click();
    await page.getByLabel('Its colours').selectOption('dark');
    await expect(page.locator('#embed')).toHaveValue(/figure\.html\?name=order-k&amp;scheme=dark#order=3"/);
  });

  test('what a background says is said in forced colours too', async ({ page }) => {
    await page.emulateMedia({ forcedColors: 'active' });
    await open(page, 'voronoi-to-power', 'step=1');
    const ground = (name: string): Promise<string> =>
      page.getByRole('button', { name }).evaluate((element) => getComputedStyle(element).backgroundColor);
    expect(await ground('Nearest neighbour')).not.toBe(await ground('k-means'));
    await page.goto(alone('kmeans-pca'));
    await isDrawn(page);
    await page.getByTestId('draw').click();
    expect(await ground('Draw points')).not.toBe(await ground('Start over'));
    await open(page, 'topk-is-power');
    const bars = page.locator('.track i');
    const active = await page
      .locator('.track.active i')
      .first()
      .evaluate((bar) => getComputedStyle(bar).backgroundColor);
    const others = await bars.evaluateAll((all) => all.map((bar) => getComputedStyle(bar).backgroundColor));
    expect(new Set(others).size).toBe(2);
    expect(others).toContain(active);
  });
});
