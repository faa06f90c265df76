// Tasks of the page's own thread while the lab opens, is scrolled through and trains, and while the article is read: none
// should take over 50 ms, or the page stutters. Seconds of the processor, and beside them of the clock, which other work on the machine lengthens.
import { withBrowser } from './browser.mjs';

const EPOCHS = 8;
const LONG_MS = 50;
/** Part of the page that is scrolled at a time, and the pause after it. */
const SCROLL = { pixels: 500, pauseMs: 300 };

/** Tasks of the page's thread from a trace: the thread that did most is the page's, the others belong to empty pages. */
function tasksOf({ traceEvents }) {
  const thread = ({ pid, tid }) => `${pid}/${tid}`;
  const pages = new Set(
    traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(thread),
  );
  const tasks = traceEvents.filter((event) => event.ph === 'X' && event.name.endsWith('RunTask'));
  const ofPages = [...pages].map((page) => tasks.filter((task) => thread(task) === page));
  return ofPages.sort((a, b) => b.length - a.length)[0] ?? [];
}

await withBrowser({}, async (page, origin) => {
  const browser = page.context().browser();
  const measured = async (what, work) => {
    await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] });
    const begun = Date.now();
    await work();
    const seconds = (Date.now() - begun) / 1000;
    const tasks = tasksOf(JSON.parse(await browser.stopTracing()));
    const of = (kind) => {
      const times = tasks.map((task) => (task[kind] ?? 0) / 1000);
      const long = times.filter((ms) => ms > LONG_MS).length;
      return `${long} over ${LONG_MS} ms, the longest ${Math.max(0, ...times).toFixed(0)} ms`;
    };
    console.log(
      `${what.padEnd(32)} ${seconds.toFixed(1).padStart(5)} s; processor: ${of('tdur')}; clock: ${of('dur')}`,
    );
  };
  const reach = async (epoch) => {
    while (Number(await page.getByTestId('epoch').textContent()) < epoch) await page.waitForTimeout(20);
  };
  await measured('opening and the first epoch', async () => {
    await page.goto(`${origin}dist/index.html#epochs=1000`);
    await reach(1);
  });
  const scroll = () =>
    page.evaluate(async ({ pixels, pauseMs }) => {
      for (let y = 0; y < document.documentElement.scrollHeight; y += pixels) {
        globalThis.scrollTo(0, y);
        await new Promise((resolve) => globalThis.setTimeout(resolve, pauseMs));
      }
    }, SCROLL);
  await measured('scrolling through all panels', scroll);
  const now = Number(await page.getByTestId('epoch').textContent());
  await measured(`${EPOCHS} epochs of all runs`, () => reach(now + EPOCHS));
  await measured('opening the article', async () => {
    await page.goto(`${origin}dist/article.html`);
    const paint = await page.waitForFunction(
      () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    );
    console.log(`first paint of the article after ${(await paint.jsonValue()).toFixed(0)} ms`);
  });
  await measured('reading it to the end', scroll);
});
