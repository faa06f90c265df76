// Where there is no WebGPU, as in Node, everything works on the CPU and says so.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Dataset, Sae, Trainer, gpuBenchmark, gpuReport, initSync } from '../../pkg/splinterp.js';

initSync({ module: await readFile(new URL('../../pkg/splinterp_bg.wasm', import.meta.url)) });

const data = Dataset.digits(60, 1).normalised('mnist');
const options = { dSae: 16, activation: { kind: 'topk', k: 3, by: 'value' }, method: 'pam', seed: 1 };

test('there is no report, and a benchmark says why', async () => {
  assert.equal(await gpuReport(), undefined);
  await assert.rejects(gpuBenchmark(), { code: 'gpu', message: /no WebGPU/ });
});

test('a run that asks for a GPU is refused, any other trains on the CPU', async () => {
  await assert.rejects(Trainer.create(data, data, { ...options, backend: 'gpu' }), { code: 'gpu' });
  const trainer = await Trainer.create(data, data, options);
  assert.equal(trainer.backend, 'CPU, 1 thread');
  assert.match(trainer.backendReason, /no WebGPU/);
  assert.equal((await trainer.epoch()).epoch, 1);
  const bytes = await trainer.checkpoint();
  await assert.rejects(Trainer.resume(bytes, data, data, 'gpu'), { code: 'gpu' });
  await assert.rejects(Trainer.resume(bytes, data, data, 'tpu'), { code: 'option' });
  assert.equal((await Trainer.resume(bytes, data, data, 'cpu')).backendReason, 'The options ask for the CPU.');
});

test('the asynchronous twins give the same bits', async () => {
  const trainer = await Trainer.create(data, data, options);
  const sae = await trainer.sae();
  assert.ok(sae instanceof Sae);
  const rows = data.values();
  const heard = [];
  const z = await sae.encodeAsync(rows, { onProgress: (done, total) => heard.push([done, total]) });
  assert.deepEqual(z, sae.encode(rows));
  assert.deepEqual(await sae.decodeAsync(z), sae.decode(z));
  assert.deepEqual(await sae.forwardAsync(rows), sae.forward(rows));
  assert.deepEqual(heard, [[60, 60]]);
  assert.equal((await sae.encodeAsync(new Float32Array(0))).length, 0);
  await assert.rejects(sae.encodeAsync(rows, { backend: 'gpu' }), { code: 'gpu' });
  await assert.rejects(sae.encodeAsync(new Float32Array(784).fill(Infinity)), { code: 'not-finite' });
});
