// The npm package in Node, made from its bytes as a server or a notebook would.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';

const folder = new URL('../../pkg/', import.meta.url);
const splinterp = await import(new URL('splinterp.js', folder).href);
splinterp.initSync({ module: await readFile(new URL('splinterp_bg.wasm', folder)) });
const { Dataset, Sae, Trainer, decoderStep, readTensors } = splinterp;

test('the names of the public interface are there', () => {
  const names = ['initSync', 'readTensors', 'Dataset', 'Trainer', 'Sae', 'decoderStep'];
  const missing = names.filter((name) => typeof splinterp[name] !== 'function');
  assert.deepEqual(missing, []);
  assert.equal(typeof splinterp.default, 'function', 'init is the default export');
});

test('digits follow from their seed', () => {
  const [once, again, other] = [7, 7, 8].map((seed) => Dataset.digits(20, seed).values());
  assert.equal(once.length, 20 * 784);
  assert.deepEqual(once, again);
  assert.notDeepEqual(once, other);
});

/** An IDX file of bytes: two zeros, the type, the number of dimensions, each dimension, the values. */
function idx(shape, values) {
  const dimensions = shape.flatMap((size) => [size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255]);
  return Uint8Array.of(0, 0, 8, shape.length, ...dimensions, ...values);
}

test('an IDX file, gzipped or not, reads to its rows', () => {
  const bytes = idx([2, 1, 3], [1, 2, 3, 4, 5, 255]);
  for (const [content, name] of [
    [bytes, 'three-idx3-ubyte'],
    [gzipSync(bytes), 'three-idx3-ubyte.gz'],
  ]) {
    const file = readTensors(content, name);
    assert.deepEqual(
      file.tensors.map(({ dtype, shape }) => ({ dtype, shape })),
      [{ dtype: 'u8', shape: [2, 1, 3] }],
    );
    const rows = file.dataset();
    assert.deepEqual([rows.rows, rows.cols], [2, 3]);
    assert.deepEqual([...rows.values()], [1, 2, 3, 4, 5, 255]);
  }
});

/** Asserts that an error is a sentence with a code that mentions `mentions`. */
function isClear(mentions) {
  return (error) => {
    assert.ok(error instanceof Error && !(error instanceof WebAssembly.RuntimeError), String(error));
    assert.match(error.message, mentions);
    assert.match(error.code, /^[a-z-]+$/);
    return true;
  };
}

test('a broken IDX file is named in one clear error', () => {
  const whole = idx([2, 1, 3], [1, 2, 3, 4, 5, 6]);
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => readTensors(whole.slice(0, length), 'cut.idx'), isClear(/cut\.idx/), `first ${length} bytes`);
  }
  const huge = idx([0xffffffff, 0xffffffff, 0xffffffff], []);
  assert.throws(() => readTensors(huge, 'huge.idx'), isClear(/huge\.idx/));
});

const options = { dSae: 32, activation: { kind: 'topk', k: 4, by: 'magnitude' }, method: 'pam', seed: 3 };
const [train, held] = Dataset.digits(600, 1).normalised('mnist').split(0.8, 2);

async function epochs(trainer, number) {
  const reports = [];
  for (let epoch = 0; epoch < number; epoch++) reports.push(await trainer.epoch());
  return reports;
}

for (const method of ['sgd', 'pam']) {
  test(`${method}: the test error falls, and a checkpoint goes on bit for bit`, async () => {
    const trainer = await Trainer.create(train, held, { ...options, method });
    const [first, second] = await epochs(trainer, 2);
    assert.ok(second.testMse < first.testMse, `${first.testMse} then ${second.testMse}`);
    const bytes = await trainer.checkpoint();
    const resumed = await Trainer.resume(bytes, train, held);
    await epochs(trainer, 1);
    await epochs(resumed, 1);
    assert.deepEqual((await resumed.sae()).parameters(), (await trainer.sae()).parameters());
  });
}

test('a cancelled epoch rejects with its code, and the run stands where it was', async () => {
  const trainer = await Trainer.create(train, held, options);
  await epochs(trainer, 1);
  const before = (await trainer.sae()).parameters();
  let heard = 0;
  const onProgress = () => {
    heard += 1;
    trainer.cancel();
  };
  await assert.rejects(trainer.epoch(onProgress), { code: 'cancelled' });
  assert.ok(heard > 0);
  assert.deepEqual((await trainer.sae()).parameters(), before);
  assert.equal((await trainer.epoch()).epoch, 2);
});

for (const [change, mentions] of [
  [{ activation: { kind: 'topk', k: 33, by: 'value' } }, /\bk\b.*33/],
  [{ activation: { kind: 'softmax' } }, /activation/],
  [{ batchSize: 0 }, /batchSize/],
  [{ lr: NaN }, /lr/],
  [{ dSae: 0 }, /dSae/],
  [{ seed: -1 }, /seed/],
]) {
  test(`${inspect(change, { breakLength: Infinity })} is refused by name`, async () => {
    await assert.rejects(Trainer.create(train, held, { ...options, ...change }), isClear(mentions));
  });
}

test('a model of known parameters encodes and decodes as computed by hand', () => {
  // pre = x W_enc + b_enc = [1·1 + 2·0, 1·0 − 2·3 + 1] = [1, −5]; magnitude keeps −5; x̂ = −5 · [2, 4] + [1, 0].
  const parts = {
    W_enc: Float32Array.of(1, 0, 0, -3),
    b_enc: Float32Array.of(0, 1),
    W_dec: Float32Array.of(7, 7, 2, 4),
    b_dec: Float32Array.of(1, 0),
    activation: { kind: 'topk', k: 1, by: 'magnitude' },
  };
  const sae = Sae.fromParts(parts, 2, 2);
  const rows = Float32Array.of(1, 2);
  assert.deepEqual([...sae.encode(rows)], [0, -5]);
  assert.deepEqual([...sae.decode(Float32Array.of(0, -5))], [-9, -20]);
  assert.deepEqual([...sae.forward(rows)], [-9, -20]);
  assert.throws(() => sae.encode(Float32Array.of(1, 2, 3)), isClear(/3/));
});

test('the decoder step finds the line through its points', () => {
  // X = 2 Z + 1 exactly, nothing penalised.
  const found = decoderStep({
    Z: Float64Array.of(0, 1, 3),
    X: Float64Array.of(1, 3, 7),
    W_dec0: Float64Array.of(0),
    b_dec0: Float64Array.of(0),
    ...{ n: 3, dSae: 1, dIn: 1, alpha: 0, beta: 0, muDec: 0, nuDec: 0 },
  });
  const rounding = 1e-12; // a 2×2 system of small whole numbers
  assert.ok(Math.abs(found.W_dec[0] - 2) < rounding && Math.abs(found.b_dec[0] - 1) < rounding, String(found.W_dec));
  assert.ok(found.objective < rounding);
});
