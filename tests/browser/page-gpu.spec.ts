// The page about the graphics adapter, in a browser that has one: a software adapter.

import { expect, expectAccessible, picture, test } from './fixtures';

test('the adapter is named, every kernel is tested, and the chart grows as it measures', async ({ page }) => {
  await page.goto('./gpu.html');
  await expect(page.getByTestId('verdict')).toContainText('is a software adapter');
  await expect(page.getByTestId('adapter')).toContainText(/Largest buffer\s*[\d,]+\s[MG]iB/);
  await expect(page.getByTestId('checks').locator('tbody tr').first()).toContainText(/e−\d/);
  await expectAccessible(page);
  const button = page.getByTestId('measure');
  await button.click();
  await expect(page.getByTestId('timings')).toContainText(/CPU, one thread\s*[\d.,]+\sms/);
  await expect(page.getByTestId('timings')).toContainText('1,024 rows of 784 into 256 latents');
  await expect(button).toBeFocused();
  await expect(button).toHaveText('Cancel');
  await button.click();
  await expect(button).toHaveText('Measure');
  await expect(button).toBeFocused();
});

test('a worker that cannot start is told with its reason, and Try again mends it', async ({ page, faults }) => {
  await page.route('**/gpu.worker*', (route) => route.abort());
  await page.goto('./gpu.html');
  await expect(page.getByRole('alert')).toContainText('The measurement stopped');
  await expect(page.getByTestId('verdict')).toHaveText('The graphics adapter could not be tested');
  await page.unroute('**/gpu.worker*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByTestId('verdict')).toContainText('is a software adapter');
  await expect(page.getByRole('button', { name: 'Try again' })).toHaveCount(0);
  await expect(page.getByTestId('measure')).toBeEnabled();
  faults.splice(0, faults.length, ...faults.filter((fault) => !fault.includes('ERR_FAILED')));
});

test('bars keep their colours where the reader has colours of their own', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await page.goto('./gpu.html');
  await page.getByTestId('measure').click();
  const bars = page.getByTestId('timings').locator('tbody').first().locator('.bar');
  await expect(bars).toHaveCount(3);
  const colours = await bars.evaluateAll((all) => all.map((bar) => getComputedStyle(bar).backgroundColor));
  expect(new Set(colours).size).toBe(3);
});

test('it is accessible and not too wide, wide or narrow, light or dark', async ({ page }) => {
  await page.goto('./gpu.html');
  await expect(page.getByTestId('adapter')).toBeVisible();
  await page.getByTestId('measure').click();
  await expect(page.getByTestId('timings').locator('tbody')).not.toHaveCount(0);
  await page.getByTestId('measure').click();
  await expect(page.getByTestId('measure')).toHaveText('Measure');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await expectAccessible(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      await picture(page, `gpu-${width}-${colorScheme}`);
    }
  }
});
