// The labs on a graphics card. Chromium's software adapter stands in for one, under another name: by its own the labs
// would leave it alone.
import type { BrowserContext } from '@playwright/test';
import { expect, test } from './fixtures';
import { number, QUICK } from './lab';

/** Hides from the labs' workers that the adapter is software. */
async function renameAdapter(context: BrowserContext): Promise<void> {
  await context.route(/(mnist|activations)\.worker.*\.js$/, async (route) => {
    const response = await route.fetch();
    const said = { vendor: 'renamed', architecture: '', description: '', device: '', isFallbackAdapter: false };
    const renamed = Object.entries(said)
      .map(
        ([field, value]) =>
          `Object.defineProperty(GPUAdapterInfo.prototype, '${field}', { value: ${JSON.stringify(value)} });`,
      )
      .join('\n');
    await route.fulfill({
      response,
      body: `if (globalThis.GPUAdapterInfo) {\n${renamed}\n}\n${await response.text()}`,
    });
  });
}

for (const [lab, url, metric] of [
  ['MNIST lab', `${QUICK}&epochs=2&compute=auto`, 'pam-recommended test MSE'],
  ['activations lab', './activations.html#method=pam&epochs=2', 'pam fvu'],
] as const) {
  test(`the ${lab} measures a step on the card and on the CPU, says so, and trains on the faster`, async ({
    page,
    context,
  }) => {
    await page.goto(url);
    await expect(page.getByTestId('time-left')).toContainText('Done');
    await expect(page.getByTestId('computed')).toContainText('on CPU');
    const cpu = await number(page, metric);
    await page.goto('about:blank');
    await renameAdapter(context);
    await page.goto(url);
    await expect(page.getByTestId('time-left')).toContainText('Done');
    await expect(page.getByTestId('computed')).toContainText(
      /on GPU|a step takes [\d.]+ ms on renamed and [\d.]+ ms on the CPU/,
    );
    expect(Math.abs((await number(page, metric)) - cpu)).toBeLessThan(0.01);
  });
}
