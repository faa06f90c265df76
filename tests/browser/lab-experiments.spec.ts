// Experiments: a figure by one click, curves, files to take away, a pause, and a reload that trains nothing twice.
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, expectAccessible, picture, test } from './fixtures';
import { cell, reached } from './lab';

/** A figure of 16 short runs on 100 generated digits. */
const FIGURE = './#data=digits&share=1&runs=sgd-tied&epochs=2&figure=updates';

async function saved(page: Page, what: string): Promise<string> {
  const wait = page.waitForEvent('download');
  await page.getByTestId(`experiment-${what}`).click();
  return readFile(await (await wait).path(), 'utf8');
}

test('one click gives a figure with what it says, as picture and table, and a reload keeps it', async ({ page }) => {
  await page.goto(FIGURE);
  await reached(page, 2);
  const trained = (await cell(page, 'sgd-tied test MSE').textContent()) ?? '';
  await page.getByTestId('figure-updates').click();
  await expect(page.getByTestId('experiment-state')).toContainText(/of 16 runs/);
  // A figure that is interrupted by a reload goes on with the runs that are missing.
  await expect(page.getByTestId('experiment-state')).toContainText(/([4-9]|1\d) of 16 runs/);
  await page.reload();
  await expect(page.getByTestId('experiment-state')).toContainText(/\d+ of 16 runs are there/);
  const kept = Number(/^\d+/.exec((await page.getByTestId('experiment-state').textContent()) ?? '')?.[0]);
  expect(kept).toBeGreaterThanOrEqual(4);
  const table = page.getByTestId('experiment-table');
  const first = await table.locator('tbody tr').first().textContent();
  await page.getByTestId('experiment-go-on').click();
  await expect(page.getByTestId('experiment-state')).toBeHidden();
  // The times too: a run that was kept was not trained again.
  await expect(table.locator('tbody tr').first()).toHaveText(first ?? '');
  await expect(table.locator('tbody tr')).toHaveCount(4);
  // With one update per batch SGD tied is the run that the lab has trained: measured on the same images it has the same error.
  await expect(table.locator('tbody tr').first().locator('td').first()).toHaveText(trained);
  await expect(page.getByTestId('experiment-findings')).toContainText(
    /has the lowest mean test MSE at \d of 4 settings/,
  );
  const csv = (await saved(page, 'csv')).trim().split('\n');
  expect(csv).toHaveLength(1 + 16);
  expect(csv[0]).toMatch(/^label,method,activation,share,updates_per_batch/);
  expect(await saved(page, 'svg')).toMatch(/^<svg [^]*PAM-SGD recommended[^]*<\/svg>\s*$/);
  await page.getByRole('button', { name: 'curves', exact: true }).click();
  await page.getByRole('combobox', { name: 'Setting of the curves' }).selectOption('10');
  await expect(page).toHaveURL(/shown=curves.*setting=3|setting=3.*shown=curves/);
  await page.getByTestId('experiment-chart').scrollIntoViewIfNeeded();
  await picture(page, 'lab-experiments');
  await expectAccessible(page);
});

test('a figure pauses between two epochs, resumes and is cancelled', async ({ page }) => {
  await page.goto(`${FIGURE.replace('share=1', 'share=10')}&epochs=40`);
  await page.getByTestId('figure-updates').click();
  const state = page.getByTestId('experiment-state');
  await expect(state).toContainText('epoch');
  await page.getByTestId('experiment-pause').click();
  await expect(state).toContainText('paused');
  const paused = await state.textContent();
  await page.waitForTimeout(500);
  await expect(state).toHaveText(paused ?? '');
  await page.getByTestId('experiment-pause').click();
  await expect(state).not.toContainText('paus');
  await page.getByTestId('experiment-cancel').click();
  await expect(page.getByTestId('experiment-cancel')).toBeHidden();
});
