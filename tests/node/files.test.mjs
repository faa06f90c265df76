// Files of tensors in Node, through the built package: read in slices, inspected, cancelled.
import assert from 'node:assert/strict';
import { openAsBlob, readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import * as splinterp from '../../pkg/splinterp.js';

const { Dataset, Sae, openTensors, readTensors, readTokens, zipFiles } = splinterp;
splinterp.initSync({ module: readFileSync(new URL('../../pkg/splinterp_bg.wasm', import.meta.url)) });

const path = (name) => fileURLToPath(new URL(`../fixtures/files/${name}`, import.meta.url));
const values = Float32Array.from({ length: 30 }, (_, at) => (at - 14) / 4);

test('a file read in slices holds the same rows as one in memory', async () => {
  for (const [name, tensor] of [
    ['f8_big_fortran.npy', undefined],
    ['compressed.npz', 'activations'],
    ['types.safetensors', 'BF16'],
    ['nested.pt', 'a.c.0'],
    ['header.csv', undefined],
  ]) {
    const file = await openTensors(await openAsBlob(path(name)), name);
    const rows = await file.load(tensor);
    assert.deepEqual(rows.values(), values, name);
    assert.deepEqual(
      readTensors(readFileSync(path(name)), name)
        .dataset(tensor)
        .values(),
      values,
      name,
    );
    const about = await file.inspect(tensor);
    assert.deepEqual([about.rows, about.cols, about.min, about.max, about.nans], [5, 6, -3.5, 3.75, 0], name);
    assert.ok(Math.abs(about.mean - 0.125) < 1e-12, name);
    assert.deepEqual(about.previewShape, [5, 6], name);
    assert.deepEqual(about.preview, values, name);
  }
});

test('what a file holds is told before it is loaded, and how it is kept can be chosen', async () => {
  const file = await openTensors(await openAsBlob(path('types.safetensors')), 'types.safetensors');
  const half = file.tensors.find(({ name }) => name === 'F16');
  assert.deepEqual(half, { name: 'F16', dtype: 'f16', shape: [5, 6], rows: 5, cols: 6, keep: 'f16' });
  assert.equal((await file.load('F16')).kept, 'f16');
  assert.equal((await file.load('BF16')).kept, 'f32');
  assert.equal((await file.load('BF16', { keep: 'f16' })).kept, 'f16');
  await assert.rejects(file.load('F32', { keep: 'u8' }), { code: 'option', message: /row 0, column 0 is -3.5/ });
  await assert.rejects(file.load('F32', { keep: 'f8' }), { code: 'option' });
  await assert.rejects(file.load(), { code: 'format', message: /13 tensors, name one of/ });
  assert.equal(file.holds, 'rows');
  assert.throws(() => file.dataset('F32'), { code: 'format', message: /takes load\(\), not dataset\(\)/ });
});

test('rows that are not finite are refused or dropped, and the others keep their numbers', async () => {
  const blob = new Blob(['1,2\n3,nan\n5,6\n']);
  const file = await openTensors(blob, 'a.csv');
  await assert.rejects(file.load(), { code: 'not-finite', message: /^a\.csv: row 1, column 1 is NaN/ });
  const rows = await file.load(undefined, { dropNonFinite: true });
  assert.deepEqual([rows.dropped, [...rows.rowNumbers()], [...rows.values()]], [1, [0, 2], [1, 2, 5, 6]]);
});

test('reading hears of progress and can be cancelled', async () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (40000, 256), }\n";
  const start = Uint8Array.of(0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0, ...Buffer.from(header));
  const file = await openTensors(new Blob([start, new Uint8Array(40000 * 1024)]), 'zeros.npy');
  const heard = [];
  await file.load(undefined, undefined, (done, total) => heard.push(done / total));
  assert.ok(heard.length > 8 && heard.at(-1) === 1, String(heard));
  const stopped = file.load(undefined, undefined, (done) => done > 1e7 && file.cancel());
  await assert.rejects(stopped, { code: 'cancelled', message: 'zeros.npy: reading was cancelled' });
  assert.equal((await file.load()).rows, 40000);
});

