// The page about the graphics adapter, in a browser that has one: a software adapter.

import { expect, expectAccessible, test } from './fixtures';

test('the adapter is named, every kernel is tested, and the chart grows as it measures', async ({ page }) => {
  await page.goto('./gpu.html');
  await expect(page.getByTestId('verdict')).toContainText('is a software adapter');
  await expect(page.getByTestId('adapter')).toContainText('Largest buffer');
  await expect(page.getByTestId('checks').locator('tbody tr').first()).toContainText(/e-\d/);
  await expectAccessible(page);
  await page.getByTestId('measure').click();
  await expect(page.getByTestId('timings')).toContainText(/CPU, one thread\s*[\d.,]+ ms/);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByTestId('measure')).toBeVisible();
});
