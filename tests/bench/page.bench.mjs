// Tasks of the page's own thread while the lab opens and trains: none should take over 50 ms, or the page stutters.
// Wall time, so that other work on the machine lengthens them.
import { withBrowser } from './browser.mjs';

const EPOCHS = 8;

await withBrowser({}, async (page, origin) => {
  await page.addInitScript(() => {
    globalThis.longTasks = [];
    const note = (list) => globalThis.longTasks.push(...list.getEntries().map((entry) => entry.duration));
    new PerformanceObserver(note).observe({ type: 'longtask' });
  });
  await page.goto(`${origin}dist/index.html#epochs=1000`);
  const reach = async (epoch) => {
    while (Number(await page.getByTestId('epoch').textContent()) < epoch) await page.waitForTimeout(200);
  };
  const row = async (what) => {
    const tasks = await page.evaluate(() => globalThis.longTasks.splice(0));
    const longest = tasks.length ? `, the longest ${Math.max(...tasks).toFixed(0)} ms` : '';
    console.log(`${what.padEnd(34)} ${tasks.length} tasks over 50 ms${longest}`);
  };
  await reach(1);
  await row('opening and the first epoch');
  await reach(1 + EPOCHS);
  await row(`${EPOCHS} epochs of both runs`);
});
