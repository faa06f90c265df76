// What the tests of the lab share: a quick run, and where its numbers stand.
import type { Locator, Page } from '@playwright/test';
import { expect } from './fixtures';

/** A run small enough that an epoch takes a blink: 5 % of the generated digits. */
export const QUICK = './#data=digits&share=5';

export const epoch = (page: Page): Locator => page.getByTestId('epoch');
export const cell = (page: Page, name: string): Locator => page.getByTestId(name);
export const number = async (page: Page, name: string): Promise<number> => Number(await cell(page, name).textContent());
export const reached = (page: Page, least: number, timeout = 30_000): Promise<void> =>
  expect
    .poll(async () => Number(await epoch(page).textContent()), { timeout, intervals: [100] })
    .toBeGreaterThanOrEqual(least);

/** How many runs the browser keeps for the page. To open a database that is not there would make it. */
export function savedRuns(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const there = (await indexedDB.databases()).some(({ name }) => name === 'splinterp');
    if (!there) return 0;
    return new Promise<number>((resolve) => {
      const open = indexedDB.open('splinterp');
      open.onsuccess = () => {
        const database = open.result;
        if (!database.objectStoreNames.contains('runs')) {
          database.close();
          resolve(0);
          return;
        }
        const count = database.transaction('runs').objectStore('runs').count();
        count.onsuccess = () => {
          database.close();
          resolve(count.result);
        };
      };
    });
  });
}
