// One seed, the same bits natively and in wasm: tests/training/properties.rs and tests/data/digits.rs expect the same hashes.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const folder = new URL('../../pkg/', import.meta.url);
const { initSync, Dataset, Trainer } = await import(new URL('splinterp.js', folder).href);
initSync({ module: await readFile(new URL('splinterp_bg.wasm', folder)) });

/** FNV-1a, 64 bits. */
function fnv(bytes) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return `0x${hash.toString(16)}`;
}

test('digits are drawn with the same bits', () => {
  const digits = Dataset.digits(64, 7);
  const labels = Array.from({ length: digits.rows }, (_, row) => digits.label(row));
  assert.equal(fnv([...digits.values(), ...labels]), '0x3621f27b2c513839');
});

for (const [method, expected] of [
  ['sgd', '0x7516bff7849825a'],
  ['pam', '0x2b6ba733a23f419a'],
]) {
  test(`an epoch of ${method} ends with the same bits`, async () => {
    const train = Dataset.digits(700, 1).normalised('mnist');
    const test = Dataset.digits(200, 2).normalised('mnist');
    const activation = { kind: 'topk', k: 5, by: 'magnitude' };
    const trainer = await Trainer.create(train, test, { dSae: 32, activation, method, seed: 7, threads: 1 });
    await trainer.epoch();
    assert.equal(fnv(await trainer.checkpoint()), expected);
  });
}
