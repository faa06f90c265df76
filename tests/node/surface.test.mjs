// What holds for the whole surface: options by name, thresholds, callbacks that throw, cancelling, and free().
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const folder = new URL('../../pkg/', import.meta.url);
const splinterp = await import(new URL('splinterp.js', folder).href);
splinterp.initSync({ module: await readFile(new URL('splinterp_bg.wasm', folder)) });
const { Dataset, Experiments, Features, Sae, ToySae, Trainer, openTensors, readTensors } = splinterp;

const activation = { kind: 'topk', k: 3, by: 'magnitude' };
const options = { dSae: 16, activation, method: 'sgd', tied: false, seed: 1 };
const rows = Dataset.digits(400, 1).normalised('mnist');

test('options that do not exist are refused by their names', async () => {
  const unknown = (name) => ({ code: 'option', message: new RegExp(`unknown field \`${name}\``) });
  const sae = await (await Trainer.create(rows, rows, options)).sae();
  const csv = new TextEncoder().encode('1,2\n');
  const toy = { atoms: 4, k: 1, code: 'soft', start: 'random', lr: 0.01, seed: 1 };
  const vectors = [new Float32Array(784), new Float32Array(784), new Float32Array(784)];
  await assert.rejects(Trainer.create(rows, rows, { ...options, learningRate: 1 }), unknown('learningRate'));
  assert.throws(() => Trainer.preset({ ...options, Lr: 1 }, 'recommended', 8, 1), unknown('Lr'));
  await assert.rejects(
    Trainer.create(rows, rows, { ...options, activation: { ...activation, threshold: 1 } }),
    unknown('threshold'),
  );
  const decoder = { kind: 'script', ridge: 0, alpha: 1 };
  await assert.rejects(Trainer.create(rows, rows, { ...options, method: 'pam', decoder }), unknown('alpha'));
  const experiment = { label: 'a', options: { ...options, epoch: 1 }, epochs: 1, seeds: [1] };
  assert.throws(() => new Experiments(rows, rows, [experiment]), {
    code: 'option',
    message: /^experiments\[0\]\.options: unknown field `epoch`/,
  });
  await assert.rejects(Features.measure(sae, rows, { top: 3 }), unknown('top'));
  assert.throws(() => new ToySae([0, 0], { ...toy, steps: 3 }), unknown('steps'));
  assert.throws(() => sae.slice(...vectors, [-1, -1, 1, 1], { act: activation }), unknown('act'));
  assert.throws(() => readTensors(csv, 'a.csv').dataset(undefined, { drop: true }), unknown('drop'));
  await assert.rejects(sae.encodeAsync(vectors[0], { engine: 'cpu' }), unknown('engine'));
  await assert.rejects(splinterp.gpuBenchmark({ repetitions: 3 }), unknown('repetitions'));
});

test('an option of a wrong type is named with its place', async () => {
  const named = (message) => ({ code: 'option', message });
  await assert.rejects(Trainer.create(rows, rows, { ...options, lr: '0.1' }), named(/^options\.lr: .*string "0\.1"/));
  await assert.rejects(Trainer.create(rows, rows, { ...options, dSae: 1.5 }), named(/^options\.dSae: .*1\.5/));
  await assert.rejects(
    Trainer.create(rows, rows, { ...options, tied: () => 1 }),
    named(/^options\.tied is a function/),
  );
  const experiment = { label: 'a', options, epochs: 1, seeds: [1, 'two'] };
  assert.throws(() => new Experiments(rows, rows, [experiment]), named(/^experiments\[0\]\.seeds\[1\]: /));
  await assert.rejects(Trainer.create(rows, rows, [options]), named(/^options is an Array, expected an object/));
  const left = await Trainer.create(rows, rows, { ...options, lr: undefined, clip: null });
  assert.equal(left.options.lr, 0.003);
});

test('thresholds of JumpReLU may be a Float32Array', async () => {
  const threshold = Float32Array.from({ length: 16 }, (_, i) => i / 64);
  const jump = { kind: 'jumprelu', threshold };
  const trainer = await Trainer.create(rows, rows, { ...options, activation: jump });
  await trainer.epoch();
  assert.deepEqual(trainer.options.activation, { kind: 'jumprelu', threshold: [...threshold] });
  const parts = { W_enc: new Float32Array(16).fill(1), b_enc: new Float32Array(16), W_dec: new Float32Array(16) };
  const sae = Sae.fromParts({ ...parts, b_dec: new Float32Array(1), activation: jump }, 1, 16);
  // Only thresholds below 0.125 are passed: those of the first eight latents.
  assert.deepEqual(
    [...sae.encode(Float32Array.of(0.125))],
    Array.from(threshold, (t) => (t < 0.125 ? 0.125 : 0)),
  );
  assert.throws(
    () => Sae.fromParts({ ...parts, b_dec: new Float32Array(1), activation: { ...jump, threshold: [1] } }, 1, 16),
    {
      code: 'shape',
    },
  );
});

