// Where an epoch and a solve spend their time, stage by stage, each beside its floor: its multiply-adds at the best rate
// that this CPU gives to wasm, or its bytes at the rate of a copy, whichever takes longer. One thread in Node.
//
//     node tests/bench/profile.mjs FOLDER [--runs mnist-pam,minilm-pam,minilm-recommended,solve-1536] [--epochs 3]
//
// FOLDER holds a module with its functions' names, as `./build.sh bench --profile` makes it.
import { existsSync, readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { peaks } from './profile/peaks.mjs';
import { SHARED, STAGES, stageOf } from './profile/stages.mjs';
import { RUNS, refitRows } from './train/runs.mjs';

const root = new URL('../../', import.meta.url);
const mnist = new URL('www/public/mnist/', root);
const minilm = process.env.MINILM ?? fileURLToPath(new URL('../shared/data/activations/minilm_l3.npy', root));

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: 'mnist-pam,minilm-pam,minilm-recommended,solve-1536' },
    epochs: { type: 'string', default: '3' },
  },
});
const folder = pathToFileURL(`${positionals[0] ?? ''}/`);
const splinterp = await import(new URL('splinterp.js', folder).href);
await splinterp.default({ module_or_path: readFileSync(new URL('splinterp_bg.wasm', folder)) });

/** Training and test rows, and how many numbers of a row are not skipped by the encoder, on average. */
function load(data) {
  if (data === 'mnist') {
    const files = ['train-images-idx3-ubyte.gz', 't10k-images-idx3-ubyte.gz'].map((name) => new URL(name, mnist));
    const [train, test] = files.map((file) =>
      splinterp.readTensors(readFileSync(file), fileURLToPath(file)).dataset().normalised('mnist'),
    );
    const pixels = gunzipSync(readFileSync(files[0])).subarray(16);
    return { train, test, dense: pixels.reduce((count, pixel) => count + (pixel === 0 ? 0 : 1), 0) / train.rows };
  }
  const [rows, others] = splinterp.readTensors(readFileSync(minilm), 'minilm.npy').dataset().split(0.9, 1);
  const train = rows.normalised('standardise');
  return { train, test: others.normalisedLike(train), dense: train.cols };
}

/** Seconds of each function in an epoch, the mean of so many. */
async function profiled(trainer, epochs) {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 500 });
  await session.post('Profiler.start');
  for (let epoch = 0; epoch < epochs; epoch += 1) await trainer.epoch();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
  // What many stages call counts for the one that called it.
  for (const { id, children = [] } of profile.nodes) {
    for (const child of children) if (SHARED.test(names.get(child))) names.set(child, names.get(id));
  }
  const seconds = new Map();
  profile.samples.forEach((id, at) => {
    const name = names.get(id);
    seconds.set(name, (seconds.get(name) ?? 0) + profile.timeDeltas[at] / 1e6 / epochs);
  });
  return seconds;
}

const rates = await peaks();
console.log(
  `Best rates: ${(rates.f32 / 1e9).toFixed(1)}e9 float32 and ${(rates.f64 / 1e9).toFixed(1)}e9 float64 multiply-adds, ` +
    `${(rates.bytes / 1e9).toFixed(1)}e9 bytes read and written, a second`,
);
for (const name of given.runs.split(',')) {
  const spec = RUNS[name];
  if (spec.data === 'minilm' && !existsSync(minilm)) continue;
  const { train: all, test, dense } = load(spec.data);
  const train = spec.mostRows < all.rows ? all.share(spec.mostRows / all.rows, 1) : all;
  const epochs = spec.kind === 'solve' ? 1 : Number(given.epochs);
  const options = { ...spec.options, threads: 1 };
  const chosen = spec.preset ? splinterp.Trainer.preset(options, spec.preset, train.rows, epochs + 1) : options;
  const trainer = await splinterp.Trainer.create(train, test, chosen);
  if (spec.kind === 'train') await trainer.epoch();
  const found = new Map(Object.keys(STAGES).map((stage) => [stage, 0]));
  for (const [fn, seconds] of await profiled(trainer, epochs)) {
    const stage = stageOf(fn);
    found.set(stage, found.get(stage) + seconds);
  }
  const { dSae, activation, batchSize, solvesPerEpoch } = trainer.options;
  // Before the first step the decoder is solved for once more. All solves but an epoch's last take some of the rows.
  const solves = spec.kind === 'solve' ? 2 : solvesPerEpoch;
  const statisticsRows = train.rows + (solves - 1) * refitRows(train.rows);
  const sizes = {
    ...{ rows: train.rows, statisticsRows, testRows: test.rows, solves },
    ...{ dIn: train.cols, dSae, k: activation.k, batchSize, dense },
  };
  const sum = [...found.values()].reduce((sum, seconds) => sum + seconds, 0);
  console.log(`\n${name}, ${sum.toFixed(2)} s\n\n| stage | seconds | share | floor |\n| --- | --- | --- | --- |`);
  for (const [stage, seconds] of [...found].sort(([, a], [, b]) => b - a)) {
    const floor = STAGES[stage].floor?.(sizes, rates);
    const shown = floor === undefined ? '' : floor.toFixed(3);
    console.log(`| ${stage} | ${seconds.toFixed(3)} | ${((100 * seconds) / sum).toFixed(1)} % | ${shown} |`);
  }
  trainer.free();
}
process.exit(0);
