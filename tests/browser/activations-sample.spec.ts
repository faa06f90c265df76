// The activations of a language model that come with the site.
import { expect, test } from './fixtures';
import { cell } from './lab';

const QUICK = 'method=pam&epochs=1&latents=64&k=8';

test('activations of a language model are loaded when they are chosen, once, and their features have words', async ({
  page,
}) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const data = (): string[] =>
    asked.filter((path) => path.includes('/sample/')).map((path) => path.replace(/.*\//, ''));
  await page.goto(`./activations.html#${QUICK}`);
  await expect(page.getByTestId('time-left')).toContainText('Done');
  expect(data()).toEqual([]);
  await page.getByLabel(/A language model/).check();
  await expect(page.getByTestId('data-summary')).toContainText(
    /4,000 rows of 384 values, MiniLM after layer 3, kept as f16: 3,600\s+train and 400\s+test/,
  );
  await expect(page.getByTestId('time-left')).toContainText('Done');
  await expect(cell(page, 'pam test MSE')).toHaveText(/0\.\d/);
  // Its features are called by tokens of English texts; which made the data is not known.
  await expect(page.locator('feature-list')).toContainText(/\b(the|of|and|to|you)\b/);
  await expect(page.locator('acts-known')).toBeHidden();
  await expect(page).toHaveURL(/data=minilm/);
  await page.reload();
  await expect(page.getByTestId('data-summary')).toContainText('MiniLM');
  expect(data()).toEqual(['minilm-l3.npy', 'minilm-l3.tokens.json']);
});

test('where they do not come, the page says so, and the run stays', async ({ page }) => {
  await page.route('**/sample/*', (route) => route.fulfill({ status: 404, body: '' }));
  await page.goto(`./activations.html#${QUICK}`);
  await expect(page.getByTestId('time-left')).toContainText('Done');
  await page.getByLabel(/A language model/).click();
  await expect(page.getByRole('alert')).toContainText(
    'The activations of MiniLM after layer 3 could not be loaded: minilm-l3.npy: the server answered 404',
  );
  await expect(page.getByTestId('data-summary')).toContainText('the bundled sample');
});
