// What is tried in browsers that Playwright does not drive here: every figure is drawn, both labs train, the explorer
// cuts.
import console from 'node:console';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { URL } from 'node:url';

const PATIENCE_MS = 90_000;

const titles = new URL('../../www/src/gallery/frame/titles.json', import.meta.url);

/** Every figure of the gallery. */
export const figures = Object.keys(JSON.parse(await readFile(titles, 'utf8')));

const figure = (name) => ({
  what: `figure ${name}`,
  path: `dist/figure.html?name=${name}`,
  selector: '[role="img"]',
  attribute: 'aria-label',
  expected: /^(?!.*not drawn yet).*\d/is,
});

const checks = [
  ...figures.map(figure),
  {
    what: 'MNIST lab',
    path: 'dist/index.html#share=1&epochs=2',
    selector: '[data-testid="pam-recommended test MSE"]',
    expected: /\d/,
  },
  {
    what: 'activations lab',
    path: 'dist/activations.html#epochs=2',
    selector: '[data-testid="pam test MSE"]',
    expected: /\d/,
  },
  {
    what: 'explorer',
    path: 'dist/explorer.html#data=digits&share=5&epochs=1',
    selector: '[role="img"]',
    attribute: 'aria-label',
    expected: /\d+ cells/,
  },
];

/** Where a page says how it is: what it computes on, how far it is, and what went wrong. */
export const TOLD = ['[data-testid="computed"]', '[data-testid="time-left"]', '[data-testid="note"]', '.message.alert'];

/** Waits for what an element says. */
async function look(browser, { selector, attribute, expected }) {
  const end = Date.now() + PATIENCE_MS;
  let last;
  while (Date.now() < end) {
    last = await browser.read(selector, attribute);
    if (last !== undefined && expected.test(last)) return last.trim().replace(/\s+/g, ' ');
    await setTimeout(200);
  }
  const told = await Promise.all(TOLD.map((each) => browser.read(each)));
  const said = told.map((text) => text?.trim().replace(/\s+/g, ' ')).filter(Boolean);
  throw new Error(`${selector} is ${last}, expected ${expected}; the page says: ${said.join(' | ')}`);
}

/**
 * Tries everything in a browser, which can `open(path)` a page, `read(selector, attribute)` the first element with its
 * shadow roots looked into (its text without an attribute), and give the `faults` of the page. How many checks failed.
 */
export async function tryAll(browser) {
  let failures = 0;
  for (const check of checks) {
    let found = '';
    const faults = [];
    try {
      await browser.open(check.path);
      found = await look(browser, check);
    } catch (error) {
      faults.push(error.message);
    }
    faults.push(...(await browser.faults()));
    if (faults.length > 0) failures += 1;
    const outcome = faults.length > 0 ? 'FAILED' : 'ok    ';
    console.log([`${outcome} ${check.what}: ${found.slice(0, 80)}`, ...faults].join('\n       '));
  }
  return failures;
}
