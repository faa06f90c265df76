// The GPU engine beside @jax-js/jax, TensorFlow.js and onnxruntime-web: the encoder's product with its bias, and a
// training step, in headless Chromium, on one adapter. Libraries take turns; the middle of all rounds is shown, until
// the device is done and with the result read back. Only where there is no other adapter is it the software's.
// On a software adapter the second problem takes TensorFlow.js minutes a product: GPU_ROUNDS, GPU_PROBLEMS (say 0) and
// GPU_LIBRARIES (say splinterp,jax,onnx) cut it short.
import { spread, withBrowser } from './browser.mjs';

const rounds = Number(process.env.GPU_ROUNDS ?? 7);
const chosen = (process.env.GPU_PROBLEMS ?? '0,1').split(',').map(Number);
const libraries = (process.env.GPU_LIBRARIES ?? 'splinterp,jax,tfjs,onnx').split(',');
const flags = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];
const folder = '/tests/bench/gpu';

const milliseconds = (value) => `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`;

function print(title, results) {
  console.log(`\n${title}`);
  for (const { name, failure, wait, read } of results) {
    const line = failure
      ? `cannot: ${failure}`
      : `${milliseconds(spread(wait).median).padStart(9)} done, ${milliseconds(spread(read).median).padStart(9)} read back`;
    console.log(`  ${name.padEnd(20)} ${line}`);
  }
  const [ours, ...peers] = results.filter(({ failure }) => !failure);
  for (const how of ['wait', 'read']) {
    const best = peers.sort((a, b) => spread(a[how]).median - spread(b[how]).median)[0];
    if (!best) continue;
    const ratio = spread(best[how]).median / spread(ours[how]).median;
    console.log(`  ${how === 'wait' ? 'done' : 'read back'}: ${best.name} takes ${ratio.toFixed(2)} times as long as ${ours.name}`);
  }
}

await withBrowser(
  {},
  async (page) => {
    console.log(`adapter: ${await page.evaluate(describeAdapter)}`);
    for (const index of chosen) {
      for (const kind of ['encoder', 'step']) {
        const { title, results } = await page.evaluate(race, { folder, index, kind, rounds, libraries });
        print(title, results);
      }
    }
  },
  flags,
);

async function describeAdapter() {
  const adapter = await navigator.gpu?.requestAdapter();
  const { vendor, architecture, device, description } = adapter?.info ?? {};
  return [vendor, architecture, device, description].filter(Boolean).join(', ') || 'none';
}

/** Runs in the page. */
async function race({ folder, index, kind, rounds, libraries }) {
  const { problems, rowsOf, tensors, error } = await import(`${folder}/problems.js`);
  const problem = { ...problems[index], rows: rowsOf[kind] };
  const data = tensors(problem);
  const { rows, dIn, dSae, k } = problem;
  const title =
    kind === 'encoder'
      ? `[${rows}, ${dIn}] · [${dIn}, ${dSae}] + bias`
      : `training step: ${rows} rows of ${dIn}, TopK ${k} of ${dSae}`;
  const results = [];
  for (const file of libraries) {
    const library = await import(`${folder}/${file}.js`);
    if (!library[kind]) continue;
    const result = { name: library.name, wait: [], read: [] };
    results.push(result);
    try {
      globalThis.started ??= {};
      await (globalThis.started[file] ??= library.start());
      result.run = await library[kind](problem, data);
      const first = await result.run.read();
      await result.run.wait();
      if (kind === 'encoder' && file !== 'splinterp') {
        const { reference } = await import(`${folder}/splinterp.js`);
        const off = error(first, reference(problem, data));
        if (!(off < 1e-4)) throw new Error(`its result is off by ${off.toExponential(1)}`);
      }
      if (kind === 'step') result.loss = first[0];
    } catch (failure) {
      result.failure = String(failure?.message ?? failure).slice(0, 200);
    }
  }
  const losses = results.map(({ loss }) => loss).filter((loss) => loss !== undefined);
  if (losses.some((loss) => !(Math.abs(loss / losses[0] - 1) < 1e-3))) throw new Error(`losses differ: ${losses}`);
  for (let round = 0; round < rounds; round += 1) {
    for (const result of results.filter(({ failure }) => !failure)) {
      for (const how of ['wait', 'read']) {
        const start = performance.now();
        const own = await result.run[how]();
        result[how].push(typeof own === 'number' ? own : performance.now() - start);
      }
    }
  }
  for (const { run } of results) await run?.free();
  return { title, results: results.map(({ name, failure, wait, read }) => ({ name, failure, wait, read })) };
}
