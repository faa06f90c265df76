// The site as served: it opens, is isolated so that wasm threads can run, and a stranger can use it.
import { expect, expectAccessibleInBoth, picture, test } from './fixtures';
import { QUICK, reached } from './lab';

test('the page opens with a title and a main region', async ({ page }) => {
  await page.goto('./');
  await expect(page).toHaveTitle(/SplInterp/);
  await expect(page.getByRole('main')).toBeVisible();
  await picture(page, 'smoke');
});

test('the page is cross-origin isolated', async ({ page }) => {
  const response = await page.goto('./');
  expect(response?.headers()).toMatchObject({
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  });
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
});

test('the wasm module is served with its own media type', async ({ page }) => {
  const module = page.waitForResponse((response) => response.url().endsWith('.wasm'));
  await page.goto('./');
  expect((await module).headers()['content-type']).toBe('application/wasm');
});

test('a host that serves wasm under another media type is good enough', async ({ page }) => {
  await page.route('**/*.wasm', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), 'content-type': 'application/octet-stream' } });
  });
  await page.goto(`${QUICK}&epochs=1`);
  await reached(page, 1);
});

test('the reference of the package lies beside the pages', async ({ page }) => {
  await page.goto('./api/classes/Sae.html');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Sae');
  await expect(page.getByRole('link', { name: 'margins' }).first()).toBeVisible();
});

test('nothing is wider than the window', async ({ page }) => {
  await page.goto('./');
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(excess).toBe(0);
});

test('axe finds no serious violation, light or dark', async ({ page }) => {
  await page.goto('./');
  await expect(page.getByRole('main')).toBeVisible();
  await expectAccessibleInBoth(page);
});
