// The page of results: its numbers are those of docs/comparison.md, its points lead to runs that give these numbers again,
// and it reads without scripts.
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, expectAccessibleInBoth, picture, test } from './fixtures';
import { excessWidth } from './figure';
import { cell } from './lab';

const docs = new URL('../../docs/', import.meta.url);

/** The rows of all tables of docs/comparison.md, as their text. */
function documented(): string[][] {
  return readFileSync(new URL('comparison.md', docs), 'utf8')
    .split('\n')
    .filter((line) => /^\| (?!---|set|family|method)/.test(line))
    .map((line) => line.slice(1, -1).split('|'))
    .map((fields) => fields.map((field) => field.trim().replaceAll('**', '')));
}

/** Errors of the runs of a method with the seed that links have, and what a link to it leads to. */
function runOf(file: string, wanted: Readonly<Record<string, string>>): Map<string, string> {
  const [header = '', ...lines] = readFileSync(new URL(`results/${file}.csv`, docs), 'utf8')
    .trim()
    .split('\n');
  const names = header.split(',');
  const rows = lines.map((line) => new Map(line.split(',').map((value, i) => [names[i] ?? '', value])));
  const found = rows.filter((row) => Object.entries(wanted).every(([key, value]) => row.get(key) === value));
  expect(found).toHaveLength(1);
  return found[0] ?? new Map<string, string>();
}

/** Opens what a point leads to and waits until it is trained. */
async function follow(page: Page, name: RegExp): Promise<void> {
  const link = page.getByRole('link', { name }).first();
  const href = await link.getAttribute('href');
  await page.goto('about:blank');
  await page.goto(href ?? '');
  await expect(page.getByTestId('time-left')).toContainText('Done', { timeout: 90_000 });
  await expect(page.getByTestId('note')).toBeHidden();
}

test('its tables are those of the document, row by row', async ({ page }) => {
  await page.goto('./results.html');
  const rows = await page
    .locator('table tbody tr')
    .evaluateAll((all) => all.map((row) => [...row.children].map((each) => each.innerHTML)));
  const plain = rows.map((fields) =>
    fields.map((field) =>
      field
        .replace(/ · 10<sup>(\d+)<\/sup>/, (_, power: string) => `e+${power.padStart(2, '0')}`)
        .replace(/<[^>]+>/g, '')
        .replaceAll('−', '-')
        .replaceAll(/&nbsp;|\u00a0/g, ' ')
        .trim(),
    ),
  );
  const expected = documented();
  expect(expected.length).toBeGreaterThan(40);
  expect(plain).toEqual(expected);
});

for (const [file, method, name] of [
  ['mnist-1', 'topk-pam', /^TopK, PAM-SGD: .*equal epochs/],
  ['mnist-1', 'batchtopk-sgd-recipe', /^BatchTopK, SGD, recipe: .*equal epochs/],
  ['mnist-jumprelu', 'jumprelu-sgd', /^JumpReLU, SGD: .*equal epochs/],
] as const) {
  test(`a point of ${method} leads to the run that it stands for`, async ({ page }) => {
    const wanted = { method, share: '0.01', protocol: 'epochs', role: 'test', seed: '1' };
    const run = runOf(`comparison-${file}`, wanted);
    await page.goto('./results.html');
    await follow(page, name);
    const trained = method.includes('-pam') ? 'pam-recommended' : 'sgd-untied';
    for (const [metric, column] of [
      ['test MSE', 'mse'],
      ['fvu', 'fvu'],
      ['l0', 'l0'],
    ] as const) {
      const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 }).format(Number(run.get(column)));
      await expect(cell(page, `${trained} ${metric}`)).toHaveText(digits);
    }
  });
}

