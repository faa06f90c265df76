// The measures of models on unseen rows: taken when they are asked for, in both units, as a table and as CSV.
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, expectAccessible, picture, test } from './fixtures';
import { cell, number, QUICK, reached } from './lab';

async function csv(page: Page): Promise<Map<string, string>[]> {
  const wait = page.waitForEvent('download');
  await page.getByTestId('measures-csv').click();
  const [header = '', ...lines] = (await readFile(await (await wait).path(), 'utf8')).trim().split('\r\n');
  const names = header.split(',');
  return lines.map((line) => new Map(line.split(',').map((value, i) => [names[i] ?? '', value])));
}

const fvu = (lines: readonly Map<string, string>[], model: string, units: string): number =>
  Number(lines.find((line) => line.get('model') === model && line.get('units') === units)?.get('fvu'));

test('the MNIST lab measures its runs on all test images, as its results have them', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=2&runs=sgd-tied,pam-plain`);
  await reached(page, 2);
  await expect(page.getByTestId('measures')).toBeHidden();
  await page.getByTestId('measure').click();
  await expect(page.getByTestId('measures')).toContainText('epoch 2, 2,000 images');
  for (const run of ['sgd-tied', 'pam-plain']) {
    for (const [result, measure] of [
      ['test MSE', 'normalised mse'],
      ['fvu', 'normalised fvu'],
      ['l0', 'l0'],
    ] as const) {
      expect(await number(page, `${run} measure ${measure}`), `${run} ${measure}`).toBeCloseTo(
        await number(page, `${run} ${result}`),
        3,
      );
    }
    expect(await number(page, `${run} measure normalised cosine`)).toBeGreaterThan(0);
  }
  await expectAccessible(page);
  await picture(page, 'lab-measures');
  const lines = await csv(page);
  expect(lines.map((line) => line.get('units'))).toEqual(['normalised', 'as stored', 'normalised', 'as stored']);
  expect(fvu(lines, 'pam-plain', 'normalised')).toBeCloseTo(await number(page, 'pam-plain measure normalised fvu'), 3);
  // The models go on, and the page says that the measures do not.
  await page.getByRole('button', { name: 'Play' }).click();
  await expect(page.locator('#measure-state')).toHaveText('The models have been trained further since.');
});

test('the activations lab measures its runs and an imported SAE, each in its own units and in those of the data', async ({
  page,
}) => {
  await page.goto('./activations.html#method=pam&epochs=2');
  await expect(page.getByTestId('time-left')).toContainText('Done');
  await page.locator('acts-explorer').scrollIntoViewIfNeeded();
  await expect(
    page
      .locator('acts-explorer')
      .getByText(/\d cells/)
      .first(),
  ).toBeVisible();
  // The run itself comes back as an SAE of another program, which reads rows as they are stored.
  const saved = page.waitForEvent('download');
  await page.getByTestId('write-pam-saelens').click();
  const bytes = await readFile(await (await saved).path());
  await page.getByTestId('files').setInputFiles({
    name: 'pam.zip',
    mimeType: 'application/zip',
    buffer: bytes,
  });
  await expect(page.getByTestId('note')).toContainText('pam.zip');
  await page.getByTestId('measure').click();
  await expect(cell(page, 'imported measure stored fvu')).toBeVisible();
  expect(await number(page, 'pam measure normalised fvu')).toBeCloseTo(await number(page, 'pam fvu'), 3);
  const lines = await csv(page);
  expect(lines.map((line) => `${line.get('model') ?? ''} ${line.get('units') ?? ''}`)).toEqual([
    'pam standardised',
    'pam as stored',
    'imported as stored',
  ]);
  // Both read the data as stored to the same reconstruction; only of the run is there an error in standardised units.
  expect(fvu(lines, 'imported', 'as stored')).toBeCloseTo(fvu(lines, 'pam', 'as stored'), 4);
  expect(Math.abs(fvu(lines, 'pam', 'standardised') - fvu(lines, 'pam', 'as stored'))).toBeGreaterThan(1e-4);
});
