// The figures on SAEs in the plane and the lifting: by mouse, touch and keyboard, exported and linked.
import type { Page } from '@playwright/test';
import {
  centre,
  columnOf,
  described,
  drag,
  drawn,
  excessWidth,
  expectPng,
  onStage,
  open,
  saved,
  slider,
  svgParts,
  touchDrag,
} from './figure';
import { expect, expectAccessibleInBoth, picture, test } from './fixtures';

const figures = ['topk-is-power', 'three-partitions', 'kmeans-pca', 'lifting'] as const;
type Name = (typeof figures)[number];

/** A state of each that is not the first. */
const changed: Readonly<Record<Name, string>> = {
  'topk-is-power': 'k=3&by=magnitude&latents=8&moved=2*0.3*-0.4*0.5&x=-0.7*0.2',
  'three-partitions': 'latents=7&k=3&threshold=-0.2&moved=1*0.5*0.5*0.1',
  'kmeans-pca': 'sae=top-3-hard&cells=kmeans&clusters=5&drawn=1.5*-1.5_1.7*-1.4&steps=150',
  lifting: 'sites=14&level=0.3&turn=-40&tilt=50&moved=3*0.2*0.1*-0.3',
};

/** Pixels to the side that lead from a place towards the middle of the stage. */
async function inwards(page: Page, { x }: { x: number }): Promise<number> {
  return (await centre(page.locator('canvas'))).x > x ? 14 : -14;
}

/** Smallest and largest number of data rows in the CSV of the state above, and how many paths the SVG has at least. */
const contents: Readonly<Record<Name, { rows: number; paths: number; column: string; sum?: number }>> = {
  'topk-is-power': { rows: 10, paths: 8, column: 'area', sum: 6 },
  'three-partitions': { rows: 20, paths: 15, column: 'area', sum: 3 * 2.4 * 2.4 },
  'kmeans-pca': { rows: 102, paths: 12, column: 'sae_x' },
  lifting: { rows: 14, paths: 60, column: 'area_in_cut', sum: 2.4 * 1.8 },
};

