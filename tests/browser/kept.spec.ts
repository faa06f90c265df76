// Runs that are kept: their list, files of them, several tabs, and a browser that has no room or gives back nonsense.
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, expectAccessible, picture, test } from './fixtures';
import { cell, epoch, QUICK, reached, savedRuns } from './lab';

const rows = (page: Page): ReturnType<Page['getByTestId']> => page.getByTestId('kept-run');
const done = (page: Page): Promise<void> => expect(page.getByTestId('time-left')).toContainText('Done');

/** Trains until it is told to rest; the epoch at which it does. */
async function paused(page: Page): Promise<number> {
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByTestId('time-left')).toHaveText('Paused');
  return Number(await epoch(page).textContent());
}

test('runs are listed, named, loaded, deleted by keyboard, downloaded and dropped back', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=2`);
  await done(page);
  const mse = await cell(page, 'pam-recommended test MSE').textContent();
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText(/Epoch 2 · test MSE: SGD tied [\d.]+, .*shown now/s);
  await rows(page).getByRole('textbox').fill('k is 15');
  await rows(page).getByRole('textbox').press('Enter');
  await page.getByRole('spinbutton', { name: 'k', exact: true }).fill('5');
  await page.keyboard.press('Tab');
  await expect(cell(page, 'pam-recommended l0')).toHaveText('5');
  await done(page);
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).nth(1).getByRole('textbox')).toHaveValue('k is 15');
  await rows(page).first().scrollIntoViewIfNeeded();
  await picture(page, 'kept-runs');
  await expectAccessible(page);

  const coming = page.waitForEvent('download');
  await rows(page)
    .nth(1)
    .getByRole('button', { name: /^Download/ })
    .click();
  const file = await coming;
  expect(file.suggestedFilename()).toBe('k is 15, epoch 2.zip');
  await rows(page)
    .nth(1)
    .getByRole('button', { name: /^Delete/ })
    .press('Enter');
  await page.getByRole('button', { name: 'Keep it' }).press('Enter');
  await rows(page)
    .nth(1)
    .getByRole('button', { name: /^Delete/ })
    .press('Enter');
  await page.keyboard.press('Enter');
  await expect(rows(page)).toHaveCount(1);

  const bytes = await readFile(await file.path());
  const drop = (buffer: Buffer): Promise<void> =>
    page.getByTestId('files').setInputFiles({ name: 'a run.zip', mimeType: 'application/zip', buffer });
  await drop(bytes.subarray(0, bytes.length >> 1));
  await expect(page.getByRole('alert')).toContainText('a run.zip is cut short or damaged');
  await expect(epoch(page)).toHaveText('2');
  await drop(bytes);
  await expect(page.getByRole('spinbutton', { name: 'k', exact: true })).toHaveValue('15');
  await expect(cell(page, 'pam-recommended test MSE')).toHaveText(String(mse));
  await expect(rows(page).filter({ hasText: 'shown now' }).getByRole('textbox')).toHaveValue('k is 15');
  await page.getByRole('button', { name: 'Play' }).click();
  await reached(page, 3);
});

test('two tabs of one link keep a run each, and each finds its own', async ({ page, context }) => {
  const url = `${QUICK}&epochs=400`;
  const other = await context.newPage();
  await page.goto(url);
  await reached(page, 2);
  const first = await paused(page);
  await expect.poll(() => savedRuns(page)).toBe(1);
  await other.goto(url);
  // What the first tab trains is open there: the second goes on from a copy.
  await other.getByRole('button', { name: 'Resume' }).click();
  await reached(other, first + 3);
  const second = await paused(other);
  await expect.poll(() => savedRuns(page)).toBe(2);
  // The first tab would write its run again: it can be deleted only there.
  await other.getByTestId('delete').click();
  await other.locator('.sure').click();
  await expect(other.getByRole('alert')).toContainText('This run is open in another tab');
  expect(await savedRuns(page)).toBe(2);
  await page.reload();
  await expect(page.getByTestId('interrupted')).toContainText(`after epoch ${first} of 400`);
  await other.reload();
  await expect(other.getByTestId('interrupted')).toContainText(`after epoch ${second} of 400`);
  expect(await savedRuns(page)).toBe(2);
});

test('a checkpoint of another version is said, and the run begins anew', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=2`);
  await done(page);
  await expect.poll(() => savedRuns(page)).toBe(1);
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const open = indexedDB.open('splinterp');
        open.onsuccess = () => {
          const store = open.result.transaction('checkpoints', 'readwrite').objectStore('checkpoints');
          const cursor = store.openCursor();
          cursor.onsuccess = () => {
            const found = cursor.result;
            if (!found) return;
            const runs = found.value as { checkpoint: Uint8Array }[];
            const text = new TextDecoder('latin1').decode(runs[0]?.checkpoint);
            const changed = text.replace(/version\\":1/, 'version\\":9');
            if (runs[0]) runs[0].checkpoint = Uint8Array.from(changed, (letter) => letter.charCodeAt(0));
            const put = found.update(runs);
            put.onsuccess = () => {
              open.result.close();
              resolve();
            };
          };
        };
      }),
  );
  await page.reload();
  await expect(page.getByTestId('note')).toContainText(/could not be taken up: .*version 9, expected 1/);
  await done(page);
  // The run that cannot be read is still there to delete.
  await expect(rows(page)).toHaveCount(2);
});

test('a browser without room for runs is said, and training goes on', async ({ page, baseURL }) => {
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(baseURL ?? '').origin, quotaSize: 2e6 });
  await page.goto(`${QUICK}&epochs=400`);
  await reached(page, 2);
  await expect(page.getByTestId('note')).toContainText('Runs are not saved: the browser has no room left for them');
  const then = Number(await epoch(page).textContent());
  await reached(page, then + 2);
});
