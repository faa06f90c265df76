// The explorer while its plane turns: slices that reach the page in a second, how long the worker takes for one, and
// frames of the page; and how long a large dictionary takes to show another plane. Wall time, so that other work on the
// machine lengthens it: `chrt -r 1 node tests/bench/explorer.bench.mjs` goes before it, where one may.
import { withBrowser } from './browser.mjs';

/** Seconds of turning. */
const SECONDS = 4;
const WIDTH = { width: 1280, height: 900 };

const pages = [
  ['MNIST, TopK 15 of 256, two runs', 'explorer.html#runs=sgd-untied,pam-recommended&share=5&epochs=1', 'target ≥ 60'],
  ['MNIST, one run', 'explorer.html#runs=sgd-untied&share=5&epochs=1&explored=sgd-untied', 'target ≥ 60'],
  [
    'sample activations, TopK 32 of 1536',
    'explorer.html#data=sample&method=sgd&latents=1536&k=32&epochs=2',
    'target ≥ 15',
  ],
];

/** Trains what an address names, and waits until its cells are shown. */
async function train(page, origin, path) {
  await page.setViewportSize(WIDTH);
  await page.goto(`${origin}dist/${path}`);
  await page.getByTestId('time-left').getByText('Done').waitFor({ timeout: 600_000 });
  await page.getByTestId('plane').first().scrollIntoViewIfNeeded();
  await page.getByTestId('cells').getByText('cells').first().waitFor({ timeout: 60_000 });
  await page.waitForTimeout(3000);
}

for (const [what, path, target] of pages) {
  await withBrowser({}, async (page, origin) => {
    await train(page, origin, path);
    const found = await page.evaluate(turn, SECONDS);
    const each = found.milliseconds.sort((a, b) => a - b)[found.milliseconds.length >> 1] ?? NaN;
    console.log(
      `${what}: ${(found.slices / found.views / SECONDS).toFixed(1)} slices a second in each of ${found.views} views ` +
        `(${target}), of ${found.cells} cells, ${each.toFixed(1)} ms in the worker; ` +
        `${(found.frames / SECONDS).toFixed(0)} frames a second`,
    );
  });
}

await withBrowser({}, async (page, origin) => {
  await train(page, origin, 'explorer.html#data=sample&method=sgd&latents=16384&k=64&epochs=1');
  const { shown, complete, worker, cells } = await page.evaluate(openPlane);
  console.log(
    `sample activations, TopK 64 of 16384 (32768 signed sites): another plane of ${cells} cells drawn after ` +
      `${shown.toFixed(0)} ms (target ≤ 2000), ${worker.toFixed(0)} ms of them in the worker; with its jumps after ` +
      `${complete.toFixed(0)} ms`,
  );
});

/** In the page: lays the plane through other rows; milliseconds until it is drawn, first without jumps, then with. */
async function openPlane() {
  const find = (root) => {
    const inner = [...root.querySelectorAll('*')].flatMap((each) => (each.shadowRoot ? [find(each.shadowRoot)] : []));
    return root.querySelector('explorer-view') ?? inner.find((each) => each !== null) ?? null;
  };
  const { explorer, model } = find(document);
  const before = explorer.shown(model).slice;
  const start = performance.now();
  const drawn = async (fits) => {
    while (!fits(explorer.shown(model).slice)) {
      await new Promise((resolve) => explorer.addEventListener('slice', resolve, { once: true }));
    }
    // Its frame, and the one after it, which begins when that is painted.
    for (let i = 0; i < 2; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
    return performance.now() - start;
  };
  explorer.setPlane({ picks: [3, 14, 15] });
  const shown = await drawn((slice) => slice !== before);
  const { milliseconds } = explorer.shown(model).slice;
  const complete = await drawn((slice) => slice.jumps.length > 0);
  return { shown, complete, worker: milliseconds, cells: explorer.shown(model).slice.diagram.cells };
}

/** In the page: turns the plane at every frame, and counts. */
async function turn(seconds) {
  const all = (root, name) => {
    const own = [...root.querySelectorAll(name)];
    const inner = [...root.querySelectorAll('*')].flatMap((each) =>
      each.shadowRoot ? all(each.shadowRoot, name) : [],
    );
    return [...own, ...inner];
  };
  const views = all(document, 'explorer-view');
  const { explorer } = views[0];
  const seen = new Map(views.map(({ model }) => [model, explorer.shown(model).slice]));
  const found = { slices: 0, frames: 0, views: views.length, cells: [], milliseconds: [] };
  explorer.addEventListener('slice', () => {
    for (const [name, before] of seen) {
      const { slice } = explorer.shown(name);
      if (slice === before) continue;
      seen.set(name, slice);
      found.slices++;
      found.milliseconds.push(slice.milliseconds);
    }
  });
  const end = performance.now() + 1000 * seconds;
  let angle = 0;
  while (performance.now() < end) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    found.frames++;
    angle += 0.3;
    views[0].turnTo({ turn: angle, tilt: 0 });
  }
  found.cells = [...seen.values()].map((slice) => slice?.diagram.cells).join(' and ');
  return found;
}
