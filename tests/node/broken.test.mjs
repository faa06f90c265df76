// A panic or a trap in the midst of work: its promise rejects, and from then on the module says that it is broken.
// Each test has a module of its own to break.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const folder = new URL('../../pkg/', import.meta.url);
const bytes = await readFile(new URL('splinterp_bg.wasm', folder));
const activation = { kind: 'topk', k: 2, by: 'magnitude' };
const options = { dSae: 16, activation, method: 'sgd', seed: 1 };

/** A module by itself, with what its memory is. */
async function load(name) {
  const module = await import(new URL(`core.js?${name}`, folder).href);
  const { memory } = module.initSync({ module: bytes });
  return { ...module, memory };
}

/** Rejects where a promise stays pending. */
function settled(promise) {
  const late = new Promise((_, reject) => setTimeout(reject, 10_000, new Error('the promise stays pending')).unref());
  return Promise.race([promise, late]);
}

/** Runs a function while the clock that the crate asks is missing, over which it panics. */
async function withoutClock(run) {
  const clock = Object.getOwnPropertyDescriptor(globalThis, 'performance');
  delete globalThis.performance;
  try {
    return await run();
  } finally {
    Object.defineProperty(globalThis, 'performance', clock);
  }
}

test('after a panic the epoch rejects with its message, and every later call throws it', async () => {
  const { Dataset, Trainer, Sae, powerDiagram, kmeans } = await load('panic');
  const rows = Dataset.digits(50, 1).normalised('mnist');
  const trainer = await Trainer.create(rows, rows, options);
  const other = await Trainer.create(rows, rows, options);
  const partition = powerDiagram(Float64Array.of(0, 0), Float64Array.of(0), 1, [-1, -1, 1, 1]);
  const broken = { code: 'broken', message: /internal error.*Performance.*not found/s };

  const epoch = withoutClock(() => settled(trainer.epoch()));
  // Work that the panic interrupts: its promise must not stay pending either.
  const meanwhile = settled(other.epoch());
  await assert.rejects(epoch, broken);
  await assert.rejects(meanwhile, broken);

  await assert.rejects(settled(trainer.epoch()), broken);
  await assert.rejects(settled(trainer.sae()), broken);
  assert.throws(() => trainer.backend, broken);
  assert.throws(() => trainer.free(), broken);
  assert.throws(() => rows.values(), broken);
  assert.throws(() => rows.rows, broken);
  assert.throws(() => partition.area(0), broken);
  assert.throws(() => partition.cells, broken);
  assert.throws(() => Dataset.digits(1, 1), broken);
  assert.throws(() => kmeans([0, 0], 2, [0, 0], 1), broken);
  assert.throws(() => Sae.read([]), broken);
  await assert.rejects(settled(Trainer.create(rows, rows, options)), broken);
});

test('where memory ends in the midst of work, its promise rejects', async () => {
  const { Dataset, Features, Sae, memory } = await load('memory');
  const [dIn, dSae] = [1, 1 << 16];
  const parts = {
    W_enc: new Float32Array(dSae).fill(1),
    b_enc: new Float32Array(dSae),
    W_dec: new Float32Array(dSae),
    b_dec: new Float32Array(dIn),
    activation: { kind: 'relu' },
  };
  const sae = Sae.fromParts(parts, dIn, dSae);
  const data = Dataset.fromRows(Float32Array.of(1), dIn);
  // The statistics of so many latents take several MiB; only one can still be had.
  memory.grow(65_536 - 16 - memory.buffer.byteLength / 65_536);
  const broken = { code: 'broken', message: /internal error/ };
  await assert.rejects(settled(Features.measure(sae, data)), broken);
  assert.throws(() => Dataset.digits(1, 1), broken);
});
