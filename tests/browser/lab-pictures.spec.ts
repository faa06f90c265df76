// The pictures of the MNIST lab: the past of a run, digits that are drawn, codes that are edited, filters that are
// enlarged, runs that are pinned, and the tour past all of them.
import type { CDPSession, Locator, Page } from '@playwright/test';
import { expect, expectAccessible, picture, test } from './fixtures';
import { cell, reached } from './lab';

/** An epoch takes a blink, and there are three. */
const SMALL = './#data=digits&share=1&epochs=3';

async function trained(page: Page, hash = SMALL): Promise<void> {
  await page.goto(hash);
  await reached(page, 3);
}

/** What is on a canvas. */
function pixels(canvas: Locator): Promise<string> {
  return canvas.evaluate((element) => (element as HTMLCanvasElement).toDataURL());
}

/** A seven, as shares of the pad. */
const SEVEN = [
  [0.25, 0.2],
  [0.7, 0.2],
  [0.45, 0.8],
] as const;

async function corners(pad: Locator): Promise<{ x: number; y: number }[]> {
  await pad.scrollIntoViewIfNeeded();
  const box = await pad.boundingBox();
  if (!box) throw new Error('the pad is not on the page');
  return SEVEN.map(([x, y]) => ({ x: box.x + x * box.width, y: box.y + y * box.height }));
}

test('reconstructions go back through the epochs and stay at the newest unless moved', async ({ page }) => {
  await trained(page);
  const slider = page.getByRole('slider', { name: 'Through the epochs' });
  const shown = cell(page, 'shown epoch');
  const image = page.locator('lab-digits .column').first().locator('canvas').last();
  // Pictures are drawn where somebody looks.
  await slider.scrollIntoViewIfNeeded();
  await expect(shown).toHaveText('Epoch 3, the newest');
  const newest = await pixels(image);
  await slider.press('Home');
  await expect(shown).toHaveText('Epoch 0 of 3');
  await expect(page).toHaveURL(/at=0/);
  await expect.poll(() => pixels(image)).not.toBe(newest);
  const untrained = await pixels(image);
  await slider.press('ArrowRight');
  await expect(shown).toHaveText('Epoch 1 of 3');
  await expect.poll(() => pixels(image)).not.toBe(untrained);
  await slider.press('End');
  await expect(page).not.toHaveURL(/at=/);
  await expect.poll(() => pixels(image)).toBe(newest);
  // Opened by a link, the past is there as soon as it is trained.
  await page.goto('about:blank');
  await trained(page, `${SMALL}&seed=1&at=1`);
  await slider.scrollIntoViewIfNeeded();
  await expect(shown).toHaveText('Epoch 1 of 3');
});

test('a digit is drawn, its code edited, and runs pinned and compared', async ({ page }) => {
  await trained(page);
  const points = await corners(page.locator('digit-pad canvas'));
  const drawn = cell(page, 'pam-recommended drawn');
  await expect(drawn).toContainText('Nothing is drawn.');
  for (const [i, { x, y }] of points.entries()) {
    await page.mouse.move(x, y, { steps: 4 });
    if (i === 0) await page.mouse.down();
  }
  await expect(drawn, 'while the pen is down').toContainText('L0 = 15');
  await page.mouse.up();
  await expect(drawn.getByRole('listitem')).toHaveCount(12);
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await expect(drawn).toContainText('Nothing is drawn.');
  await page.getByRole('button', { name: /^Use test image/ }).press('Enter');
  await expect(drawn).toContainText('L0 = 15');

  const editing = page.locator('lab-editing');
  await editing.scrollIntoViewIfNeeded();
  await editing.getByRole('button', { name: 'Your drawing' }).click();
  const before = await cell(page, 'plain mse').textContent();
  const off = editing.getByRole('button', { name: /^Switch latent \d+ off/ });
  await expect(off).toHaveCount(15);
  await off.first().click();
  await expect(editing.getByRole('figure')).toContainText('1 latent is changed: the error');
  expect(await cell(page, 'edited mse').textContent()).not.toBe(before);
  await editing.getByRole('slider').nth(1).press('ArrowRight');
  await expect(editing.getByRole('figure')).toContainText('2 latents are changed');
  await editing.getByRole('button', { name: 'Undo all changes' }).click();
  await editing.getByLabel('Add latent').fill('7');
  await editing.getByLabel('Add latent').press('Enter');
  await expect(cell(page, 'latent 7')).toBeVisible();

  const compare = page.locator('lab-compare');
  await compare.scrollIntoViewIfNeeded();
  await compare.getByRole('button', { name: 'Pin SGD tied', exact: true }).click();
  await page.getByRole('spinbutton', { name: 'Seed', exact: true }).fill('1');
  await page.getByRole('spinbutton', { name: 'Seed', exact: true }).press('Enter');
  await expect(page).toHaveURL(/seed=1/);
  await reached(page, 3);
  await compare.scrollIntoViewIfNeeded();
  await compare.getByRole('button', { name: 'Pin SGD tied', exact: true }).click();
  await expect(cell(page, 'pins').getByRole('row', { name: 'Seed' })).toHaveText(/Seed\s*0\s*1/);
  await expect(compare.getByRole('figure')).toContainText('2 runs, which differ in one setting.');
  await expect(page.locator('lab-curves .pinned')).toHaveCount(2);
  await expect(compare.locator('canvas[data-kind="difference"]')).toHaveCount(10);
  await expectAccessible(page);
  await picture(page, 'lab-compare');
});

