// Features, files of other programs and runs from a given model, through the npm package in Node.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';

const folder = new URL('../../pkg/', import.meta.url);
const { initSync, Dataset, Features, Sae, Trainer, zipFiles } = await import(new URL('splinterp.js', folder).href);
initSync({ module: await readFile(new URL('splinterp_bg.wasm', folder)) });

const activation = { kind: 'topk', k: 4, by: 'magnitude' };
const options = { dSae: 32, activation, method: 'sgd', tied: false, seed: 1 };

async function trained() {
  const data = Dataset.digits(300, 1).normalised('standardise');
  const trainer = await Trainer.create(data, data, options);
  await trainer.epoch();
  return { data, sae: await trainer.sae() };
}

test('features are those of the dense codes', async () => {
  const { data, sae } = await trained();
  const heard = [];
  const features = await Features.measure(sae, data, { topRows: 3, seed: 7 }, (...progress) => heard.push(progress));
  assert.deepEqual([features.count, features.rows, features.sampledRows], [32, 300, 300]);
  assert.deepEqual(heard.at(-1), [332, 332]);
  const z = sae.encode(data.values());
  const table = features.table();
  for (let i = 0; i < 32; i++) {
    const column = Array.from({ length: 300 }, (_, row) => z[row * 32 + i]);
    const active = column.map((value, row) => ({ row, value })).filter(({ value }) => value !== 0);
    assert.ok(Math.abs(table.density[i] - active.length / 300) < 1e-6);
    active.sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || a.row - b.row);
    const feature = features.feature(i);
    assert.deepEqual(
      [...feature.top.rows],
      active.slice(0, 3).map(({ row }) => row),
    );
    assert.deepEqual(
      [...feature.top.values],
      active.slice(0, 3).map(({ value }) => value),
    );
    assert.deepEqual(features.top(i), feature.top);
    assert.equal(
      feature.histogram.counts.reduce((sum, n) => sum + n, 0),
      active.length,
    );
    assert.equal(feature.byCosine.features[0], table.nearest[i]);
    assert.equal(feature.intervals.length, active.length ? 10 : 0);
    for (const interval of feature.intervals) {
      assert.ok([...interval.rows].every((row, at) => column[row] === interval.values[at]));
    }
    assert.equal(feature.inputs.dims.length, 10);
  }
  assert.throws(() => features.top(32), { code: 'option' });
  assert.throws(() => features.feature(32), { code: 'option', message: 'feature is 32, expected a number below 32' });
});

test('a measurement yields to the event loop and ends when its signal is aborted', async () => {
  const { data, sae } = await trained();
  const controller = new AbortController();
  const measured = Features.measure(sae, data, { signal: controller.signal });
  setTimeout(() => controller.abort());
  await assert.rejects(measured, { code: 'cancelled' });
  await assert.rejects(Features.measure(sae, data, { bins: 0 }), { code: 'option' });
  await assert.rejects(Features.measure(sae, data, { seed: 'one' }), /options.seed/);
});

test('a model goes to other programs and back, folded to stored activations', async () => {
  const { data, sae } = await trained();
  const raw = data.normalised('none');
  const folded = sae.folded(data);
  const expected = data.undoNormalisation(sae.forward(data.values()));
  const close = (a, b) => a.every((value, i) => Math.abs(value - b[i]) < 1e-3 * 255);
  assert.ok(close(folded.forward(raw.values()), expected));
  assert.ok(close(folded.unfolded(data).forward(data.values()), sae.forward(data.values())));
  for (const format of ['saelens', 'sparsify']) {
    const files = folded.write(format);
    const back = Sae.read(files);
    assert.equal(back.dSae, 64, 'TopK by magnitude takes twice the latents');
    assert.ok(close(back.forward(raw.values()), expected));
    const zip = zipFiles(files);
    assert.deepEqual([...zip.subarray(0, 4)], [80, 75, 3, 4]);
    assert.throws(() => Sae.read([files[0]]), { code: 'format' });
  }
  assert.throws(() => sae.write('onnx'), { code: 'option' });
  assert.throws(() => Sae.read('cfg.json'), { code: 'option' });
});

test('a model that another program wrote is trained on', async () => {
  const fixture = new URL('../interop/fixtures/dictionary_learning-topk/', import.meta.url);
  const names = (await readdir(fixture)).filter((name) => name !== 'rows.safetensors');
  const files = await Promise.all(
    names.map(async (name) => ({ name, bytes: new Uint8Array(await readFile(new URL(name, fixture))) })),
  );
  const sae = Sae.read(files);
  assert.deepEqual(sae.activation, { kind: 'topk', k: 3, by: 'positive' });
  const rows = Dataset.fromRows(Dataset.digits(10, 1).values().slice(0, 600), 6);
  const settings = { dSae: sae.dSae, activation: sae.activation, method: 'pam', seed: 1 };
  const trainer = await Trainer.from(sae, rows, rows, settings);
  assert.deepEqual((await trainer.sae()).parameters(), sae.parameters());
  const first = await trainer.epoch();
  assert.ok(Number.isFinite(first.testMse));
  await assert.rejects(Trainer.from(sae, rows, rows, { ...settings, dSae: 3 }), { code: 'option' });
});
