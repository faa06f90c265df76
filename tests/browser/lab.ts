// What the tests of the lab share: a quick run, and where its numbers stand.
import type { Locator, Page } from '@playwright/test';
import { expect } from './fixtures';

/** A run small enough that an epoch takes a blink: 5 % of the generated digits. */
export const QUICK = './#share=5';

export const epoch = (page: Page): Locator => page.getByTestId('epoch');
export const cell = (page: Page, name: string): Locator => page.getByTestId(name);
export const number = async (page: Page, name: string): Promise<number> => Number(await cell(page, name).textContent());
export const reached = (page: Page, least: number, timeout = 30_000): Promise<void> =>
  expect.poll(async () => Number(await epoch(page).textContent()), { timeout }).toBeGreaterThanOrEqual(least);
