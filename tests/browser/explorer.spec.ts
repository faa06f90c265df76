// The partition explorer as a user meets it: exact cells of SAEs that train on the page, on images and on tokens.
import { readFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { columnOf, svgParts } from './figure';
import { expect, expectAccessible, picture, test } from './fixtures';

const DIGITS = './explorer.html#data=digits&share=5&runs=sgd-untied,pam-recommended&epochs=1';
const TOKENS = './explorer.html#data=sample&method=pam&epochs=2';

const cells = async (at: Locator): Promise<number> => Number(((await at.textContent()) ?? '').replace(/\D/g, ''));
const done = (page: Page): Promise<void> => expect(page.getByTestId('time-left')).toContainText('Done');
const points = async (page: Page): Promise<number[]> =>
  (await page.getByTestId('tested').allTextContents()).map((text) => Number(text.replace(/\D/g, '')));

test('cells of two runs on one plane: read, turned by keys, linked, walked through and tested', async ({ page }) => {
  await page.goto(DIGITS);
  await done(page);
  const planes = page.getByTestId('plane');
  const first = page.getByTestId('cells').first();
  await expect(planes).toHaveCount(2);
  await expect.poll(() => cells(first)).toBeGreaterThan(20);
  // The point under the crosshair: k latents, and what would displace one.
  await expect(page.getByTestId('l0').first()).toHaveText('15');
  await expect(page.getByTestId('margin').first()).toContainText('displaces');
  const before = await page.getByTestId('margin').first().textContent();
  await planes.first().hover({ position: { x: 40, y: 40 } });
  await expect(page.getByTestId('margin').first()).not.toHaveText(before ?? '');

  // Keys turn both, and the link holds it.
  await planes.first().focus();
  for (let i = 0; i < 5; i++) await page.keyboard.press('PageUp');
  await expect(page.getByTestId('turn')).toHaveValue('40');
  await page.keyboard.press('+');
  await page.getByTestId('shade-error').click();
  await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/turn=40.*window=.*shade=error/);

  // A CSV of the cells has a row for each of them.
  await planes.first().scrollIntoViewIfNeeded();
  await page.getByRole('button', { name: 'Export' }).first().click();
  const download = page.waitForEvent('download');
  await page.getByTestId('csv').first().click();
  const lines = readFileSync(await (await download).path(), 'utf8')
    .trim()
    .split('\r\n');
  expect(lines[0]).toBe('cell,active latents,mse at centre,area,corners');
  expect(lines.length - 1).toBe(await cells(first));
  await page.keyboard.press('Escape');

  // The theorem holds at every random point.
  await expect.poll(async () => Math.min(...(await points(page)))).toBeGreaterThan(100);
  for (const mismatches of await page.getByTestId('mismatches').all()) await expect(mismatches).toHaveText('0');

  await page.getByTestId('scrub').first().scrollIntoViewIfNeeded();
  await expect(page.getByTestId('breakpoints').first()).toContainText('faces');
  await page.getByTestId('scrub').first().fill('250');
  await expect(page.getByTestId('scrub').first()).toHaveAttribute('aria-valuetext', /^25\.0 %: MSE 0\./);

  // A link restores the view, the place on the walk and the panel that is open.
  await page.getByTestId('stand').click();
  await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/walk=0\.25.*stand=/);
  const link = page.url();
  await page.goto('about:blank');
  await page.goto(link);
  await expect(page.getByTestId('turn')).toHaveValue('40');
  await page.getByTestId('scrub').first().scrollIntoViewIfNeeded();
  await expect(page.getByTestId('scrub').first()).toHaveValue('250');
  await expect(page.getByTestId('scrub').first()).toHaveAttribute('aria-valuetext', /^25\.0 %: MSE 0\./);
  await expect(page.getByTestId('census').first()).toContainText('cells');
  await expectAccessible(page);
  await picture(page, 'explorer-digits');
});

