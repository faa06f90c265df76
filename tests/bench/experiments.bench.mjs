// The paper's experiment 2 in a headless Chromium, on MNIST as it lies beside the page: every figure by its one click, to
// its end. Leaves each figure as CSV in docs/results/experiment-2/browser/ and as SVG and PNG in docs/experiment-2/, and
// prints how long it took and what the page's own thread did meanwhile. `./build.sh` comes first.
//
//     node tests/bench/experiments.bench.mjs [topk|relu] [figure …]
import { mkdir } from 'node:fs/promises';
import { withBrowser } from './browser.mjs';

const [activation = 'topk', ...named] = process.argv.slice(2);
const figures = named.length > 0 ? named : ['updates', 'decay', 'proximal', 'share'];
const tables = new URL('../../docs/results/experiment-2/browser/', import.meta.url);
const pictures = new URL('../../docs/experiment-2/', import.meta.url);
await mkdir(tables, { recursive: true });
await mkdir(pictures, { recursive: true });

/** Half an hour for one figure, on a machine that does other work besides. */
const LONGEST_MS = 3_600_000;

await withBrowser({}, async (page, origin) => {
  page.setDefaultTimeout(60_000);
  // Nothing but the experiment is to be trained.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.addInitScript(() => {
    globalThis.longTasks = [];
    const note = (list) => globalThis.longTasks.push(...list.getEntries().map((entry) => entry.duration));
    new PerformanceObserver(note).observe({ type: 'longtask' });
  });
  await page.goto(`${origin}dist/index.html#runs=sgd-tied&figure-activation=${activation}`);
  await page.getByTestId('time-left').filter({ hasText: 'Ready' }).waitFor();
  await page.getByText('MNIST is still loading').waitFor({ state: 'detached' });
  for (const figure of figures) {
    await page.evaluate(() => globalThis.longTasks.splice(0));
    const begun = Date.now();
    await page.getByTestId(`figure-${figure}`).click();
    await page.getByTestId('experiment-cancel').waitFor();
    await page.getByTestId('experiment-cancel').waitFor({ state: 'detached', timeout: LONGEST_MS });
    const seconds = (Date.now() - begun) / 1000;
    const tasks = await page.evaluate(() => globalThis.longTasks.splice(0));
    const longest = Math.max(0, ...tasks).toFixed(0);
    console.log(`${figure} (${activation}): ${seconds.toFixed(0)} s; ${tasks.length} tasks over 50 ms, longest ${longest} ms`);
    for (const [what, folder] of [
      ['csv', tables],
      ['svg', pictures],
      ['png', pictures],
    ]) {
      const wait = page.waitForEvent('download');
      await page.getByTestId(`experiment-${what}`).click();
      await (await wait).saveAs(new URL(`${figure}-${activation}.${what}`, folder).pathname);
    }
    console.log(`    ${await page.getByTestId('experiment-findings').textContent()}`);
  }
});