test('filters are enlarged by keys, the wheel and buttons', async ({ page }) => {
  await trained(page, `${SMALL}&filters=all`);
  const panel = page.locator('lab-filters').last();
  const sheet = panel.getByRole('listbox').first();
  const size = panel.getByRole('button', { name: 'show the whole sheet' });
  await sheet.scrollIntoViewIfNeeded();
  await expect(sheet.getByRole('option')).toHaveAttribute('aria-setsize', '256');
  await sheet.press('+');
  await expect(size).toHaveText('150 %');
  await sheet.press('End');
  await expect(sheet.getByRole('option')).toHaveAttribute('aria-posinset', '256');
  await panel.getByRole('button', { name: 'Larger' }).click();
  await expect(size).toHaveText('225 %');
  await sheet.hover();
  await sheet.press('-');
  await page.mouse.wheel(0, -300);
  await expect(size).toHaveText('300 %');
  await size.click();
  await expect(size).toHaveText('100 %');
  // Where the sheet has not the focus, the wheel is the page's.
  const top = await page.evaluate(() => scrollY);
  await sheet.hover();
  await page.mouse.wheel(0, 200);
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(top);
  await expect(size).toHaveText('100 %');
});

test('the tour goes by keyboard, is offered once, and gives the settings back', async ({ page }) => {
  await trained(page);
  await expect(cell(page, 'tour offer')).toBeVisible();
  const button = page.getByRole('button', { name: 'Tour', exact: true });
  await button.press('Enter');
  const tour = page.getByRole('dialog');
  await expect(tour).toContainText('What a sparse autoencoder does');
  await expect(tour.getByRole('button', { name: 'Next' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(tour).toContainText(/Active latents of this image: 15 of 256/);
  await page.keyboard.press('ArrowRight');
  await expect(page).toHaveURL(/filters=all/);
  await page.keyboard.press('ArrowLeft');
  await expect(tour).toContainText('2 of 8');
  await expectAccessible(page);
  for (let place = 3; place <= 8; place++) {
    await page.keyboard.press('ArrowRight');
    await expect(tour).toContainText(`${place} of 8`);
  }
  await expect(page).toHaveURL(/activation=relu/);
  await page.keyboard.press('Escape');
  await expect(tour).toHaveCount(0);
  await expect(page).toHaveURL(/#data=digits&share=1&epochs=3$/);
  await expect(button).toBeFocused();
  await reached(page, 3);
  await page.reload();
  await reached(page, 3);
  await expect(cell(page, 'tour offer')).toHaveCount(0);
});

/** Sends one event of a touch screen. */
function touch(cdp: CDPSession, type: 'touchStart' | 'touchMove' | 'touchEnd', ...at: { x: number; y: number }[]) {
  return cdp.send('Input.dispatchTouchEvent', { type, touchPoints: at.map((point, id) => ({ ...point, id })) });
}

test('by touch a digit is drawn and a sheet of filters enlarged, and the page does not scroll', async ({
  page,
  context,
  hasTouch,
}) => {
  test.skip(!hasTouch, 'a phone has the touch screen');
  await trained(page, `${SMALL}&filters=all`);
  const cdp = await context.newCDPSession(page);
  const points = await corners(page.locator('digit-pad canvas'));
  for (const [i, point] of points.entries()) await touch(cdp, i === 0 ? 'touchStart' : 'touchMove', point);
  await touch(cdp, 'touchEnd');
  await expect(cell(page, 'sgd-tied drawn')).toContainText('L0 = 15');
  // A touch that the page had taken to scroll would have ended the stroke before its end.
  const inked = await page.locator('digit-pad canvas').evaluate((element, at) => {
    const { width, height } = element as HTMLCanvasElement;
    const context = (element as HTMLCanvasElement).getContext('2d');
    return at.map(([x, y]) => context?.getImageData(x * width, y * height, 1, 1).data[3]);
  }, SEVEN);
  expect(inked).toEqual([255, 255, 255]);
  await picture(page, 'lab-drawing');

  const panel = page.locator('lab-filters').first();
  const sheet = panel.getByRole('listbox').first();
  await sheet.scrollIntoViewIfNeeded();
  const box = await sheet.boundingBox();
  if (!box) throw new Error('the sheet is not on the page');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await touch(cdp, 'touchStart', { x: x - 10, y }, { x: x + 10, y });
  for (const apart of [15, 20, 25, 30]) await touch(cdp, 'touchMove', { x: x - apart, y }, { x: x + apart, y });
  await touch(cdp, 'touchEnd');
  await expect(panel.getByRole('button', { name: 'show the whole sheet' })).toHaveText('300 %');
});