test('tokens: an SAE stands between the bounds of its own cells, and a latent plane can be chosen', async ({
  page,
}) => {
  await page.goto(TOKENS);
  await done(page);
  await expect.poll(() => cells(page.getByTestId('cells'))).toBeGreaterThan(5);
  await expect(page.getByTestId('readout')).toContainText('Rows nearest to the reconstruction');
  await page.getByTestId('pick-B').click();
  await page.getByRole('searchbox', { name: 'Find rows' }).fill('dog');
  await page
    .getByRole('button', { name: /^Row .*dog/ })
    .first()
    .click();
  await expect(page.getByTestId('pick-B')).toContainText('dog');
  await page.getByTestId('plane-kind').selectOption('latents');
  await expect.poll(() => page.evaluate(() => location.hash)).toContain('plane=latents');

  await page.getByTestId('stand').click();
  await expect(page.getByTestId('census')).toContainText(/lie in\s+[\d,]+ cells.*Margins are those of 100 test rows/s);
  await page.getByTestId('stand-pam').click();
  await expect(page.getByTestId('stand-claim')).toContainText(/local PCA .*refit .*the SAE/, { timeout: 90_000 });
  await expect(page.getByTestId('dead')).toContainText('certified');
  // local PCA ≤ refit ≤ SAE on the SAE's own cells, the last row of the first table.
  const row = page.getByRole('row', { name: /own cells/ });
  const [pca = NaN, refit = NaN, sae = NaN] = (await row.getByRole('cell').allTextContents()).slice(2).map(Number);
  expect(pca).toBeLessThanOrEqual(refit);
  expect(refit).toBeLessThanOrEqual(sae);
  // The table that is given away holds what the panel says: errors for each depth, audit and certificates on the last.
  await page.getByTestId('stand-claim').scrollIntoViewIfNeeded();
  const panel = page.locator('explorer-stand');
  await panel.getByRole('button', { name: 'Export' }).click();
  const download = page.waitForEvent('download');
  await panel.getByTestId('csv').click();
  const csv = readFileSync(await (await download).path());
  expect(columnOf(csv, 'SAE').at(-1)).toBeCloseTo(sae, 3);
  const dead = columnOf(csv, 'dead latents').at(-1);
  await expect(page.getByTestId('dead')).toContainText(`Dead latents: ${dead} are active on none`);
  expect(columnOf(csv, 'certified dead').at(-1)).toBeLessThanOrEqual(dead ?? NaN);
  await page.keyboard.press('Escape');
  // The pictures say what stands around them on the page: the legend, and how many rows have which margin.
  const told = async (of: Locator): Promise<string> => {
    await of.scrollIntoViewIfNeeded();
    await of.getByRole('button', { name: 'Export' }).click();
    const saved = page.waitForEvent('download');
    await of.getByTestId('svg').click();
    const text = readFileSync(await (await saved).path(), 'utf8');
    await page.keyboard.press('Escape');
    return text;
  };
  const bars = /Margins of 100 test rows after epoch 2<.*most in one bar: \d+</s;
  const stands = await told(panel);
  expect(stands).toMatch(bars);
  for (const name of ['refit − local PCA', 'cell means', 'global PCA']) expect(stands).toContain(`>${name}<`);
  expect(await told(page.locator('explorer-margins'))).toMatch(bars);
  await expectAccessible(page);
  await picture(page, 'explorer-tokens');

  // The link holds that it was measured, and measures again without a click once the same run is as far.
  await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/stand=yes.*measured=pam(\*|%2A)2/);
  const link = page.url();
  await page.goto('about:blank');
  await page.goto(link);
  await done(page);
  await page.getByTestId('stand').scrollIntoViewIfNeeded();
  await expect(page.getByTestId('stand-claim')).toContainText(/local PCA .*refit .*the SAE/, { timeout: 90_000 });
  expect(Number(await row.getByRole('cell').nth(4).textContent())).toBe(sae);
});

test('three equal rows span no plane: a sentence says so, and the next plane is drawn', async ({ page }) => {
  await page.goto(`${TOKENS}&picks=1,1,2`);
  await expect(page.getByText(/the way from the first row to the second, which is 0/)).toBeVisible();
  await page.getByTestId('plane-kind').selectOption('components');
  await expect.poll(() => cells(page.getByTestId('cells'))).toBeGreaterThan(5);
});

test('embedded in a page: the explorer alone, its height told, pinched, and given away as pictures and code', async ({
  page,
}) => {
  await page.goto('./gallery.html');
  await page.evaluate((address) => {
    addEventListener('message', ({ data }: MessageEvent<{ height?: number }>) => {
      if (data.height !== undefined) document.body.dataset.height = String(data.height);
    });
    const frame = document.createElement('iframe');
    frame.src = address;
    frame.style.cssText = 'width: 700px; height: 1500px; border: 0';
    document.body.replaceChildren(frame);
  }, './figure.html?name=explorer#data=digits&share=5&runs=sgd-untied&epochs=1&turn=20');
  const inner = page.frameLocator('iframe');
  const [plane, found] = [inner.getByTestId('plane'), inner.getByTestId('cells')];
  await expect.poll(() => cells(found)).toBeGreaterThan(20);
  await expect(plane).toHaveCount(1);
  await expect(inner.locator('site-header, lab-kept-list')).toHaveCount(0);
  await expect(inner.getByTestId('turn')).toHaveValue('20');
  expect(Number(await page.evaluate(() => document.body.dataset.height))).toBeGreaterThan(600);

  await plane.scrollIntoViewIfNeeded();
  await inner.getByRole('button', { name: 'Export' }).first().click();
  const saved = async (kind: string): Promise<Buffer> => {
    const download = page.waitForEvent('download');
    await inner.getByTestId(kind).first().click();
    return readFileSync(await (await download).path());
  };
  const svg = await svgParts(page, (await saved('svg')).toString());
  expect(svg.told).toContain('cells of SGD');
  // Colours, widths of faces, and dots.
  expect(svg.paths).toBeGreaterThan(8);
  expect([...(await saved('png')).subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  expect((await saved('csv')).toString().trim().split('\r\n').length - 1).toBe(await cells(found));
  // There is no still picture of it: without JavaScript a page shows the link.
  await expect(inner.locator('#embed').first()).toHaveValue(
    /src="[^"]*figure\.html\?name=explorer#.*turn=20.*<noscript><a href="[^"]*figure\.html\?name=explorer#/s,
  );
  await page.keyboard.press('Escape');

  // Two fingers that part halve the window about the point between them.
  const box = (await plane.locator('canvas').boundingBox()) ?? {
    x: 0,
    y: 0,
    width: 0,
    height: 0,
  };
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const session = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', half: number) =>
    session.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: type === 'touchEnd' ? [] : [-half, half].map((dx, id) => ({ x: x + dx, y, id })),
    });
  const width = (): Promise<number> =>
    inner.locator('body').evaluate(() => Number(/window=[^*]*\*[^*]*\*([\d.e-]+)/.exec(location.hash)?.[1]));
  await plane.focus();
  await page.keyboard.press('+');
  await expect.poll(width).toBeGreaterThan(0);
  const before = await width();
  await touch('touchStart', 40);
  for (const half of [50, 60, 70, 80]) await touch('touchMove', half);
  await touch('touchEnd', 0);
  await expect.poll(async () => (await width()) / before).toBeCloseTo(0.5, 1);
});
