// Seconds of a whole PAM-SGD epoch on MNIST (TopK 15 of 256, batch 128, all 60 000 rows, decoder and evaluation
// included) in Chromium on one thread, beside PyTorch on one thread of the CPU in the same run.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { spread, withBrowser } from './browser.mjs';

const WARM_UP = 1;
const EPOCHS = 7;
const folders = ['../../www/public/mnist/', '../../../shared/data/mnist/'].map(
  (path) => new URL(path, import.meta.url),
);
const folder = folders.find((path) => existsSync(new URL('train-images-idx3-ubyte.gz', path)));
if (!folder) {
  console.log('MNIST is not here: ./build.sh bench --mnist DIR|download');
  process.exit(0);
}

/** Alternates epochs of both sides, so that a machine that speeds up or slows down does so for both. */
async function measure(ours, theirs) {
  const times = { ours: [], theirs: [] };
  let last = {};
  for (let epoch = 0; epoch < WARM_UP + EPOCHS; epoch += 1) {
    last = { ours: await ours(), theirs: theirs ? await theirs() : undefined };
    if (epoch >= WARM_UP) {
      times.ours.push(last.ours.seconds);
      times.theirs.push(last.theirs?.seconds);
    }
  }
  return { times, last };
}

/** A PyTorch process that trains one epoch for each line that it is sent. */
function torch(python) {
  const script = fileURLToPath(new URL('torch_epoch.py', import.meta.url));
  const child = spawn(python, [script, fileURLToPath(folder)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const epoch = async () => {
    child.stdin.write('epoch\n');
    return JSON.parse((await lines.next()).value);
  };
  return { epoch, end: () => child.stdin.end() };
}

const names = ['train-images-idx3-ubyte.gz', 't10k-images-idx3-ubyte.gz'];
const files = Object.fromEntries(
  await Promise.all(names.map(async (name) => [`/mnist/${name}`, await readFile(new URL(name, folder))])),
);

await withBrowser(files, async (page) => {
  await page.evaluate(async (names) => {
    const splinterp = await import('/pkg/splinterp.js');
    await splinterp.default();
    const [train, test] = await Promise.all(
      names.map(async (name) => {
        const bytes = new Uint8Array(await (await fetch(`/mnist/${name}`)).arrayBuffer());
        return splinterp.readTensors(bytes, name).dataset().normalised('mnist');
      }),
    );
    const activation = { kind: 'topk', k: 15, by: 'magnitude' };
    globalThis.trainer = await splinterp.Trainer.create(train, test, {
      dSae: 256,
      activation,
      method: 'pam',
      seed: 1,
      backend: 'cpu',
    });
  }, names);
  const python = process.env.TORCH_PYTHON;
  const peer = python ? torch(python) : undefined;
  const ours = () => page.evaluate(() => globalThis.trainer.epoch());
  const { times, last } = await measure(ours, peer?.epoch);
  peer?.end();
  const row = (name, seconds, mse) => {
    const { median, min, max } = spread(seconds);
    const range = `${min.toFixed(3)}–${max.toFixed(3)}`;
    console.log(`${name.padEnd(34)} ${median.toFixed(3)} s an epoch (${range}), test MSE ${mse.toFixed(4)}`);
    return median;
  };
  const mine = row('wasm in Chromium, one thread', times.ours, last.ours.testMse);
  if (peer) {
    const theirs = row(`PyTorch ${last.theirs.version}, one thread`, times.theirs, last.theirs.testMse);
    console.log(`ratio PyTorch / wasm ${(theirs / mine).toFixed(2)}, of ${EPOCHS} epochs each, in turn`);
  } else {
    console.log('PyTorch beside it: ./build.sh bench --torch');
  }
});
