// Changes quicker than the worker: whatever the order, the numbers are those of the settings that are shown.
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { cell, epoch, number, QUICK, reached } from './lab';

const k = (page: Page): ReturnType<Page['getByRole']> => page.getByRole('spinbutton', { name: 'k', exact: true });

/** Types a number into k and leaves the field. */
async function setK(page: Page, value: number): Promise<void> {
  await k(page).fill(String(value));
  await k(page).press('Tab');
}

for (const pause of [0, 30, 120, 250]) {
  test(`k 15, 16, 15 by the field, ${pause} ms apart, shows the results of 15`, async ({ page }) => {
    await page.goto('./#data=digits&share=100&epochs=400');
    await reached(page, 1, 60_000);
    await setK(page, 16);
    await page.waitForTimeout(pause);
    await setK(page, 15);
    await expect(k(page)).toHaveValue('15');
    await expect(page).not.toHaveURL(/k=16/);
    await reached(page, 1, 60_000);
    for (const run of ['sgd-tied', 'pam-recommended']) expect(await number(page, `${run} l0`)).toBe(15);
  });
}

test('k 15, 16, 15 by links, in the MNIST lab and in the activations lab', async ({ page }) => {
  for (const [url, run] of [
    ['./#data=digits&share=50&epochs=400&k=15', 'sgd-tied'],
    ['./activations.html#method=sgd&recipe=own&epochs=900&k=15', 'sgd'],
  ] as const) {
    await page.goto('about:blank');
    await page.goto(url);
    await reached(page, 1, 60_000);
    await page.evaluate(async () => {
      const hash = location.hash;
      location.hash = hash.replace('k=15', 'k=16');
      await new Promise((resolve) => setTimeout(resolve, 60));
      location.hash = hash;
    });
    await expect(k(page)).toHaveValue('15');
    await reached(page, 1, 60_000);
    expect(await number(page, `${run} l0`)).toBe(15);
  }
});

test('share 25 → 10 % at once says how many images 10 % are', async ({ page }) => {
  await page.goto('./#data=digits&share=25&epochs=400');
  await reached(page, 1);
  await page.getByTestId('share-50').click();
  await page.getByTestId('share-10').click();
  await expect(page.getByTestId('data-summary')).toContainText('1,000 training');
  await expect(page.getByTestId('share-10')).toHaveAttribute('aria-pressed', 'true');
  await page.waitForTimeout(1500);
  await expect(page.getByTestId('data-summary')).toContainText('1,000 training');
});

test('a valid change and at once an invalid one: the label is that of the run', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=400&latents=64`);
  await reached(page, 1);
  await setK(page, 16);
  await setK(page, 100);
  await expect(page.getByRole('alert')).toContainText(/k must be .*100/);
  await expect(k(page)).toHaveValue('16');
  await reached(page, 1);
  await expect(cell(page, 'sgd-tied l0')).toHaveText('16');
  await expect(page).toHaveURL(/k=16/);
});

test('Reset twice and Undo brings the trained run back', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=4`);
  await expect(page.getByTestId('time-left')).toContainText('Done');
  const mse = await cell(page, 'pam-recommended test MSE').textContent();
  await page.getByTestId('reset').click();
  await expect(epoch(page)).toHaveText('0');
  await page.getByTestId('reset').click();
  await page.getByTestId('undo').click();
  await expect(epoch(page)).toHaveText('4');
  await expect(cell(page, 'pam-recommended test MSE')).toHaveText(String(mse));
});

test('Back to earlier settings brings their run back', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=3`);
  await expect(page.getByTestId('time-left')).toContainText('Done');
  const mse = await cell(page, 'pam-recommended test MSE').textContent();
  await setK(page, 5);
  await expect(cell(page, 'pam-recommended l0')).toHaveText('5');
  await page.goBack();
  await expect(k(page)).toHaveValue('15');
  await expect(epoch(page)).toHaveText('3');
  await expect(cell(page, 'pam-recommended test MSE')).toHaveText(String(mse));
});

test('Step after Done leaves a run of the recommended schedule as it is', async ({ page }) => {
  await page.goto('./activations.html#method=pam&epochs=2');
  await expect(page.getByTestId('time-left')).toContainText('Done');
  const mse = await cell(page, 'pam test MSE').textContent();
  await page.getByTestId('step').click();
  await expect(page.getByTestId('note')).toContainText('schedule ends at epoch 2');
  await expect(epoch(page)).toHaveText('2');
  await expect(cell(page, 'pam test MSE')).toHaveText(String(mse));
});
