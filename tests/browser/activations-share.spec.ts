// Features given away: a page that opens from a disk, JSON and CSV.
import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';

async function share(page: Page, kind: string): Promise<{ name: string; path: string }> {
  const wait = page.waitForEvent('download');
  await page.getByTestId(`share-${kind}`).click();
  const download = await wait;
  return { name: download.suggestedFilename(), path: await download.path() };
}

test('features are given away as a page without requests, as JSON and as CSV', async ({ page, context }) => {
  await page.goto('./activations.html#method=pam&epochs=2&latents=48&k=4');
  await expect(page.getByTestId('time-left')).toContainText('Done');
  const first = await page.getByTestId('feature').locator('h2').textContent();

  const csv = await share(page, 'features');
  expect(csv.name).toBe('the-bundled-sample-pam-features.csv');
  expect(readFileSync(csv.path, 'utf8').trim().split('\r\n')).toHaveLength(1 + 48);
  const curves = readFileSync((await share(page, 'curves')).path, 'utf8')
    .trim()
    .split('\r\n');
  expect(curves).toHaveLength(1 + 2);

  const json = JSON.parse(readFileSync((await share(page, 'json')).path, 'utf8')) as {
    features: { index: number; activations: { tokens: string[] }[] }[];
  };
  expect(json.features.length).toBeGreaterThan(10);
  expect(json.features[0]?.activations.length).toBeGreaterThan(5);

  const report = await share(page, 'page');
  const file = join(mkdtempSync(join(tmpdir(), 'share-')), report.name);
  copyFileSync(report.path, file);
  const opened = await context.newPage();
  const asked: string[] = [];
  const faults: string[] = [];
  opened.on('request', (request) => asked.push(request.url()));
  opened.on('console', (message) => faults.push(message.text()));
  await opened.goto(pathToFileURL(file).href);
  await expect(opened.locator('h1')).toContainText(`${json.features.length} of 48 features`);
  await expect(opened.locator('details')).toHaveCount(json.features.length);
  const summary = opened.locator('summary').first();
  await expect(summary.locator('b')).toHaveText(first?.trim() ?? '');
  await summary.click();
  await expect(opened.locator('details').first().locator('mark').first()).toBeVisible();
  // The policy lets the strength of an example colour its ground.
  const ground = (at: number): Promise<string> =>
    opened
      .locator('details')
      .first()
      .locator('mark')
      .nth(at)
      .evaluate((mark) => getComputedStyle(mark).backgroundColor);
  expect(await ground(0)).not.toBe('rgba(0, 0, 0, 0)');
  expect(faults).toEqual([]);
  expect(asked).toEqual([pathToFileURL(file).href]);
});

test('names and notes on features come back with the same SAE, are found, and are given away', async ({ page }) => {
  const link = './activations.html#method=pam&epochs=2&latents=48&k=4';
  await page.goto(link);
  await expect(page.getByTestId('time-left')).toContainText('Done');
  const heading = page.getByTestId('feature').locator('h2');
  const before = (await heading.textContent()) ?? '';
  await page.getByTestId('feature-name').fill('young animals');
  await page.getByTestId('feature-name').blur();
  await page.getByTestId('feature-text').fill('never <b>old</b> ones');
  await page.getByTestId('feature-text').blur();
  await expect(heading).toContainText(/^Feature \d+: young animals: /);
  await expect(page.getByTestId('features').locator('.row b')).toHaveText('young animals');

  // The same link trains to the same bits; another seed does not.
  await page.goto(`${link}&seed=1`);
  await expect(page.getByTestId('feature-name')).toHaveValue('');
  await page.goto('about:blank');
  await page.goto(link);
  await expect(page.getByTestId('time-left')).toContainText('Done');
  await expect(page.getByTestId('feature-name')).toHaveValue('young animals');
  await page.getByRole('searchbox', { name: 'Search features' }).fill('YOUNG anim');
  await expect(page.getByTestId('features').locator('[id^="feature-"]')).toHaveCount(1);

  const csv = readFileSync((await share(page, 'features')).path, 'utf8');
  expect(csv).toContain(`${/\d+/.exec(before)?.[0]},young animals,never <b>old</b> ones,`);
  const json = readFileSync((await share(page, 'json')).path, 'utf8');
  expect(json).toContain('"description": "young animals"');
  const html = readFileSync((await share(page, 'page')).path, 'utf8');
  expect(html).toContain('<p class="note">never &lt;b&gt;old&lt;/b&gt; ones</p>');
});

test('an SAE leaves as abstopk with its own latents, and says what it is of', async ({ page }) => {
  await page.goto('./activations.html#method=pam&epochs=1&latents=48&k=4');
  await expect(page.getByTestId('time-left')).toContainText('Done');
  await page.getByRole('textbox', { name: 'Model' }).fill('gpt2');
  await page.getByRole('textbox', { name: 'Hook' }).fill('blocks.6.hook_resid_post');
  await page.getByRole('spinbutton', { name: 'Layer' }).fill('6');
  for (const [format, latents] of [
    ['abstopk', 48],
    ['saelens', 96],
  ] as const) {
    const wait = page.waitForEvent('download');
    await page.getByTestId(`write-pam-${format}`).click();
    const zip = readFileSync(await (await wait).path());
    // The files of the zip are stored as they are.
    expect(zip.toString('latin1')).toMatch(
      /"model_name": "gpt2",\s*"hook_name": "blocks.6.hook_resid_post",\s*"hook_layer": 6/,
    );
    await page.getByTestId('files').setInputFiles({ name: `${format}.zip`, mimeType: 'application/zip', buffer: zip });
    await expect(page.getByTestId('note')).toContainText(`${format}.zip: 64 → ${latents} → 64`);
  }
  // dictionary_learning's folder comes back too, from its zip in a zip.
  const wait = page.waitForEvent('download');
  await page.getByTestId('write-pam-dictionary_learning').click();
  const zip = readFileSync(await (await wait).path());
  expect(zip.toString('latin1')).toContain('"dict_class": "AutoEncoderTopK"');
  const given = { name: 'dictionary.zip', mimeType: 'application/zip', buffer: zip };
  await page.getByTestId('files').setInputFiles(given);
  await expect(page.getByTestId('note')).toContainText('dictionary.zip: 64 → 96 → 64');
  await page.getByLabel('Decoder rows of unit norm').check();
  await page.getByTestId('write-pam-saelens').click();
  await expect(page.getByRole('alert')).toContainText('TopK ranks pre-activations');
});
