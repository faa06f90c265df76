// Tables that lie about what they hold: each is refused by a sentence, before anything of the size that it claims is made.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mutated, randomOf, varint } from './support/mutations';
import { dictionary, floatBytes, page, parquet, thrift, withFooter, type Thrift } from './support/parquet';
import { openAsTable } from './support/tables';

const FOLDER = new URL('../../tests/fixtures/tables/', import.meta.url);
const FOUR = floatBytes([1, 2, 3, 4]);
const PLAIN = 0;
const PLAIN_DICTIONARY = 2;
const [DELTA_BINARY_PACKED, DELTA_BYTE_ARRAY] = [5, 7];
const TEXT = { type: 6, name: 'tokens' };

/** Levels of the first version: their length, and runs of them. */
function levels(...runs: number[]): number[] {
  return [runs.length, 0, 0, 0, ...runs];
}

/** A run of one value. */
function repeated(count: number, ...value: number[]): number[] {
  return [...varint(BigInt(count) << 1n), ...value];
}

function packed(groups: number, ...values: number[]): number[] {
  return [...varint((BigInt(groups) << 1n) | 1n), ...values];
}

describe('what such files are when they do not lie', () => {
  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ['plain', parquet(page(4, FOUR))],
    ['with levels', parquet(page(4, [...levels(...repeated(4, 1)), ...FOUR]), { optional: true })],
    ['with packed levels', parquet(page(4, [...levels(...packed(1, 0b1101)), ...FOUR]), { optional: true })],
    [
      'with a dictionary',
      parquet([...dictionary(2, floatBytes([1, 2])), ...page(4, [1, ...packed(1, 0b0110)], PLAIN_DICTIONARY)]),
    ],
    [
      // All four are the first of the dictionary, which takes no bits.
      'with a dictionary of one',
      parquet([...dictionary(1, floatBytes([5])), ...page(4, [0], PLAIN_DICTIONARY)]),
    ],
    [
      "in a frame of Hadoop's LZ4",
      parquet(page(4, [0, 0, 0, 16, 0, 0, 0, 18, 0xf0, 1, ...FOUR], PLAIN, 16), { codec: 5 }),
    ],
    ['in a block of LZ4', parquet(page(4, [0xf0, 1, ...FOUR], PLAIN, 16), { codec: 5 })],
  ])('%s', async (_, bytes) => {
    expect(await openAsTable(bytes)).toBeUndefined();
  });
});

