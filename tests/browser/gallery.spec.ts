// The gallery and its figures as a reader meets them: by mouse, touch and keyboard, exported, linked and embedded.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  alone,
  centre,
  columnOf,
  described,
  drag,
  drawn,
  excessWidth,
  expectPng,
  open,
  saved,
  slider,
  svgParts,
  touchDrag,
} from './figure';
import { titles } from '../../www/src/gallery/frame/titles';
import { expect, expectAccessibleInBoth, picture, test } from './fixtures';

const figures = ['voronoi-to-power', 'order-k'] as const;

test('the gallery lists every figure and draws it when it comes near', async ({ page }) => {
  await page.goto('./gallery.html');
  await expect(page.getByRole('link', { name: 'Gallery' })).toHaveAttribute('aria-current', 'page');
  for (const name of figures) {
    const section = page.locator(`section[data-name="${name}"]`);
    await section.scrollIntoViewIfNeeded();
    await expect(section.getByRole('img')).not.toHaveAccessibleName(/not drawn yet/);
    await expect(section.getByRole('figure')).toBeVisible();
  }
  await picture(page, 'gallery');
});

test('the gallery opens at the figure of its address, and Back returns within it', async ({ page }) => {
  await page.goto('./gallery.html#figure=order-k&order=4');
  const figure = page.locator('splinterp-order-k');
  await expect(figure.locator('#order')).toHaveValue('4');
  await expect(figure.getByRole('heading', { name: 'Order K' })).toBeInViewport();
  await figure.locator('#order').fill('5');
  await expect(page).toHaveURL(/#figure=order-k&order=5$/);
  await page.goBack();
  await expect(figure.locator('#order')).toHaveValue('4');
});

for (const [name, site, hash] of [
  ['voronoi-to-power', 'Point 7', ''],
  ['order-k', 'Site 7', 'order=3'],
] as const) {
  test(`${name}: a site follows the mouse, the address follows it, and Back returns`, async ({ page }) => {
    await open(page, name, hash);
    const before = { at: await centre(slider(page, site)), picture: await drawn(page) };
    await drag(page, slider(page, site), 40, 25);
    await page.mouse.move(0, 0);
    const after = await centre(slider(page, site));
    expect(after.x - before.at.x).toBeCloseTo(40, 0);
    expect(after.y - before.at.y).toBeCloseTo(25, 0);
    expect(await drawn(page)).not.toBe(before.picture);
    await expect(page).toHaveURL(/moved=6\*/);
    await page.goBack();
    await expect.poll(async () => (await centre(slider(page, site))).x).toBeCloseTo(before.at.x, 0);
    await expect.poll(() => drawn(page)).toBe(before.picture);
  });

  test(`${name}: keys move, add, remove and leave`, async ({ page }) => {
    await open(page, name, hash);
    const it = slider(page, site);
    const at = await centre(it);
    await it.focus();
    await page.keyboard.press('ArrowRight');
    const one = (await centre(it)).x - at.x;
    expect(one).toBeGreaterThan(1);
    await page.keyboard.press('Shift+ArrowRight');
    expect((await centre(it)).x - at.x).toBeCloseTo(6 * one, 0);
    await page.keyboard.press('ArrowUp');
    expect((await centre(it)).y).toBeLessThan(at.y);
    const handles = page.locator('[data-site]');
    const number = await handles.count();
    await page.keyboard.press('Enter');
    await expect(handles).toHaveCount(number + 1);
    await expect(page.locator('[data-site]:focus')).toHaveCount(1);
    await page.keyboard.press('Delete');
    await expect(handles).toHaveCount(number);
    await expect(page.locator('[data-site]:focus')).toHaveCount(1);
    await page.keyboard.press('Home');
    await expect(page.locator('[data-site]:focus')).toHaveAttribute('data-site', '0');
    await page.keyboard.press('PageDown');
    await expect(page.locator('[data-site]:focus')).toHaveAttribute('data-site', '1');
    await page.keyboard.press('Escape');
    await expect(page.locator('[data-site]:focus')).toHaveCount(0);
  });

  test(`${name}: its link restores it, its exports hold it`, async ({ page, context }) => {
    await open(page, name, hash);
    await drag(page, slider(page, site), -30, 20);
    await page.mouse.move(0, 0);
    const at = await centre(slider(page, site));
    await page.getByText('Export', { exact: true }).click();
    const svg = (await saved(page, 'svg')).toString();
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).toContain('<desc>');
    const parsed = await svgParts(page, svg);
    expect(parsed.name).toBe('svg');
    expect(parsed.paths).toBeGreaterThan(5);
    await expectPng(page, await saved(page, 'png'));
    // The cells of a partition fill the box, which is 1.5 by 1.
    const areas = columnOf(await saved(page, 'csv'), 'area');
    expect(areas.reduce((sum, area) => sum + area, 0)).toBeCloseTo(1.5, 9);
    const other = await context.newPage();
    await other.setViewportSize(page.viewportSize() ?? { width: 1280, height: 800 });
    await other.goto(page.url());
    // The text alternative follows the picture at a distance, on either page.
    await expect
      .poll(
        async () =>
          (await described(other).getAttribute('aria-label')) === (await described(page).getAttribute('aria-label')),
      )
      .toBe(true);
    // A link keeps four decimals of the box's units: some hundredths of a pixel.
    const restored = await centre(slider(other, site));
    expect(restored.x).toBeCloseTo(at.x, 0);
    expect(restored.y).toBeCloseTo(at.y, 0);
  });

  test(`${name}: double click and the buttons add, weigh and remove`, async ({ page }) => {
    await open(page, name, name === 'order-k' ? hash : 'step=3');
    const handles = page.locator('[data-site]');
    const number = await handles.count();
    await handles.nth(1).focus();
    const weight = page.getByTestId('weight');
    const before = { weight: Number(await weight.inputValue()), picture: await drawn(page) };
    await page.keyboard.press('+');
    await expect.poll(async () => Number(await weight.inputValue())).toBeGreaterThan(before.weight);
    await page.keyboard.press('-');
    await page.keyboard.press('-');
    await expect.poll(async () => Number(await weight.inputValue())).toBeLessThan(before.weight);
    expect(await drawn(page)).not.toBe(before.picture);
    await weight.fill(await weight.getAttribute('max').then((most) => most ?? ''));
    await expect(page).toHaveURL(name === 'order-k' ? /moved=1\*/ : /sites=1\*/);
    if (name !== 'order-k') return;
    await page.getByTestId('add').click();
    await expect(handles).toHaveCount(number + 1);
    await page.getByTestId('remove').click();
    await expect(handles).toHaveCount(number);
    const stage = await page.locator('canvas').boundingBox();
    if (!stage) throw new Error('there is no stage');
    await page.mouse.dblclick(stage.x + stage.width * 0.03, stage.y + stage.height * 0.5);
    await expect(handles).toHaveCount(number + 1);
  });
}