test('a cancel ends what was started before it, whatever is started after it', async () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (40000, 256), }\n";
  const start = Uint8Array.of(0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0, ...Buffer.from(header));
  const file = await openTensors(new Blob([start, new Uint8Array(40000 * 1024)]), 'zeros.npy');
  const cancelled = { code: 'cancelled', message: 'zeros.npy: reading was cancelled' };
  // In the tick in which it was started.
  const first = file.load();
  file.cancel();
  const second = file.inspect();
  await assert.rejects(first, cancelled);
  assert.equal((await second).rows, 40000);
  // While it runs, with the next call right behind.
  let third;
  const running = file.load(undefined, undefined, (done) => {
    if (done < 1e7 || third) return;
    file.cancel();
    third = file.load();
  });
  await assert.rejects(running, cancelled);
  assert.equal((await third).rows, 40000);
});

test('rows and files beyond memory are refused, and the module lives on', () => {
  // 2.4 GB: more than a vector of wasm32 can have.
  const large = new Float32Array(600_000_000);
  const check = (call) =>
    assert.throws(call, (error) => /600000000|2400000000|2\.40 GB/.test(error.message) && error.code !== 'broken');
  check(() => Dataset.fromRows(large, 1000));
  const bytes = new Uint8Array(large.buffer);
  check(() => readTensors(bytes, 'a.npy'));
  check(() => readTokens(bytes, 'a.tokens.json', 3));
  check(() => Sae.read([{ name: 'sae.safetensors', bytes }]));
  check(() => zipFiles([{ name: 'sae.safetensors', bytes }]));
  const digits = Dataset.digits(20, 1);
  assert.equal(digits.share(0.5, 1).rows, 10);
});

test('rows that grow as they come out are refused in words', async () => {
  // 600 MB of bytes, whose floats would take 2.4 GB.
  const header = Uint8Array.of(0, 0, 8, 2, 0, 9, 0x27, 0xc0, 0, 0, 3, 0xe8);
  const file = await openTensors(new Blob([header, new Uint8Array(600_000_000)]), 'zeros-ubyte');
  const bytes = await file.load();
  assert.deepEqual([bytes.rows, bytes.cols, bytes.kept], [600_000, 1000, 'u8']);
  const message = /^values \[600000, 1000\] takes 2\.40 GB, expected at most 2\.14 GB/;
  assert.throws(() => bytes.values(), { code: 'memory', message });
  const rows = Uint32Array.from({ length: 600_000 }, (_, row) => row);
  assert.throws(() => bytes.rowsAt(rows), { code: 'memory', message: /^rows \[600000, 1000\] takes 2\.40 GB/ });
  await assert.rejects(file.load(undefined, { keep: 'f32' }), {
    code: 'memory',
    message: /^zeros-ubyte: values as f32 \[600000, 1000\] takes 2\.40 GB/,
  });
  assert.equal(bytes.rowsAt(Uint32Array.of(3)).length, 1000);
  assert.equal(bytes.share(0.001, 1).rows, 600);
});

test('a pickle that names a command is refused by its name', async () => {
  const refused = { code: 'format', message: /system\.pt: names posix\.system, which is never executed/ };
  await assert.rejects(openTensors(await openAsBlob(path('system.pt')), 'system.pt'), refused);
});

test('there is one token for each row', () => {
  const tokens = readTokens(readFileSync(path('full.tokens.json')), 'full.tokens.json', 5);
  assert.equal(tokens.rows, 5);
  assert.deepEqual(tokens.token(3), { token: 'über', before: 'before 3', after: '' });
  assert.equal(tokens.token(5), undefined);
  assert.throws(() => readTokens(Buffer.from('["a"]'), 't.json', 2), { code: 'format' });
});
