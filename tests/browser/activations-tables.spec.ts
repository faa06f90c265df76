// Tables and shards in the activations lab: files that pyarrow and datasets wrote (tests/fixtures/tables.py).
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './fixtures';
import { cell } from './lab';

const TABLES = join(import.meta.dirname, '../fixtures/tables');
const PAGE = './activations.html#method=pam&epochs=2';

test('Parquet is loaded on demand, trained on, and its tokens name features', async ({ page }) => {
  const scripts: string[] = [];
  page.on('request', (request) => scripts.push(request.url()));
  await page.goto(PAGE);
  await expect(page.getByTestId('time-left')).toContainText('Done');
  expect(scripts.filter((url) => url.includes('tables'))).toEqual([]);
  await page.getByTestId('files').setInputFiles(join(TABLES, 'nested_f64.parquet'));
  await expect(page.getByTestId('statistics')).toContainText(/rows × values\s*10 × 3/);
  await expect(page.getByTestId('inspection')).toContainText('Tokens come from the column “token_ids”.');
  await page.getByTestId('use').click();
  await expect(page.getByTestId('data-summary')).toContainText('10 rows of 3 values, nested_f64.parquet, kept as f32');
  await expect(page.getByTestId('time-left')).toContainText('Done');
  await expect(cell(page, 'pam test MSE')).toHaveText(/\d/);
  await expect(page.locator('feature-panel')).toContainText(/10[0-4]/);
});

test('the shards of a saved data set are one; a missing one is named, and the run stays', async ({ page }) => {
  await page.goto(PAGE);
  await expect(page.getByTestId('time-left')).toContainText('Done');
  const shards = readdirSync(join(TABLES, 'saved')).map((name) => join(TABLES, 'saved', name));
  await page.getByTestId('files').setInputFiles(shards.filter((path) => !path.includes('data-00001')));
  await expect(page.getByRole('alert')).toContainText(
    'data-00001-of-00002.arrow: is listed in state.json and is not there',
  );
  await expect(page.getByTestId('data-summary')).toContainText('the bundled sample');
  await page.getByTestId('files').setInputFiles(shards);
  await expect(page.getByTestId('statistics')).toContainText(/shape\s*\[5, 2, 3\]\s*rows × values\s*10 × 3/);
  await page.getByTestId('use').click();
  await expect(page.getByTestId('data-summary')).toContainText('10 rows of 3 values');
});