test('voronoi-to-power: the steps turn into one another', async ({ page }) => {
  await open(page, 'voronoi-to-power');
  await expect(page.getByTestId('facts')).toContainText('30 cells');
  await page.getByRole('button', { name: 'k-means' }).click();
  await expect(page.getByRole('button', { name: 'k-means' })).toHaveAttribute('aria-pressed', 'true');
  await expect(page).toHaveURL(/step=2$/);
  await expect(page.getByTestId('facts')).toContainText('5 means, mean squared error');
  await page.getByLabel('From one to the next').fill('3');
  await expect(page.getByTestId('facts')).toHaveText('5 of 5 sites have a cell');
  await expect(described(page)).toHaveAccessibleName('Power diagram: 5 of 5 sites have a cell.');
  await page.goBack();
  await expect(page.getByTestId('facts')).toContainText('5 means');
});

test('voronoi-to-power: jumps where less motion is wanted', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await open(page, 'voronoi-to-power');
  await page.getByRole('button', { name: 'Power diagram' }).click();
  await expect(page.getByTestId('facts')).toHaveText('5 of 5 sites have a cell', { timeout: 500 });
});

test('order-k: the cell under the mouse or the probe names its K sites', async ({ page }) => {
  await open(page, 'order-k', 'order=3');
  await expect(page.getByTestId('cell')).toHaveText(/^Cell of sites \d+, \d+ and \d+, [\d.]+\s% of the area$/);
  const first = await page.getByTestId('cell').textContent();
  const probe = slider(page, 'Probe');
  await expect(probe).toHaveAttribute('aria-valuetext', first ?? '');
  await probe.focus();
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await expect(page.getByTestId('cell')).not.toHaveText(first ?? '');
  await expect(page).toHaveURL(/probe=/);
  await page.locator('#order').fill('1');
  await expect(page.getByTestId('cell')).toHaveText(/^Cell of site \d+, /);
  await page.locator('#alpha').fill('0');
  await expect(described(page)).toHaveAccessibleName(/Voronoi diagram of order 1 of 30 sites: 30 cells\./);
});

test('order-k: α takes the Voronoi diagram to the power diagram, and that to order K', async ({ page }) => {
  await open(page, 'order-k', 'order=3&alpha=0');
  const told: string[] = [];
  for (const [alpha, what] of [
    ['0', 'Voronoi diagram of order 1'],
    ['0.5', 'Power diagram of order 1'],
    ['0.7', 'Power diagram of order 2'],
    ['1', 'Power diagram of order 3'],
  ] as const) {
    await page.locator('#alpha').fill(alpha);
    await expect(described(page)).toHaveAccessibleName(new RegExp(`^${what} of 30 sites`));
    told.push((await page.locator('figcaption').textContent()) ?? '');
  }
  expect(new Set(told).size).toBe(4);
  expect(told[0]).toContain('no site has a weight');
});

