// Tasks of the page's own thread while a list of 4 096 features is scrolled, searched and walked through by key: none
// should take over 50 ms. Wall time, so that other work on the machine lengthens them.
import { withBrowser } from './browser.mjs';

const LATENTS = 4096;

await withBrowser({}, async (page, origin) => {
  await page.addInitScript(() => {
    globalThis.longTasks = [];
    const note = (list) => globalThis.longTasks.push(...list.getEntries().map((entry) => entry.duration));
    new PerformanceObserver(note).observe({ type: 'longtask' });
  });
  const row = async (what) => {
    await page.waitForTimeout(300);
    const tasks = await page.evaluate(() => globalThis.longTasks.splice(0));
    const longest = tasks.length ? `, the longest ${Math.max(...tasks).toFixed(0)} ms` : '';
    console.log(`${what.padEnd(42)} ${tasks.length} tasks over 50 ms${longest}`);
  };
  await page.goto(`${origin}dist/activations.html#method=sgd&latents=${LATENTS}&epochs=1&show=all`);
  const list = page.getByTestId('features');
  await list.waitFor();
  await row(`opening, training and measuring ${LATENTS}`);
  await list.evaluate(async (box) => {
    while (box.scrollTop + box.clientHeight < box.scrollHeight - 1) {
      box.scrollTop += 600;
      await new Promise(requestAnimationFrame);
    }
  });
  await row('scrolling to the end, 600 px a frame');
  await list.focus();
  for (let i = 0; i < 30; i += 1) await page.keyboard.press('PageUp');
  await row('30 pages up by key');
  for (const text of ['puppy', '', 'night', '']) {
    await page.getByRole('searchbox').fill(text);
    await page.waitForTimeout(300);
  }
  await row('searching four times');
});
