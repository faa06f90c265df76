// What every browser test has: a page that fails its test on any console error, any error that nothing caught,
// and any request that leaves the site's own origin; and two helpers for looking at the page.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test as base, type Page } from '@playwright/test';

interface Fixtures {
  /** What went wrong on the page so far; must be empty at the end. A test that provokes one removes it. */
  faults: string[];
}

export const test = base.extend<Fixtures>({
  faults: [
    async ({ context, baseURL }, use) => {
      const faults: string[] = [];
      const origin = new URL(baseURL ?? '').origin;
      context.on('console', (message) => {
        if (message.type() === 'error') faults.push(`console: ${message.text()} (${message.location().url})`);
      });
      context.on('weberror', (error) => faults.push(`uncaught: ${String(error.error())}`));
      context.on('request', (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith('http') && url.origin !== origin) faults.push(`request to ${url.href}`);
      });
      await use(faults);
      expect(faults, 'console errors, uncaught errors and requests to other origins').toEqual([]);
    },
    { auto: true },
  ],
});

/** Asserts that axe finds nothing serious or critical on the page as it stands, by all its rules or by some. */
export async function expectAccessible(page: Page, rules?: readonly string[]): Promise<void> {
  // What passes need not be described: on a long page that is most of the work.
  const axe = new AxeBuilder({ page }).options({ resultTypes: ['violations'] });
  const { violations } = await (rules ? axe.withRules([...rules]) : axe).analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const places = serious.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
  expect(places, 'accessibility violations').toEqual([]);
}

/** The same in light and in dark, in which only the rules on colours can find other things; `each` looks at both, too. */
export async function expectAccessibleInBoth(page: Page, each?: (colorScheme: string) => Promise<void>): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page, colorScheme === 'light' ? undefined : ['color-contrast', 'link-in-text-block']);
    await each?.(colorScheme);
  }
}

/** Leaves a picture of the whole page in `results/`, for a person to look at, who asks for them by PICTURES=1. */
export async function picture(page: Page, name: string): Promise<void> {
  if (process.env.PICTURES === undefined) return;
  const project = test.info().project.name;
  await page.screenshot({ path: `results/pictures/${name}-${project}.png`, fullPage: true });
}

export { expect };
