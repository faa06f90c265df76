// The curves of a lab: the values under the crosshair, by mouse, by touch and by keyboard.
import type { Locator, Page } from '@playwright/test';
import { expect, expectAccessible, test } from './fixtures';
import { QUICK, reached } from './lab';

const chart = (page: Page): Locator => page.getByTestId('curves');
const values = (page: Page): Locator => chart(page).locator('.values');

/** Opens a run of a few epochs and waits until it is done. */
async function trained(page: Page): Promise<void> {
  await page.goto(`${QUICK}&epochs=6`);
  await reached(page, 6);
  await chart(page).scrollIntoViewIfNeeded();
}

async function middle(page: Page): Promise<{ x: number; y: number; width: number }> {
  const box = await chart(page).boundingBox();
  if (!box) throw new Error('there is no chart');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, width: box.width };
}

test('the crosshair shows the values of its epoch, and goes with the mouse', async ({ page }) => {
  await trained(page);
  await expect(values(page)).toBeHidden();
  const { x, y, width } = await middle(page);
  await page.mouse.move(x, y);
  await expect(values(page)).toHaveText(
    /^Epoch \d+\s*SGD tied test\s*[\d.]+\s*SGD tied train\s*[\d.]+\s*SGD untied test\s*[\d.]+/,
  );
  const first = await values(page).textContent();
  await page.mouse.move(x + 0.4 * width, y);
  await expect(values(page)).not.toHaveText(first ?? '');
  await page.mouse.move(0, 0);
  await expect(values(page)).toBeHidden();
});

test('arrow keys move it, and what it shows is said', async ({ page }) => {
  await trained(page);
  await expect(chart(page)).toHaveRole('slider');
  await chart(page).focus();
  await page.keyboard.press('Home');
  await expect(values(page)).toContainText('Epoch 1');
  await expect(chart(page)).toHaveAttribute(
    'aria-valuetext',
    /^Epoch 1: SGD tied test [\d.]+, SGD tied train [\d.]+, SGD untied/,
  );
  await page.keyboard.press('ArrowRight');
  await expect(chart(page)).toHaveAttribute('aria-valuenow', '2');
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(values(page)).toBeHidden();
});

test.describe('by touch', () => {
  test.use({ hasTouch: true });

  test('a touch shows the values there', async ({ page }) => {
    await trained(page);
    const { x, y } = await middle(page);
    await page.touchscreen.tap(x, y);
    await expect(values(page)).toContainText(/Epoch \d+/);
  });
});

test('legends keep their colours where the reader has colours of their own', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await trained(page);
  const lines = page.locator('lab-curves .legend .pair > span:first-child i');
  const colours = await lines.evaluateAll((all) => all.map((line) => getComputedStyle(line).borderTopColor));
  expect(colours).toHaveLength(3);
  expect(new Set(colours).size).toBe(3);
});

test.describe('a histogram', () => {
  test.use({ hasTouch: true });

  test('shows what a bin counts, by keyboard and by touch', async ({ page }) => {
    await page.goto('./activations.html#method=pam&epochs=2');
    const slider = page.getByRole('slider', { name: /Histogram of the feature/ });
    await slider.scrollIntoViewIfNeeded();
    await expect(slider).toHaveAttribute('aria-valuetext', /^Most .+ to .+: [\d,]+$/);
    await slider.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await expect(slider).toHaveAttribute('aria-valuenow', '2');
    const shown = page.locator('feature-histogram').filter({ has: slider }).locator('.axis b');
    await expect(shown).toHaveText((await slider.getAttribute('aria-valuetext')) ?? '');
    await page.keyboard.press('Escape');
    await expect(shown).toHaveCount(0);
    const box = await slider.boundingBox();
    if (!box) throw new Error('there is no histogram');
    await page.touchscreen.tap(box.x + box.width - 3, box.y + box.height / 2);
    await expect(slider).toHaveAttribute('aria-valuenow', (await slider.getAttribute('aria-valuemax')) ?? '');
    await expect(shown).toBeVisible();
  });
});
