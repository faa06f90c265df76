// Sizes from outside that memory cannot hold are refused in words, and the module lives on.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Dataset, Sae, Trainer, initSync } from '../../pkg/splinterp.js';

initSync({ module: readFileSync(new URL('../../pkg/splinterp_bg.wasm', import.meta.url)) });

const topk = { kind: 'topk', k: 8, by: 'magnitude' };
const rows = () =>
  Dataset.fromRows(
    Float32Array.from({ length: 40 * 8 }, (_, i) => Math.sin(i)),
    8,
  );

/** That training of so many latents by PAM-SGD is refused for want of memory. */
async function refuses(dSae) {
  const data = rows();
  const pam = { dSae, activation: topk, method: 'pam', seed: 1, backend: 'cpu' };
  await assert.rejects(Trainer.create(data, data, pam), { code: 'memory' });
}

test('SGD takes memory for its parameters only, however many latents', async () => {
  const data = rows();
  const options = { dSae: 16_384, activation: topk, method: 'sgd', seed: 1, backend: 'cpu' };
  const trainer = await Trainer.create(data, data, options);
  const report = await trainer.epoch();
  assert.ok(Number.isFinite(report.testMse));
  trainer.free();
});

test('PAM-SGD is refused where the square of the latents is beyond memory, wrapped or not', async () => {
  // d_sae² float64 is one byte too many at 16 384, and wraps to 0 in 32 bits at 65 536.
  for (const dSae of [16_384, 20_000, 65_536, 100_000]) await refuses(dSae);
  const data = rows();
  const options = { dSae: 32, activation: topk, method: 'pam', seed: 1, backend: 'cpu' };
  const report = await (await Trainer.create(data, data, options)).epoch();
  assert.ok(Number.isFinite(report.testMse));
});

test('codes beyond memory are refused, and fewer rows are encoded', async () => {
  const dSae = 65_536;
  const sae = Sae.fromParts(
    {
      W_enc: new Float32Array(dSae).fill(0.5),
      b_enc: new Float32Array(dSae),
      W_dec: new Float32Array(dSae).fill(0.5),
      b_dec: new Float32Array(1),
      activation: topk,
    },
    1,
    dSae,
  );
  assert.throws(() => sae.encode(new Float32Array(8192).fill(1)), { code: 'memory' });
  await assert.rejects(sae.encodeAsync(new Float32Array(8192).fill(1)), { code: 'memory' });
  assert.equal(sae.encode(new Float32Array(2).fill(1)).length, 2 * dSae);
});

test('a checkpoint for which JavaScript has no memory is refused in words, and the run goes on', async () => {
  const data = rows();
  const options = { dSae: 512, activation: topk, method: 'sgd', seed: 1, backend: 'cpu' };
  const trainer = await Trainer.create(data, data, options);
  const bytes = (await trainer.checkpoint()).length;
  const { Uint8Array } = globalThis;
  globalThis.Uint8Array = new Proxy(Uint8Array, {
    construct(target, args, newTarget) {
      if (args[0] === bytes) throw new RangeError('Array buffer allocation failed');
      return Reflect.construct(target, args, newTarget);
    },
  });
  const asked = trainer.checkpoint();
  try {
    await assert.rejects(asked, { code: 'memory', message: /checkpoint/ });
  } finally {
    globalThis.Uint8Array = Uint8Array;
  }
  assert.equal((await trainer.epoch()).epoch, 1);
  assert.equal((await trainer.checkpoint()).length, bytes);
});
