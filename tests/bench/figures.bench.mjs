// Script time of a drag in the figures: from a move of the mouse to the end of drawing.
import { withBrowser } from './browser.mjs';

/** Moves of the mouse in a drag, each of which waits for the picture. */
const MOVES = 40;

const cases = [
  ['voronoi-to-power', 'points=1000', '1 000 points, Voronoi'],
  ['order-k', 'order=1&sites=1000', '1 000 sites at order 1'],
  ['order-k', 'order=3&sites=100', '100 sites at order 3'],
  ['order-k', 'order=1&sites=10000', '10 000 sites at order 1'],
  ['order-k', 'order=10&sites=400', '400 sites at order 10'],
];

await withBrowser({}, async (page, origin) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const [name, hash, label] of cases) {
    await page.goto('about:blank');
    await page.goto(`${origin}dist/figure.html?name=${name}#${hash}`);
    await page.getByRole('img').and(page.locator(':not([aria-label*="not drawn yet"])')).waitFor();
    await page.getByTestId('coarse').waitFor({ state: 'hidden' });
    const site = page.locator('[data-site]').first();
    await site.scrollIntoViewIfNeeded();
    const box = await site.boundingBox();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    for (let i = 0; i < MOVES; i++) await page.mouse.move(x + 40 * Math.sin(i / 8), y + 30 * Math.sin(i / 5));
    await page.mouse.up();
    const times = await page.evaluate(() =>
      performance.getEntriesByName('splinterp:drag').map(({ duration }) => duration),
    );
    times.sort((a, b) => a - b);
    const at = (share) => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(2);
    console.log(
      `${name}, ${label}`.padEnd(44),
      `median ${at(0.5)} ms, 90 % ${at(0.9)} ms, of ${times.length} drag events`,
    );
  }
});
