// The MNIST lab as a user meets it: it trains at once, and its address holds everything that decides a run.
import type { Page } from '@playwright/test';
import { expect, expectAccessibleInBoth, picture, test } from './fixtures';
import { cell, epoch, number, QUICK, reached } from './lab';

test('it trains at once, without a click, and the curves fall', async ({ page }) => {
  await page.goto('./#data=digits&share=25');
  await reached(page, 1);
  const first = {
    sgd: await number(page, 'sgd-tied test MSE'),
    pam: await number(page, 'pam-recommended test MSE'),
  };
  await reached(page, 6);
  expect(await number(page, 'sgd-tied test MSE')).toBeLessThan(first.sgd);
  expect(await number(page, 'pam-recommended test MSE')).toBeLessThan(first.pam);
  expect(await number(page, 'pam-recommended l0')).toBe(15);
  await expect(page.getByTestId('curves')).toHaveAttribute(
    'aria-label',
    /After epoch \d+: SGD tied test MSE [\d.]+, SGD untied test MSE [\d.]+, PAM-SGD recommended/,
  );
  await picture(page, 'lab-training');
});

test('every picture shows something', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=3`);
  await reached(page, 3);
  await page.getByRole('heading', { name: /Codes of test image/ }).scrollIntoViewIfNeeded();
  // A canvas of one colour is a picture of nothing.
  await expect
    .poll(() =>
      page.locator('canvas:visible:not([aria-label^="Pad"])').evaluateAll((all) =>
        all
          .filter((canvas) => {
            const { width, height } = canvas as HTMLCanvasElement;
            const bytes = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data;
            return new Set(new Uint32Array(bytes?.buffer ?? new ArrayBuffer())).size < 4;
          })
          .map((canvas) => canvas.outerHTML),
      ),
    )
    .toEqual([]);
  await expect(page.getByTestId('sgd-tied code l0')).toHaveText(/L0 = 15 of 256/);
  await picture(page, 'lab-pictures');
});

test('the same link gives the same numbers', async ({ page, context }) => {
  const run = async (where: Page): Promise<(string | null)[]> => {
    await where.goto(`${QUICK}&epochs=2&seed=7&activation=relu&l1=0.001`);
    await reached(where, 2);
    return Promise.all(
      ['test MSE', 'train MSE', 'fvu', 'l0'].flatMap((name) =>
        ['sgd-tied', 'sgd-untied', 'pam-recommended'].map((method) => cell(where, `${method} ${name}`).textContent()),
      ),
    );
  };
  const first = await run(page);
  expect(await run(await context.newPage())).toEqual(first);
});

test.describe('the control bar', () => {
  test('pauses, steps, resets and takes the reset back', async ({ page }) => {
    await page.goto(`${QUICK}&epochs=500`);
    await reached(page, 1);
    await page.getByRole('button', { name: 'Pause' }).click();
    await expect(page.getByTestId('time-left')).toHaveText('Paused');
    const paused = Number(await epoch(page).textContent());
    await page.getByTestId('step').click();
    await expect(epoch(page)).toHaveText(String(paused + 1));
    await expect(page.getByTestId('time-left')).toHaveText('Paused');
    await page.getByTestId('reset').click();
    await expect(epoch(page)).toHaveText('0');
    await page.getByTestId('undo').click();
    await expect(epoch(page)).toHaveText(String(paused + 1));
    await page.getByRole('button', { name: 'Play' }).click();
    await reached(page, paused + 2);
  });

  test('cancels the epoch under way and stands at the last finished one', async ({ page }) => {
    await page.goto('./#data=digits&share=100&epochs=500&updates=10');
    await reached(page, 1, 50_000);
    await expect(page.getByTestId('time-left')).toContainText('left');
    await page.getByTestId('cancel').click();
    await expect(page.getByTestId('time-left')).toHaveText('Paused', {
      timeout: 2_000,
    });
    await expect(page.getByRole('button', { name: 'Play' })).toHaveAttribute('aria-disabled', 'false');
  });

  test('goes on beyond a target that is reached', async ({ page }) => {
    await page.goto(`${QUICK}&epochs=2`);
    await expect(page.getByTestId('time-left')).toContainText('Done');
    await page.getByRole('button', { name: 'Play' }).click();
    await reached(page, 3);
    await expect(page.getByLabel('Epochs to train')).toHaveValue('12');
    await expect(page).toHaveURL(/epochs=12/);
  });

  test('starts at rest where less motion is wanted', async ({ page }) => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.goto(QUICK);
    await expect(page.getByTestId('time-left')).toContainText('Ready');
    await expect(epoch(page)).toHaveText('0');
    await page.getByRole('button', { name: 'Play' }).click();
    await reached(page, 1);
  });
});

test.describe('the address', () => {
  test('follows the settings, and Back takes them back', async ({ page }) => {
    await page.goto(QUICK);
    await reached(page, 1);
    await page.getByLabel('Activation').selectOption('relu');
    await expect(page).toHaveURL(/#data=digits&share=5&activation=relu$/);
    await page.getByTestId('share-25').click();
    await expect(page).toHaveURL(/share=25/);
    await expect(page.getByTestId('data-summary')).toContainText('2,500 training');
    await page.goBack();
    await expect(page.getByTestId('data-summary')).toContainText('500 training');
    await expect(page.getByLabel('Activation')).toHaveValue('relu');
    await page.goBack();
    await expect(page.getByLabel('Activation')).toHaveValue('topk');
    await reached(page, 1);
    await page.goForward();
    await expect(page.getByLabel('Activation')).toHaveValue('relu');
  });

  test('with bad values falls back to the defaults and says so', async ({ page }) => {
    const nonsense = `__proto__=1&constructor=2&note=${'x'.repeat(1_000_000)}`;
    await page.goto(`./#data=digits&share=5&k=lots&colour=red&latents=1e9&${nonsense}`);
    await expect(page.getByTestId('note')).toContainText('k is “lots”, expected a whole number');
    await expect(page.getByTestId('note')).toContainText('“colour” is not a setting here');
    expect((await page.getByTestId('note').textContent())?.length).toBeLessThan(600);
    await expect(page.getByRole('spinbutton', { name: 'k', exact: true })).toHaveValue('15');
    await expect(page.getByRole('spinbutton', { name: 'Latents', exact: true })).toHaveValue('256');
    await reached(page, 1);
  });

  test('with values that no model can have falls back too', async ({ page }) => {
    await page.goto('./#data=digits&share=5&k=300');
    await expect(page.getByTestId('note')).toContainText(/300.*defaults are used/i);
    await expect(page.getByRole('spinbutton', { name: 'k', exact: true })).toHaveValue('15');
    await reached(page, 1);
  });

  test('of files that are no longer there falls back to generated digits', async ({ page }) => {
    await page.goto('./#data=files&share=5');
    await expect(page.getByTestId('note')).toContainText('No files have been given');
    await expect(page.getByTestId('data-summary')).toContainText('500 training');
    await reached(page, 1);
  });
});