for (const [method, setting, name] of [
  ['jumprelu-pam', { k: '20' }, /^JumpReLU, PAM-SGD, target L0 20, equal epochs: /],
  ['relu-sgd-recipe', { l1: '0.003' }, /^ReLU, SGD, recipe, l1 0\.003, equal epochs: /],
] as const) {
  test(`a point of the frontier of ${method} leads to its run`, async ({ page }) => {
    const run = runOf(`frontier-mnist-${method.split('-')[0]}`, {
      method,
      ...setting,
      protocol: 'epochs',
      role: 'test',
      seed: '1',
    });
    await page.goto('./results.html');
    await follow(page, name);
    const trained = method.endsWith('-pam') ? 'pam-recommended' : 'sgd-untied';
    const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
    await expect(cell(page, `${trained} fvu`)).toHaveText(digits.format(Number(run.get('fvu'))));
    await expect(cell(page, `${trained} l0`)).toHaveText(digits.format(Number(run.get('l0'))));
  });
}

test('a point of the ReLU sweep leads to its run', async ({ page }) => {
  const wanted = { label: 'PAM-SGD recommended', share: '0.01', l1: '0.001', seed: '1' };
  const run = runOf('mnist-relu-1-5', wanted);
  await page.goto('./results.html');
  await page.locator('#relu-sweeps').scrollIntoViewIfNeeded();
  await follow(page, /^PAM-SGD recommended, l1 0.001: /);
  const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
  await expect(cell(page, 'pam-recommended test MSE')).toHaveText(digits.format(Number(run.get('test_mse'))));
});

test('other links are understood by their lab', async ({ page }) => {
  await page.goto('./results.html');
  const links = await page
    .locator('article a')
    .evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
  const activations = links.filter((link) => link.startsWith('./activations.html'));
  // One of each kind: that all are of states that the lab knows, the site's own tests check.
  const kind = (link: string): string => {
    const state = new URLSearchParams(link.slice(link.indexOf('#') + 1));
    return `${state.get('activation')} ${state.get('method')} ${state.get('variants')?.replaceAll(/\d+/g, '')}`;
  };
  const kinds = new Map(activations.map((link) => [kind(link), link]));
  expect(kinds.size).toBeGreaterThan(3);
  // An epoch of each on few rows shows that the lab takes the link.
  for (const link of kinds.values()) {
    await page.goto('about:blank');
    await page.goto(link.replace(/epochs=\d+/, 'epochs=1').replace(/share=\d+/, 'share=1'));
    await expect(page.getByTestId('time-left')).toContainText('Done');
    await expect(page.getByTestId('note')).toBeHidden();
  }
});

test('axe finds no serious violation, light or dark, and nothing is too wide', async ({ page }) => {
  await page.goto('./results.html');
  expect(await excessWidth(page)).toBe(0);
  await picture(page, 'results');
  // All plots are made alike, and all tables. axe takes half a minute for all of them: it sees the first two and the last two.
  await page.evaluate(() => {
    for (const alike of ['.plots', '.scroll']) {
      [...document.querySelectorAll(alike)].slice(2, -2).forEach((each) => each.remove());
    }
  });
  await expectAccessibleInBoth(page, (colorScheme) => picture(page, `results-${colorScheme}`));
  await page.setViewportSize({ width: 320, height: 700 });
  expect(await excessWidth(page)).toBe(0);
});

test('a point is reached and followed by keyboard', async ({ page }) => {
  await page.goto('./results.html');
  const point = page.locator('.plots a').first();
  await point.focus();
  await expect(point).toBeFocused();
  await expect(point).toHaveAccessibleName(/Opens the run of seed 1 in the MNIST lab\.$/);
  await page.keyboard.press('Enter');
  await expect(page.locator('mnist-lab')).toBeVisible();
  expect(new URL(page.url()).hash).toContain('share=1&runs=');
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('it reads, with its plots and its tables', async ({ page }) => {
    await page.goto('./results.html');
    await expect(page.getByRole('heading', { name: 'SGD at its best against PAM-SGD' })).toBeVisible();
    await expect(page.locator('.plots svg').first()).toBeVisible();
    expect(await page.locator('.plots a').count()).toBeGreaterThan(100);
    await expect(page.locator('table').first()).toBeVisible();
  });
});
