// Margins, a path, a local map and slices of SAEs of the size of MNIST and of a small language model, in Node, one thread.
// The models are trained for an epoch first, on generated digits (for the second, cut to 384 columns), so that their cells are those of
// encoders that have learned something.
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import * as splinterp from '../../pkg/splinterp.js';

const ROWS = 1000;
const ROUNDS = 5;

splinterp.initSync({ module: await readFile(new URL('../../pkg/splinterp_bg.wasm', import.meta.url)) });
const { Dataset, Trainer } = splinterp;

/** Rows of so many columns: digits, cut or repeated to that width. */
function rows(count, cols) {
  const digits = Dataset.digits(count, 1).normalised('mnist').values();
  const values = new Float32Array(count * cols);
  for (let row = 0; row < count; row += 1) {
    for (let col = 0; col < cols; col += 1) {
      // Every other pixel where there is no room for all.
      values[row * cols + col] = digits[row * 784 + (cols < 784 ? 2 * col : col)];
    }
  }
  return Dataset.fromRows(values, cols);
}

function median(run) {
  const times = [];
  for (let round = -1; round < ROUNDS; round += 1) {
    const start = performance.now();
    run();
    if (round >= 0) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}

const line = (what, time, target = '') =>
  console.log(`${what.padEnd(52)} ${`${time.toPrecision(3)} ms`.padStart(10)}  ${target}`);

console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; medians of ${ROUNDS}`);
for (const [dIn, dSae, k, target] of [
  [784, 256, 15, 'target ≤ 1000 ms'],
  [384, 1536, 32, 'target ≤ 5000 ms'],
]) {
  const data = rows(4000, dIn);
  const activation = { kind: 'topk', k, by: 'magnitude' };
  const trainer = await Trainer.create(data, data, { dSae, activation, method: 'sgd', tied: false, seed: 1 });
  await trainer.epoch();
  const sae = await trainer.sae();
  const values = data.values().slice(0, ROWS * dIn);
  const row = (at) => values.slice(at * dIn, (at + 1) * dIn);
  const size = `d_in ${dIn}, ${k} of ${dSae}`;
  line(
    `${size}: margins of ${ROWS} rows`,
    median(() => sae.margins(values)),
    target,
  );
  line(
    `${size}: margin of one row`,
    median(() => sae.margins(row(0))),
  );
  const { t } = sae.path(row(0), row(1));
  line(
    `${size}: a path with ${t.length} breakpoints`,
    median(() => sae.path(row(0), row(1))),
  );
  line(
    `${size}: a local map`,
    median(() => sae.localMap(row(0))),
  );
  const axes = [1, 2].map((at) => row(at).map((value, j) => value - values[j]));
  const slice = () => {
    const diagram = sae.slice(row(0), ...axes, [-1, -1, 2, 2]);
    const { cells } = diagram;
    diagram.free();
    return cells;
  };
  line(`${size}: a slice with ${slice()} cells`, median(slice));
}
