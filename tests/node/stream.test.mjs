// Rows that stay in their files, through the npm package in Node: the run is that of rows in memory, a file that cannot be
// read is named, and what was begun can be cancelled.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const folder = new URL('../../pkg/', import.meta.url);
const { initSync, Dataset, RowStream, Trainer } = await import(new URL('splinterp.js', folder).href);
initSync({ module: await readFile(new URL('splinterp_bg.wasm', folder)) });

const COLS = 8;
const ROWS = 3000;
const values = Float32Array.from({ length: ROWS * COLS }, (_, i) => Math.sin(i * i) + (i % COLS));

/** An array of NumPy's. */
function npy(part) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${part.length / COLS}, ${COLS})}`;
  const start = Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length, 0);
  return new Blob([start, header, part]);
}

const files = [
  { name: 'acts_0.npy', file: npy(values.subarray(0, 1000 * COLS)) },
  { name: 'acts_1.npy', file: npy(values.subarray(1000 * COLS)) },
];
const options = {
  ...{ dSae: 16, activation: { kind: 'topk', k: 3, by: 'positive' }, method: 'pam', seed: 1, backend: 'cpu' },
  ...{ batchSize: 32 },
};

async function trained(rows, test) {
  const trainer = await Trainer.create(rows, test, options);
  await trainer.epoch();
  return (await trainer.epoch()).testMse;
}

test('a stream trains as the rows in memory do', async () => {
  const all = Dataset.fromRows(values, COLS).normalised('standardise');
  const expected = await trained(all, all);
  const stream = await (await RowStream.open(files)).normalised('standardise');
  assert.deepEqual([stream.rows, stream.cols, stream.kept], [ROWS, COLS, 'f32']);
  const { rows, numbers } = await stream.load();
  assert.deepEqual(
    Array.from(numbers),
    Array.from({ length: ROWS }, (_, i) => i),
  );
  const found = await trained(stream, stream.normalise(rows));
  assert.ok(Math.abs(found - expected) < 1e-6 * expected, `${found} ${expected}`);

  const small = await (await RowStream.open(files, { reservoir: 16_000 })).normalised('standardise');
  const inChunks = await trained(small, small.normalise(rows));
  assert.ok(inChunks !== found && Math.abs(inChunks - expected) < 0.2 * expected, `${inChunks} ${expected}`);
});

test('held-out rows are none of the others', async () => {
  const [train, held] = (await RowStream.open(files)).holdOut(300, 1);
  const { numbers } = await held.load();
  assert.equal(train.rows + numbers.length, ROWS);
  assert.ok(numbers.length >= 300 && numbers.length < 400);
  const others = new Set((await train.load()).numbers);
  assert.ok(numbers.every((row) => !others.has(row)));
});

test('whole sequences are held out, of streams and of rows in memory', async () => {
  const shaped = (batch, length) => {
    const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${batch}, ${length}, ${COLS})}`;
    const start = Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length, 0);
    return new Blob([start, header, values.subarray(0, batch * length * COLS)]);
  };
  const open = (...shapes) =>
    RowStream.open(shapes.map(([batch, length], i) => ({ name: `acts_${i}.npy`, file: shaped(batch, length) })));
  const even = await open([40, 32], [10, 32]);
  assert.equal(even.sequences(), 32);
  const uneven = await open([40, 32], [10, 50]);
  assert.deepEqual([...new Set(uneven.sequences())].length, 50);
  assert.equal((await RowStream.open(files)).sequences(), undefined);
  assert.throws(
    () => even.holdOutBySequence(100, 1, new Uint32Array(3)),
    /^Error: number of sequences: found 3, expected 1600, one for each row of the file$/,
  );
  const plain = await RowStream.open(files);
  assert.throws(() => plain.holdOutBySequence(100, 1), /sequences of acts_0\.npy and 1 more: found none in its shape/);
  for (const [stream, of, given] of [
    [even, (row) => Math.floor(row / 32)],
    [uneven, (row) => uneven.sequences()[row]],
    [plain, (row) => Math.floor(row / 7), 7],
  ]) {
    const [train, held] = stream.holdOutBySequence(100, 1, given);
    const [inTrain, inHeld] = await Promise.all([train, held].map(async (part) => (await part.load()).numbers));
    assert.ok(inHeld.length >= 100 && inTrain.length + inHeld.length === stream.rows);
    const names = new Set(Array.from(inHeld, of));
    assert.ok(inTrain.every((row) => !names.has(of(row))));
  }

  const rows = Dataset.fromRows(values, COLS);
  for (const sequences of [25, Uint32Array.from({ length: ROWS }, (_, row) => Math.floor(row / 25))]) {
    const [train, test] = rows.splitBySequence(0.9, 3, sequences);
    assert.deepEqual([train.rows, test.rows], [2700, 300]);
    const names = new Set(Array.from(test.rowNumbers(), (row) => Math.floor(row / 25)));
    assert.equal(names.size, 12);
    assert.ok(train.rowNumbers().every((row) => !names.has(Math.floor(row / 25))));
  }
});

test('files that disagree, and values that are not finite, are named', async () => {
  const other = new Blob([await files[0].file.slice(0, 10).arrayBuffer()]);
  await assert.rejects(RowStream.open([...files, { name: 'acts_2.npy', file: other }]), /^Error: acts_2\.npy: /);
  await assert.rejects(RowStream.open([{ name: 'a.npy' }]), { code: 'option' });
  await assert.rejects(RowStream.open([]), { code: 'shape' });
  const spoilt = values.slice(0, 10 * COLS);
  spoilt[3 * COLS + 1] = NaN;
  const stream = await RowStream.open([files[0], { name: 'acts_1.npy', file: npy(spoilt) }]);
  await assert.rejects(stream.normalised('none'), {
    code: 'not-finite',
    message: 'acts_1.npy: row 3, column 1 is NaN, expected a finite number',
  });
});

test('a reading is cancelled, and so is an epoch', async () => {
  const opened = await RowStream.open(files, { reservoir: 16_000 });
  const reading = opened.normalised('standardise');
  opened.cancel();
  await assert.rejects(reading, { code: 'cancelled' });
  const stream = await opened.normalised('standardise');
  const trainer = await Trainer.create(stream, stream.normalise((await stream.load()).rows), options);
  await trainer.epoch();
  const before = await trainer.checkpoint();
  await assert.rejects(
    trainer.epoch((done) => {
      if (done > 500) trainer.cancel();
    }),
    { code: 'cancelled' },
  );
  assert.deepEqual(await trainer.checkpoint(), before);
  assert.equal((await trainer.epoch()).epoch, 2);
});

test('a file that goes in mid-epoch is named, and the run stays as of its last epoch', async () => {
  let gone = false;
  class Removable extends Blob {
    slice(...range) {
      if (gone) throw new Error('the disk was unplugged');
      return super.slice(...range);
    }
  }
  const file = new Removable([await files[1].file.arrayBuffer()]);
  const opened = await RowStream.open([{ name: 'acts_1.npy', file }], { reservoir: 8000 });
  const stream = await opened.normalised('none');
  const trainer = await Trainer.create(stream, (await stream.load()).rows, options);
  await trainer.epoch();
  const before = await trainer.checkpoint();
  await assert.rejects(
    trainer.epoch(() => (gone = true)),
    /^Error: acts_1\.npy: cannot be read at byte \d+: the disk was unplugged$/,
  );
  assert.deepEqual([trainer.epochs, await trainer.checkpoint()], [1, before]);
});