test('what a callback throws is what the promise rejects with', async () => {
  const mine = new RangeError('mine');
  const fail = () => {
    throw mine;
  };
  const thrown = (error) => error === mine;
  const trainer = await Trainer.create(rows, rows, options);
  const before = await trainer.checkpoint();
  await assert.rejects(trainer.epoch(fail), thrown);
  assert.deepEqual(await trainer.checkpoint(), before, 'the run stands where it was');
  assert.equal((await trainer.epoch()).epoch, 1);

  const experiments = new Experiments(rows, rows, [{ label: 'a', options, epochs: 1, seeds: [1, 2] }]);
  await assert.rejects(experiments.run(fail), thrown);
  await assert.rejects(experiments.run(undefined, fail), thrown);
  assert.equal(experiments.rows.length, 1, 'the run whose row was told of');
  assert.equal((await experiments.run()).length, 2);

  const sae = await trainer.sae();
  await assert.rejects(sae.encodeAsync(rows.values(), { onProgress: fail }), thrown);
  await assert.rejects(Features.measure(sae, rows, {}, fail), thrown);
  const file = await openTensors(new Blob(['1,2\n3,4\n']), 'a.csv');
  await assert.rejects(file.load(undefined, {}, fail), thrown);
  await assert.rejects(file.inspect(undefined, {}, fail), thrown);
});

test('a cancel in the same tick ends what was started before it, and not what starts after', async () => {
  const trainer = await Trainer.create(rows, rows, options);
  const epoch = trainer.epoch();
  trainer.cancel();
  await assert.rejects(epoch, { code: 'cancelled' });
  trainer.cancel();
  assert.equal((await trainer.epoch()).epoch, 1);

  const experiments = new Experiments(rows, rows, [{ label: 'a', options, epochs: 1, seeds: [1] }]);
  const run = experiments.run();
  experiments.cancel();
  await assert.rejects(run, { code: 'cancelled' });
  assert.equal((await experiments.run()).length, 1);

  const file = await openTensors(new Blob(['1,2\n3,4\n'.repeat(1000)]), 'a.csv');
  const load = file.load();
  file.cancel();
  const next = file.load();
  await assert.rejects(load, { code: 'cancelled' });
  assert.equal((await next).rows, 2000);
});

test('a checkpoint is of the moment in which it was asked for', async () => {
  const trainer = await Trainer.create(rows, rows, options);
  await trainer.epoch();
  const before = await trainer.checkpoint();
  const [asked, report] = await Promise.all([trainer.checkpoint(), trainer.epoch()]);
  assert.equal(report.epoch, 2);
  assert.deepEqual(asked, before);
  assert.notDeepEqual(await trainer.checkpoint(), before);
  const last = trainer.checkpoint();
  trainer.free();
  await Trainer.resume(await last, rows, rows);
});

test('free() during an epoch is refused in words, and the epoch ends well', async () => {
  const trainer = await Trainer.create(rows, rows, options);
  const known = () => [trainer.epochs, trainer.options, trainer.backend, trainer.backendReason];
  const before = known();
  const epoch = trainer.epoch();
  assert.throws(() => trainer.free(), { code: 'busy', message: /an epoch is running/ });
  assert.deepEqual(known(), before, 'what is known is told while the epoch runs');
  assert.equal((await epoch).epoch, 1);
  assert.equal(trainer.epochs, 1);
  trainer.free();
  assert.throws(() => trainer.epochs, { code: 'freed', message: /was freed/ });
  await assert.rejects(trainer.epoch(), { code: 'freed' });
});

test('what a call works on may be freed before it has ended', async () => {
  const own = Dataset.digits(50, 3);
  const trainer = await Trainer.create(rows, rows, options);
  const sae = await trainer.sae();
  const measured = Features.measure(sae, own);
  const codes = sae.encodeAsync(own.values());
  const created = Trainer.create(own, own, options);
  own.free();
  sae.free();
  assert.equal((await measured).rows, 50);
  assert.equal((await codes).length, 800);
  await (await created).epoch();
});