test('order-k: ten thousand sites, cut by the worker', async ({ page }) => {
  await open(page, 'order-k', 'order=1');
  await page.getByLabel('Sites', { exact: true }).selectOption('10000');
  await expect(page.getByTestId('coarse')).toBeHidden();
  await expect(page.getByTestId('cells')).toHaveText(/^(9,\d{3}|10,000) cells$/);
});

test.describe('by touch', () => {
  test.use({ hasTouch: true });

  for (const [name, site] of [
    ['voronoi-to-power', 'Point 7'],
    ['order-k', 'Site 7'],
  ] as const) {
    test(`${name}: a finger on a site drags it, beside it scrolls the page`, async ({ page }) => {
      await open(page, name);
      const it = slider(page, site);
      await it.scrollIntoViewIfNeeded();
      const { x, y } = await centre(it);
      await touchDrag(page, { x, y }, 30, -20);
      await expect.poll(async () => Math.round((await centre(it)).x - x)).toBe(30);
      expect((await centre(it)).y - y).toBeCloseTo(-20, 0);
      await expect(page).toHaveURL(/moved=6\*/);
      const action = (selector: string) =>
        page
          .locator(selector)
          .first()
          .evaluate((element) => getComputedStyle(element).touchAction);
      expect(await action('[data-site]')).toBe('none');
      expect(await action('.handles')).toMatch(/pan-y|manipulation/);
    });
  }
});

test('a figure stands in a page of another origin and tells it its height', async ({ page, baseURL, faults }) => {
  await open(page, 'order-k');
  await page.getByText('Export', { exact: true }).click();
  const field = page.getByLabel('HTML that embeds this figure in your page:');
  await expect(field).not.toHaveValue('');
  const code = await field.inputValue();
  expect(code).toContain(`src="${baseURL ?? ''}figure.html?name=order-k"`);
  const article = `<!doctype html><title>An article</title><body style="background: rgb(200, 220, 200)">${code}`;
  const server = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(article));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const outside = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await page.goto(outside);
  const frame = page.frameLocator('iframe');
  await expect(frame.getByRole('img')).not.toHaveAccessibleName(/not drawn yet/);
  const inner = await frame.locator('html').evaluate((element) => element.getBoundingClientRect().height);
  await expect.poll(() => page.locator('iframe').evaluate((element) => element.clientHeight)).toBe(Math.ceil(inner));
  expect(await frame.locator('body').evaluate((element) => getComputedStyle(element).backgroundColor)).toBe(
    'rgba(0, 0, 0, 0)',
  );
  await expect(frame.getByRole('banner')).toHaveCount(0);
  const excess = await frame.locator('html').evaluate((element) => element.scrollHeight - element.clientHeight);
  expect(excess).toBeLessThanOrEqual(0);
  await picture(page, 'embedded');
  server.close();
  // The article itself is the one request that leaves the site's origin.
  faults.splice(0, faults.length, ...faults.filter((fault) => !fault.includes(outside)));
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the gallery shows every figure standing still', async ({ page }) => {
    const pictures: number[] = [];
    page.on('response', (response) => {
      if (response.url().includes('/stills/')) pictures.push(response.status());
    });
    await page.goto('./gallery.html');
    for (const name of Object.values(titles)) {
      await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
    }
    const stills = page.locator('noscript img');
    await expect(stills).toHaveCount(Object.keys(titles).length);
    for (const still of await stills.all()) await expect(still).toHaveAttribute('alt', /\d/);
    expect(pictures).toEqual(Object.keys(titles).map(() => 200));
  });

  test('a figure says what it is and links to the gallery', async ({ page }) => {
    await page.goto(alone('order-k'));
    const text = page.locator('noscript p');
    await expect(text).toBeVisible();
    await expect(text).toContainText('This is an interactive figure');
    await expect(text.locator('a')).toHaveAttribute('href', './gallery.html');
  });
});

test('a figure that does not exist is named, with those that do', async ({ page }) => {
  await page.goto('./figure.html?name=nonsense');
  await expect(page.getByRole('alert')).toContainText(
    'There is no figure named “nonsense”, expected one of voronoi-to-power',
  );
  await expect(page.getByRole('link', { name: 'the gallery' })).toBeVisible();
});

test('a link that is not understood keeps the defaults and says so', async ({ page }) => {
  await open(page, 'order-k', 'order=99&moved=1*x&colour=red');
  await expect(page.getByTestId('note')).toContainText('order is “99”, expected a whole number from 1 to 20');
  await expect(page.getByTestId('note')).toContainText('“colour” is not a setting here');
  await expect(page.locator('#order')).toHaveValue('2');
});

for (const name of figures) {
  test(`${name}: axe finds no serious violation, light or dark, nothing is too wide`, async ({ page }) => {
    await open(page, name, name === 'order-k' ? 'order=3' : 'step=3');
    await page.locator('[data-site]').first().focus();
    await page.getByText('Export', { exact: true }).click();
    await expectAccessibleInBoth(page);
    await page.keyboard.press('Escape');
    expect(await excessWidth(page)).toBe(0);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await picture(page, `${name}-${colorScheme}`);
    }
  });
}