const badValues = [
  ['k', '300', /300/],
  ['Batch size', '0', /Batch size must be a whole number from 1/],
  ['Learning rate', '-1', /Learning rate must be .*-1/],
  ['Learning rate', '', /Learning rate must be a number; “” is not/],
  ['Latents', '0', /Latents must be a whole number from 1/],
] as const;

test('bad values are refused by name, and the run goes on', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=500`);
  await reached(page, 1);
  for (const [label, value, says] of badValues) {
    await test.step(`${label} “${value}”`, async () => {
      const control = page.getByRole('spinbutton', { name: label, exact: true });
      const before = await control.inputValue();
      const url = page.url();
      await control.fill(value);
      await control.press('Tab');
      await expect(page.getByRole('alert')).toContainText(says);
      await expect(control).toHaveValue(before);
      expect(page.url()).toBe(url);
      const then = Number(await epoch(page).textContent());
      expect(then).toBeGreaterThanOrEqual(1);
      await reached(page, then + 1);
    });
  }
});

test('a reload in mid-training offers to go on, and goes on', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=400`);
  await reached(page, 3);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByTestId('time-left')).toHaveText('Paused');
  const paused = Number(await epoch(page).textContent());
  const mse = await cell(page, 'pam-recommended test MSE').textContent();
  await page.reload();
  await expect(page.getByTestId('interrupted')).toContainText(`after epoch ${paused} of 400`);
  await expect(cell(page, 'pam-recommended test MSE')).toHaveText(String(mse));
  await page.getByRole('button', { name: 'Resume' }).click();
  await reached(page, paused + 1);
  await expect(page.getByTestId('interrupted')).toBeHidden();
});

test('a reload while it plays finds a run not older than some seconds', async ({ page }) => {
  await page.goto('./#data=digits&share=50&epochs=400');
  await reached(page, 2);
  await page.reload();
  await expect(page.getByTestId('interrupted')).toBeVisible();
  await page.getByRole('button', { name: 'Start over' }).click();
  await expect(page.getByTestId('interrupted')).toBeHidden();
  await reached(page, 1);
});

test('the pictures answer to the keyboard', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=2`);
  await reached(page, 2);
  const filters = page.getByRole('listbox', {
    name: 'PAM-SGD recommended decoder filters',
  });
  await filters.focus();
  await expect(filters.getByRole('option')).toHaveAttribute('aria-setsize', '32');
  await page.keyboard.press('End');
  await expect(filters.getByRole('option')).toHaveAttribute('aria-posinset', '32');
  await page.keyboard.press('ArrowUp');
  await expect(filters.getByRole('option')).toHaveAttribute('aria-posinset', '24');
  await page.getByRole('button', { name: 'all 256' }).first().click();
  await expect(filters.getByRole('option')).toHaveAttribute('aria-setsize', '256');
  await filters.focus();
  await page.keyboard.press('End');
  await expect(filters.getByRole('option')).toHaveAttribute('aria-posinset', '256');
  const codes = page.getByRole('slider', {
    name: 'SGD tied: selected latent',
    exact: true,
  });
  await codes.focus();
  await page.keyboard.press('Home');
  const first = Number(await codes.getAttribute('aria-valuenow'));
  await page.keyboard.press('ArrowRight');
  expect(Number(await codes.getAttribute('aria-valuenow'))).toBeGreaterThan(first);
});

test('axe finds no serious violation in a trained lab, light or dark', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=2&colour=red`);
  await expect(page.getByTestId('time-left')).toContainText('Done');
  await page.getByText('More settings').click();
  await page.getByRole('spinbutton', { name: 'k', exact: true }).fill('300');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('alert')).toBeVisible();
  await expectAccessibleInBoth(page, (colorScheme) => picture(page, `lab-${colorScheme}`));
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(excess).toBe(0);
});
