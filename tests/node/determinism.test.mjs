// One seed, the same bits natively and in wasm: tests/training/bits.rs and tests/data/digits.rs expect the same hashes.
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

const digits = () => [Dataset.digits(700, 1), Dataset.digits(200, 2)].map((data) => data.normalised('mnist'));
/** The digits as numbers that nothing is known of: dense rows. */
const values = () => digits().map((data) => Dataset.fromRows(data.values(), data.cols));

const swept = { sweepRows: 300, solvesPerEpoch: 2 };
for (const [rows, data, dSae, k, method, expected, more] of [
  ['digits', digits, 32, 5, 'sgd', '0x7516bff7849825a'],
  ['digits', digits, 32, 5, 'pam', '0x2b6ba733a23f419a'],
  ['dense rows', values, 64, 4, 'sgd', '0x32c3fa35e73d642f'],
  ['dense rows', values, 64, 4, 'pam', '0x546a8a704621a124'],
  ['digits', digits, 32, 5, 'pam', '0x7b549be9c12c0b1d', swept],
  ['dense rows', values, 64, 4, 'pam', '0x99e358ece32301e2', swept],
]) {
  test(`an epoch of ${method}${more ? ' with sweeps' : ''} on ${rows} ends with the same bits`, async () => {
    const [train, test] = data();
    const activation = { kind: 'topk', k, by: 'magnitude' };
    const trainer = await Trainer.create(train, test, { dSae, activation, method, seed: 7, threads: 1, ...more });
    await trainer.epoch();
    assert.equal(fnv(await trainer.checkpoint()), expected);
  });
}