for (const name of figures) {
  test(`${name}: its link restores it, its exports hold it`, async ({ page, context }) => {
    await open(page, name, changed[name]);
    await expect(page.getByTestId('note')).toBeHidden();
    await page.waitForTimeout(name === 'kmeans-pca' ? 1500 : 300);
    const [told, seen] = [await described(page).getAttribute('aria-label'), await drawn(page)];
    const other = await context.newPage();
    await other.setViewportSize(page.viewportSize() ?? { width: 1280, height: 800 });
    await open(other, name);
    await other.waitForTimeout(300);
    expect(await drawn(other)).not.toBe(seen);
    await open(other, name, new URL(page.url()).hash.slice(1));
    await expect.poll(() => drawn(other)).toBe(seen);
    await expect(described(other)).toHaveAccessibleName(told ?? '');
    await other.close();

    await page.getByText('Export', { exact: true }).click();
    const svg = (await saved(page, 'svg')).toString();
    const parsed = await svgParts(page, svg);
    expect(parsed.name).toBe('svg');
    expect(parsed.told).toBe(told);
    const { rows: number, paths, column, sum } = contents[name];
    expect(parsed.paths).toBeGreaterThanOrEqual(paths);
    await expectPng(page, await saved(page, 'png'));
    const values = columnOf(await saved(page, 'csv'), column);
    expect(values.length).toBeGreaterThanOrEqual(number);
    expect(values.every(Number.isFinite)).toBe(true);
    if (sum !== undefined) expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(sum, 6);
  });

  test(`${name}: axe finds no serious violation, light or dark, nothing is too wide`, async ({ page }) => {
    await open(page, name, name === 'kmeans-pca' ? 'steps=400' : '');
    if (name === 'kmeans-pca') await page.getByTestId('draw').click();
    else await page.locator('[data-site]').first().focus();
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

test.describe('topk-is-power', () => {
  test('the latents active at the pointer own its cell; random points find no mismatch', async ({ page }) => {
    await open(page, 'topk-is-power', '', false);
    for (const by of ['value', 'magnitude', 'positive']) {
      await page.getByLabel('Ranked by', { exact: true }).selectOption(by);
      for (const k of ['1', '3']) {
        await page.locator('#k').fill(k);
        const before = Number((await page.getByTestId('tested').textContent())?.replaceAll(',', ''));
        await expect
          .poll(async () => Number((await page.getByTestId('tested').textContent())?.replaceAll(',', '')))
          .toBeGreaterThan(before + 300);
        await expect(page.getByTestId('mismatches')).toHaveText('0');
        if (by === 'value')
          await expect(page.getByTestId('active')).toHaveText(k === '1' ? /^\d+$/ : /^\d+, \d+, \d+$/);
      }
    }
    await page.getByTestId('testing').click();
    const stopped = await page.getByTestId('tested').textContent();
    await page.waitForTimeout(400);
    await expect(page.getByTestId('tested')).toHaveText(stopped ?? '');
  });

  test('a latent follows the mouse, Back returns; a common bias moves nothing ranked by value', async ({ page }) => {
    await open(page, 'topk-is-power');
    const latent = slider(page, 'Latent 3');
    const [before, told] = [await centre(latent), await described(page).getAttribute('aria-label')];
    await drag(page, before, 30, 18);
    const after = await centre(latent);
    expect(after.x - before.x).toBeCloseTo(30, 0);
    await expect(page).toHaveURL(/moved=2\*/);
    await page.goBack();
    await expect.poll(async () => (await centre(latent)).x).toBeCloseTo(before.x, 0);
    await page.mouse.move(0, 0);
    await expect(described(page)).toHaveAccessibleName(told ?? '');
    const cells = async (): Promise<string> =>
      /\d+ cells/.exec((await described(page).getAttribute('aria-label')) ?? '')?.[0] ?? '';
    const counted = await cells();
    await page.locator('#bias').fill('-1');
    await expect(page).toHaveURL(/bias=-1/);
    await page.waitForTimeout(900);
    expect(await cells()).toBe(counted);
    await page.getByLabel('Ranked by', { exact: true }).selectOption('positive');
    await expect.poll(cells).not.toBe(counted);
  });

  test('by keyboard: the probe and the latents', async ({ page }) => {
    await open(page, 'topk-is-power');
    const probe = slider(page, 'Probe');
    const told = await probe.getAttribute('aria-valuetext');
    expect(told).toMatch(/^At \(0\.420, 0\.300\): latents \d+, \d+ active, reconstructed at/);
    await probe.focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press('Shift+ArrowLeft');
    await expect(probe).not.toHaveAttribute('aria-valuetext', told ?? '');
    await slider(page, 'Latent 1').focus();
    await page.keyboard.press('ArrowUp');
    await expect(page).toHaveURL(/moved=0\*/);
    const handles = page.locator('[data-site]');
    await page.keyboard.press('Delete');
    await expect(handles).toHaveCount(11);
    await page.keyboard.press('Enter');
    await expect(handles).toHaveCount(12);
  });
});

test.describe('three-partitions', () => {
  test('a latent dragged in one panel moves in all', async ({ page }) => {
    await open(page, 'three-partitions');
    const names = ['ReLU', 'JumpReLU, θ = 0.25', 'TopK, K = 2'];
    const places = (): Promise<{ x: number; y: number }[]> =>
      Promise.all(names.map((name) => centre(slider(page, `Latent 4, ${name}`))));
    await slider(page, 'Latent 4, JumpReLU, θ = 0.25').scrollIntoViewIfNeeded();
    const before = await places();
    await drag(page, before[1] ?? { x: 0, y: 0 }, -20, 14);
    const after = await places();
    for (const [i, place] of after.entries()) {
      expect(place.x - (before[i]?.x ?? 0)).toBeCloseTo(-20, 0);
      expect(place.y - (before[i]?.y ?? 0)).toBeCloseTo(14, 0);
    }
    await expect(page).toHaveURL(/moved=3\*/);
  });

  test('the threshold moves JumpReLU alone, K moves TopK alone, and keys reach all', async ({ page }) => {
    await open(page, 'three-partitions');
    const counts = async (): Promise<string[]> =>
      [...((await described(page).getAttribute('aria-label')) ?? '').matchAll(/: (\d+) cells/g)].map(
        ([, n]) => n ?? '',
      );
    const before = await counts();
    expect(before).toHaveLength(3);
    await page.locator('#threshold').focus();
    for (let i = 0; i < 12; i++) await page.keyboard.press('ArrowLeft');
    await expect.poll(async () => (await counts())[1]).not.toBe(before[1]);
    const lower = await counts();
    expect([lower[0], lower[2]]).toEqual([before[0], before[2]]);
    await page.locator('#k').fill('1');
    await expect.poll(async () => (await counts())[2]).not.toBe(before[2]);
    expect((await counts()).slice(0, 2)).toEqual(lower.slice(0, 2));
    await slider(page, 'Latent 1, ReLU').focus();
    await page.keyboard.press('Shift+ArrowRight');
    await expect(page).toHaveURL(/moved=0\*/);
    await page.keyboard.press('End');
    await expect(page.locator('[data-site]:focus')).toHaveAttribute('aria-label', 'Latent 5, TopK, K = 1');
    await slider(page, 'Probe').focus();
    await page.keyboard.press('Shift+ArrowUp');
    await expect(page).toHaveURL(/x=0\.35\*/);
  });
});

test.describe('kmeans-pca', () => {
  const mse = async (page: Page): Promise<number> =>
    Number(/steps: MSE ([\d.e-]+)\./.exec((await described(page).getAttribute('aria-label')) ?? '')?.[1]);

  test('trains as one watches, past the means of its cells, and stays above local PCA of its own cells', async ({
    page,
  }) => {
    await open(page, 'kmeans-pca', '', false);
    await expect(page.getByTestId('where')).toHaveText(
      'The MSE of the SAE is between the means of its cells and local PCA of rank 1 in them',
    );
    await page.getByTestId('play').click();
    await expect(page.getByTestId('play')).toHaveText('Train');
    await expect(page).toHaveURL(/steps=\d+/);
    const bound = Number(await page.getByTestId('bound').textContent());
    await expect.poll(() => mse(page)).toBeGreaterThan(bound);
    const seen = await drawn(page);
    await page.waitForTimeout(300);
    expect(await drawn(page)).toBe(seen);
    // Clusters of k-means are other cells, and bound nothing.
    await page.locator('#cells').selectOption('kmeans');
    await page.locator('#variant').selectOption('top-3-hard');
    await expect(page.getByTestId('where')).toContainText('below local PCA of rank 1 in its clusters');
    await expect(page.getByRole('figure')).toContainText('they bound nothing');
  });

  test('steps by keyboard, and starts again', async ({ page }) => {
    await open(page, 'kmeans-pca');
    await expect(page.getByTestId('where')).toHaveText('The MSE of the SAE is above the means of its cells');
    await expect(page.getByTestId('play')).toHaveText('Train');
    await page.getByTestId('step').focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press('Enter');
    await expect(described(page)).toHaveAccessibleName(/after 30 steps/);
    await expect(page).toHaveURL(/steps=30/);
    await page.getByTestId('reset').click();
    await expect(described(page)).toHaveAccessibleName(/after 0 steps/);
  });

  test('points are drawn by mouse and by keyboard; Undo takes strokes back, Clear all', async ({ page }) => {
    await open(page, 'kmeans-pca');
    await page.getByTestId('clear').click();
    await expect(described(page)).toHaveAccessibleName('No points yet: draw some.');
    await expect(page.getByTestId('draw')).toHaveAttribute('aria-pressed', 'true');
    await drag(page, await onStage(page, 0.1, 0.2), 60, 20);
    await expect(described(page)).toHaveAccessibleName(/^[5-9] points\./);
    const stroke = await described(page).getAttribute('aria-label');
    const nib = slider(page, 'Pen: Enter adds a point');
    await nib.focus();
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Enter');
    await expect(described(page)).not.toHaveAccessibleName(stroke ?? '');
    await expect(page).toHaveURL(/generated=no&drawn=/);
    await page.getByTestId('undo').click();
    await expect(described(page)).toHaveAccessibleName(stroke ?? '');
    await page.getByTestId('undo').click();
    await expect(described(page)).toHaveAccessibleName('No points yet: draw some.');
    await page.getByTestId('undo').click();
    await expect(described(page)).toHaveAccessibleName(/^100 points\./);
  });
});

test.describe('lifting', () => {
  test('the plane, the turn and the tilt answer to the keyboard; the plane cuts on its way', async ({ page }) => {
    await open(page, 'lifting');
    const seen = await drawn(page);
    await page.locator('#turn').focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowRight');
    await expect(described(page)).toHaveAccessibleName(/seen from 28°/);
    expect(await drawn(page)).not.toBe(seen);
    await page.locator('#tilt').focus();
    await page.keyboard.press('End');
    await expect(described(page)).toHaveAccessibleName(/90° above/);
    await page.locator('#level').focus();
    for (let i = 0; i < 6; i++) await page.keyboard.press('ArrowRight');
    await expect(described(page)).toHaveAccessibleName(/height 0\.06/);
    const cells = await page.getByTestId('cells').textContent();
    await page.getByTestId('rise').click();
    await expect(described(page)).toHaveAccessibleName(/height 1\.00 /);
    await expect(page.getByTestId('cells')).not.toHaveText(cells ?? '');
    await slider(page, 'Site 2').focus();
    const height = Number(await page.getByTestId('height').textContent());
    await page.keyboard.press('-');
    await expect.poll(async () => Number(await page.getByTestId('height').textContent())).toBeGreaterThan(height);
  });

  test('a drag beside the sites turns, on a site moves it over the ground', async ({ page }) => {
    await open(page, 'lifting');
    await drag(page, await onStage(page, 0.04, 0.1), -40, 20);
    await expect(page).toHaveURL(/turn=44&tilt=38/);
    const site = slider(page, 'Site 5');
    await site.scrollIntoViewIfNeeded();
    const before = await centre(site);
    const dx = await inwards(page, before);
    await drag(page, before, dx, 0);
    const after = await centre(site);
    expect(after.x - before.x).toBeCloseTo(dx, 0);
    expect(after.y - before.y).toBeCloseTo(0, 0);
    await expect(page).toHaveURL(/moved=4\*/);
  });

  test('the plane rises by itself where motion is welcome', async ({ page }) => {
    await open(page, 'lifting', '', false);
    await page.getByTestId('rise').click();
    await page.waitForTimeout(700);
    const half = Number(await page.locator('#level').inputValue());
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(1);
    await expect(page).toHaveURL(/level=1$/);
  });

  test('three.js is loaded by this figure only', async ({ page }) => {
    const loaded: string[] = [];
    page.on('request', (request) => loaded.push(request.url()));
    await open(page, 'topk-is-power');
    await open(page, 'three-partitions');
    expect(loaded.filter((url) => url.includes('lifting-scene'))).toEqual([]);
    await open(page, 'lifting');
    expect(loaded.filter((url) => url.includes('lifting-scene'))).toHaveLength(1);
  });
});

test.describe('by touch', () => {
  test.use({ hasTouch: true });

  test('a finger drags a latent, a site over the ground, and draws points', async ({ page }) => {
    for (const [name, label] of [
      ['topk-is-power', 'Latent 2'],
      ['three-partitions', 'Latent 2, ReLU'],
      ['lifting', 'Site 3'],
    ] as const) {
      await open(page, name);
      const it = slider(page, label);
      await it.scrollIntoViewIfNeeded();
      const before = await centre(it);
      const dx = await inwards(page, before);
      await touchDrag(page, before, dx, 0);
      await expect.poll(async () => Math.round((await centre(it)).x - before.x)).toBe(dx);
      await expect(page).toHaveURL(/moved=/);
    }
    await open(page, 'kmeans-pca');
    await page.getByTestId('draw').click();
    await touchDrag(page, await onStage(page, 0.05, 0.2), 50, 10);
    await expect(page).toHaveURL(/drawn=/);
    await expect(described(page)).toHaveAccessibleName(/^10[3-9] points\./);
  });

  test('a finger beside the sites turns the lifting, and scrolls the page', async ({ page }) => {
    await open(page, 'lifting');
    await touchDrag(page, await onStage(page, 0.04, 0.1), 30, 0);
    await expect(page).toHaveURL(/turn=/);
    const action = await page.getByTestId('orbit').evaluate((element) => getComputedStyle(element).touchAction);
    expect(action).toContain('pan-y');
  });
});