describe('Parquet that lies', () => {
  /** A footer of lists in one another, each of which claims to be as long as a footer. */
  const lists = Array.from({ length: 20 }).reduce<Thrift>(
    (inner) => ({ raw: [0xf9, ...varint(2n ** 27n), ...thrift(inner)], type: 9 }),
    { raw: [0x05], type: 9 },
  );
  const chain = Array.from({ length: 5000 }, (): Thrift => ({ 4: 'x', 5: 1 }));

  it.each<[string, Uint8Array<ArrayBuffer>, RegExp]>([
    [
      'a run of levels',
      parquet(page(4, [...levels(...repeated(2 ** 31 - 1, 1)), ...FOUR]), { optional: true }),
      /column “a” in row group 0: its page at byte 4 cannot be read: a run in it claims 2147483647 values, and 4 are left$/,
    ],
    [
      'a run of packed levels',
      parquet(page(4, [...levels(...packed(2 ** 28, 0xff)), ...FOUR]), { optional: true }),
      /a run in it claims 2147483648 values, and 4 are left$/,
    ],
    [
      'a run of entries of a dictionary',
      parquet([...dictionary(2, FOUR), ...page(4, [1, ...repeated(2 ** 31 - 1, 1)], PLAIN_DICTIONARY)]),
      /a run in it claims 2147483647 values, and 4 are left$/,
    ],
    [
      'values that the page has no bytes for',
      parquet(page(4, FOUR.slice(0, 8))),
      /its page at byte 4 claims 4 values of 4 bytes in 8 bytes$/,
    ],
    [
      'values that no page has',
      parquet(page(4, FOUR), { values: 5n, rows: 5n }),
      /column “a” in row group 0: its pages hold 4 values, expected 5$/,
    ],
    [
      'values of a short file',
      parquet(page(2 ** 26, [0]), { values: 2n ** 26n, rows: 2n ** 26n }),
      /column “a” claims 67,108,864 values, expected at most [\d,]+ of \d+\sB$/,
    ],
    [
      'a page of a few bytes',
      parquet(page(4, FOUR, PLAIN, 2 ** 29), { codec: 6, unpacked: 2n ** 30n }),
      /its page at byte 4 claims 537\sMB unpacked of 16\sB$/,
    ],
    [
      'a block of snappy',
      parquet(page(4, [...varint(2n ** 31n), ...FOUR], PLAIN, 16), { codec: 1 }),
      /cannot be read: it holds 2147483648 bytes, expected 16$/,
    ],
    // Its frames would lead back to where they begin, for ever.
    [
      "frames of Hadoop's LZ4",
      parquet(page(4, [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xf8, ...FOUR], PLAIN, 16), { codec: 5 }),
      /its page at byte 4 cannot be read: a (block|match) /,
    ],
    [
      'parts of a block of deltas',
      parquet(page(4, [...varint(128n), ...varint(2n ** 31n - 1n), 4, 0, 0], DELTA_BINARY_PACKED), {
        ...{ type: 1, name: 'tokens' },
      }),
      /cannot be read: its blocks are of 128 values in 2147483647 parts$/,
    ],
    [
      'what a text has of the one before it',
      // Both lists of lengths are of one block without deltas: 2³⁰ for each text, and nothing more.
      parquet(page(1, [128, 1, 4, 1, ...varint(2n ** 31n), 128, 1, 4, 1, 0], DELTA_BYTE_ARRAY), {
        ...{ ...TEXT, values: 1n },
      }),
      /cannot be read: its text 0 has 1073741824 bytes of 0 before it$/,
    ],
    [
      'lists of a footer',
      withFooter([0x50, 0x41, 0x52, 0x31], thrift({ 2: lists })),
      /its footer cannot be read: it claims a list of 134217728 at byte \d+$/,
    ],
    [
      'levels of a schema',
      withFooter([0x50, 0x41, 0x52, 0x31], thrift({ 1: 1, 2: [...chain, { 1: 4, 4: 'x' }], 3: 0n, 4: [] })),
      /its footer cannot be read: its schema has more than 16 levels$/,
    ],
    [
      'what a column is',
      withFooter(
        [0x50, 0x41, 0x52, 0x31],
        thrift({ 1: 1, 2: [{ 4: 'x' }], 3: 0n, 4: [{ 1: [{ 2: 4n, 3: 0 }], 3: 0n }] }),
      ),
      /its footer cannot be read: row group 0 has a column that is not described$/,
    ],
    [
      'a number of a footer',
      withFooter([0x50, 0x41, 0x52, 0x31], [0x16, ...Array.from({ length: 1000 }, () => 0x80), 0, 0]),
      /its footer cannot be read: it has a number of more than 10 bytes at byte \d+$/,
    ],
  ])('about %s', async (_, bytes, message) => {
    expect(await openAsTable(bytes)).toMatch(message);
  });
});

describe('changed files of tables', () => {
  // Some thousand in ten minutes are tried by `./build.sh fuzz`, which also follows what code they reach.
  it.each([
    ['Arrow', /\.(arrows?|feather)$/],
    ['Parquet', /\.parquet$/],
  ])(
    'of %s are read or refused by a sentence',
    async (_, ending) => {
      const files = readdirSync(FOLDER)
        .filter((name) => ending.test(name))
        .map((name) => Uint8Array.from(readFileSync(new URL(name, FOLDER))))
        .filter(({ length }) => length < 5000);
      const random = randomOf(1);
      let refused = 0;
      for (let i = 0; i < 500; i++) if ((await openAsTable(mutated(files, random))) !== undefined) refused += 1;
      expect(refused).toBeGreaterThan(100);
      expect(refused).toBeLessThan(500);
    },
    60_000,
  );
});
