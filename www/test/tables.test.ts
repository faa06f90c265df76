// Tables and shards of the activations lab, read as the worker reads them, from files that pyarrow and datasets wrote
// (tests/fixtures/tables.py).

import { readdirSync, readFileSync } from 'node:fs';
import { initSync } from 'splinterp';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Files } from '../src/labs/activations/worker/files';
import { halfBits } from '../src/labs/activations/worker/tables/parquet';
import type { Opened } from '../src/labs/activations/protocol';

const FOLDER = new URL('../../tests/fixtures/', import.meta.url);
/** What all tables hold together, as 5 × 6 or 10 × 3. */
const VALUES = Array.from({ length: 30 }, (_, i) => (i - 14) / 4);

beforeAll(() => {
  initSync({ module: readFileSync(new URL('../../pkg/splinterp_bg.wasm', import.meta.url)) });
});

let files: Files;
beforeEach(() => {
  files = new Files(() => undefined);
});

type Bytes = Uint8Array<ArrayBuffer>;

function bytesOf(name: string): Bytes {
  return Uint8Array.from(readFileSync(new URL(name, FOLDER)));
}

function open(...given: (string | [name: string, bytes: Bytes])[]): Promise<Opened> {
  return files.open(
    given.map((each) => {
      const [path, bytes] = typeof each === 'string' ? [each, bytesOf(each)] : each;
      return { path, file: new File([bytes], path.slice(path.lastIndexOf('/') + 1)) };
    }),
  );
}

/** The first array of files that were opened: its shape, its type, its values, and the tokens of its rows. */
async function first(...given: Parameters<typeof open>): Promise<{
  shape: string;
  values: number[];
  tokens: (string | undefined)[];
}> {
  const opened = await open(...given);
  if (opened.kind !== 'tensors') return expect.fail(`these are ${opened.kind}`);
  const [tensor] = opened.tensors;
  if (!tensor) return expect.fail('no array');
  await files.inspect(tensor.name);
  await files.load({ tensor: tensor.name, keep: 'f32', dropNonFinite: false });
  const { data, tokens } = files.source();
  return {
    shape: `${tensor.name} ${tensor.dtype} [${tensor.shape.join(', ')}]`,
    values: Array.from(data.values()),
    tokens: tokens ? Array.from({ length: data.rows }, (_, row) => tokens.at(row)?.token) : [],
  };
}

const words = (count: number, word: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => word(i));
const five = words(5, (row) => `word${row}`);

describe('Arrow', () => {
  it.each([
    ['f16_fixed.arrow', 'acts f16 [5, 6]', five],
    ['f32_list.arrows', 'acts f32 [5, 6]', []],
    ['f64_large_list.arrow', 'acts f64 [5, 6]', []],
    ['nested.arrow', 'acts f32 [5, 2, 3]', words(10, (i) => ` ${i % 2 ? 'end' : 'word'}${i >> 1}`)],
    ['ragged.arrow', 'acts f32 [10, 3]', words(10, String)],
    ['tensor.arrow', 'acts f32 [5, 2, 3]', []],
    ['lz4.feather', 'acts f32 [5, 6]', []],
  ])('%s is %s', async (name, shape, tokens) => {
    expect(await first(`tables/${name}`)).toEqual({ shape, values: VALUES, tokens });
  });

  it('keeps tokens within their sequences', async () => {
    await first('tables/nested.arrow');
    expect(files.source().tokens?.at(2)).toEqual({ token: ' word1', before: '', after: ' end1' });
    await first('tables/ragged.arrow');
    expect(files.source().tokens?.at(6)).toEqual({ token: '6', before: '4 5', after: '7 8' });
  });

  it.each([
    ['uneven.arrow', 'uneven.arrow: column “acts” in batch 1 has 1 values in row 2, expected 2 as in row 0'],
    ['nulls.arrow', 'nulls.arrow: column “acts” in batch 1 holds nulls (1 of them), expected numbers'],
    ['null_values.arrow', 'null_values.arrow: column “acts” in batch 0 holds nulls (2 of them), expected numbers'],
    ['no_rows.arrow', 'no_rows.arrow: holds no column of lists of float16, float32 or float64, which are rows'],
  ])('%s is refused', async (name, message) => {
    await expect(open(`tables/${name}`)).rejects.toThrow(message);
  });

  it('says of a file cut short at any byte that it is', async () => {
    for (const name of ['f16_fixed.arrow', 'f32_list.arrows']) {
      const whole = bytesOf(`tables/${name}`);
      // A stream without its last eight bytes, which only say that it ends, holds all its rows.
      for (let end = 9; end < whole.length - 8; end += 7) {
        const outcome = await open([name, whole.slice(0, end)]).then(
          (opened) => (opened.kind === 'tensors' ? opened.tensors.map(({ shape }) => shape[0]) : opened.kind),
          (error: unknown) => error,
        );
        // What ends between two batches is a shorter stream.
        if (Array.isArray(outcome)) expect(outcome, `${name} to byte ${end}`).toEqual([2]);
        else
          expect(String(outcome), `${name} to byte ${end}`).toMatch(/cut short|ends before|no column|is empty|no rows/);
      }
    }
  });

  it('refuses or reads a file with a byte changed, and reads no value beyond it', async () => {
    const whole = bytesOf('tables/nested.arrow');
    for (let at = 0; at < whole.length; at += 9) {
      for (const byte of [0x00, 0xff]) {
        const changed = whole.slice();
        changed[at] = byte;
        const outcome = await first(['changed.arrow', changed]).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome.message, `byte ${at}`).toMatch(/^changed\.arrow: /);
        else expect(outcome).toMatchObject({ values: expect.any(Array) as unknown });
      }
    }
  }, 120_000);
});

describe('compressed Arrow', () => {
  /** As tables.py makes it: rows of the five in an order of its own. */
  const many = Array.from({ length: 4000 }, (_, row) => Math.floor(row ** 2 / 7) % 5).flatMap((row) =>
    VALUES.slice(6 * row, 6 * row + 6),
  );

  it.each(['lz4.arrow', 'lz4_list.arrows', 'zstd.arrow', 'zstd_list.arrows'])(
    '%s is read whole, with its tokens',
    async (name) => {
      const { shape, values, tokens } = await first(`tables/${name}`);
      expect(shape).toBe('acts f32 [4000, 6]');
      expect(values).toEqual(many);
      expect(tokens).toEqual(words(4000, (row) => `word${row % 5}`));
    },
  );

  /** Where the sizes of packed buffers stand: 96,000 − 72 bytes of values, 4 × 3,998 of offsets of texts. */
  function sizesIn(bytes: Bytes, size: bigint): number[] {
    const view = new DataView(bytes.buffer);
    return Array.from({ length: bytes.length >> 3 }, (_, i) => 8 * i).filter(
      (at) => view.getBigInt64(at, true) === size,
    );
  }

  it.each([
    ['lz4.arrow', 95_929n, /cannot be unpacked \(LZ4_FRAME\): it holds 95928 bytes, expected 95929$/],
    ['lz4.arrow', 95_927n, /cannot be unpacked \(LZ4_FRAME\): a (match|block) .*/],
    ['zstd.arrow', 95_929n, /cannot be unpacked \(ZSTD\): it holds 95928 bytes, expected 95929$/],
    ['zstd.arrow', 95_927n, /cannot be unpacked \(ZSTD\): it holds 95928 bytes, expected 95927$/],
    ['lz4.arrow', 2n ** 31n, /claims 2\.15\sGB unpacked, expected at most 1\.07\sGB: write smaller batches$/],
    ['zstd.arrow', 2n ** 62n, /claims .* unpacked, expected at most/],
    ['zstd.arrow', -2n, /claims -2 bytes$/],
  ])('%s whose buffer claims %d bytes is refused, and nothing of that size is made', async (name, size, message) => {
    const bytes = bytesOf(`tables/${name}`);
    const [at = 0] = sizesIn(bytes, 95_928n);
    expect(at).toBeGreaterThan(0);
    new DataView(bytes.buffer).setBigInt64(at, size, true);
    await expect(open([name, bytes])).rejects.toThrow(message);
    await expect(open([name, bytes])).rejects.toThrow(`${name}: its compressed buffer at byte ${at} `);
  });

  it.each(['lz4.arrow', 'zstd.arrow'])(
    '%s with bytes changed is refused or read, and reads no value beyond',
    async (name) => {
      const whole = bytesOf(`tables/${name}`);
      const step = Math.floor(whole.length / 50);
      for (let at = 8; at < whole.length; at += step) {
        for (const byte of [0x00, 0xff]) {
          const changed = whole.slice();
          changed[at] = byte;
          const outcome = await first(['changed.arrow', changed]).catch((error: unknown) => error);
          if (outcome instanceof Error) expect(outcome.message, `byte ${at}`).toMatch(/^changed\.arrow: /);
          else expect(outcome).toMatchObject({ values: expect.any(Array) as unknown });
        }
      }
    },
    120_000,
  );
});

describe('Parquet', () => {
  it.each([
    ['plain.parquet', 'acts f32 [5, 6]', five],
    ['dictionary.parquet', 'acts f32 [5, 6]', five],
    ['snappy.parquet', 'acts f32 [5, 6]', five],
    ['zstd.parquet', 'acts f32 [5, 6]', five],
    ['gzip.parquet', 'acts f32 [5, 6]', five],
    ['split.parquet', 'acts f32 [5, 6]', five],
    ['lz4.parquet', 'acts f32 [5, 6]', five],
    ['second.parquet', 'acts f32 [5, 6]', five],
    ['delta.parquet', 'acts f32 [5, 6]', five],
    ['delta_lengths.parquet', 'acts f32 [5, 6]', five],
    ['f16.parquet', 'acts f16 [5, 6]', []],
    ['nested_f64.parquet', 'acts f64 [5, 2, 3]', words(10, (i) => String((i >> 1) + (i % 2) * 100))],
    ['delta_ids.parquet', 'acts f64 [5, 2, 3]', words(10, (i) => String((i >> 1) + (i % 2) * 100))],
    ['frame.parquet', 'x0 … x5 f32 [5, 6]', []],
  ])('%s is %s', async (name, shape, tokens) => {
    expect(await first(`tables/${name}`)).toEqual({ shape, values: VALUES, tokens });
  });

  it.each([
    ['nulls.parquet', 'nulls.parquet: column “acts”: entry 1 is null'],
    ['uneven.parquet', 'uneven.parquet: column “acts”: entry 1 has 1 values, expected 2 as before it'],
  ])('%s is refused', async (name, message) => {
    await expect(open(`tables/${name}`)).rejects.toThrow(message);
  });

  it('is refused when it was cut short', async () => {
    await expect(open(['a.parquet', bytesOf('tables/zstd.parquet').slice(0, -100)])).rejects.toThrow(
      /^a\.parquet: does not end with PAR1: it was cut short at byte \d+/,
    );
  });

  it('refuses a page that claims to unpack to more than the footer says', async () => {
    const name = 'zeros.parquet';
    const bomb = bytesOf(`tables/${name}`);
    // The header of the first page, by Thrift's compact protocol: its type, then the size unpacked as a varint.
    expect([...bomb.subarray(4, 7)]).toEqual([0x15, 0x00, 0x15]);
    expect(bomb[7]).toBeGreaterThan(0x7f);
    // Three bytes of a size; the last claims 2 MB more than there are.
    bomb[9] = 0x7f;
    await expect(open([name, bomb])).rejects.toThrow(
      /^zeros\.parquet: column “acts” in row group 0: its page at byte 4 claims \d+ values in \d+ bytes, more than the footer’s 16000 values in/,
    );
  });

  it('refuses or reads a file with a byte changed', async () => {
    const whole = bytesOf('tables/snappy.parquet');
    for (let at = 4; at < whole.length; at += 13) {
      const changed = whole.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x55;
      const outcome = await first(['changed.parquet', changed]).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome.message, `byte ${at}`).toMatch(/^changed\.parquet: /);
    }
  }, 120_000);

  it('keeps all halves bit for bit', () => {
    const halves = new Map<number, number>();
    for (let bits = 0; bits < 0x7c00; bits++) {
      const [exponent, fraction] = [bits >> 10, bits & 0x3ff];
      halves.set(bits, exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
    }
    const other = [...halves].filter(
      ([bits, value]) => halfBits(value) !== bits || halfBits(-value) !== (bits | 0x8000),
    );
    expect(other).toEqual([]);
    expect([halfBits(Infinity), halfBits(-Infinity), halfBits(Number.NaN)]).toEqual([0x7c00, 0xfc00, 0x7e00]);
  });
});

describe('shards', () => {
  const saved = readdirSync(new URL('tables/saved/', FOLDER)).map((name) => `tables/saved/${name}`);

  it('of a data set that was saved to disk are one', async () => {
    expect(await first(...saved)).toEqual({
      shape: 'blocks.0.hook_mlp_out f32 [5, 2, 3]',
      values: VALUES,
      tokens: words(10, String),
    });
  });

  /** An .npy of some of the rows. */
  function npy(from: number, to: number, cols = 6, descr = '<f4'): Bytes {
    const shape = `(${to - from}, ${cols})`;
    const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117, ' ') + '\n';
    const start = [0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length, 0];
    const values = VALUES.slice(from * cols, to * cols);
    const numbers = descr === '<f4' ? Float32Array.from(values) : Float64Array.from(values);
    return Uint8Array.from([...start, ...new TextEncoder().encode(header), ...new Uint8Array(numbers.buffer)]);
  }

  it('of .npy stand in the order of their numbers', async () => {
    const given = [10, 9, 8].map((i): [string, Bytes] => [`acts_${i}.npy`, i === 10 ? npy(3, 5) : npy(i - 8, i - 7)]);
    given[0] = ['acts_10.npy', npy(2, 5)];
    expect(await first(...given)).toEqual({ shape: 'activations f32 [5, 6]', values: VALUES, tokens: [] });
  });

  /** A file of safetensors with one array. */
  function safetensors(name: string, from: number, to: number): Bytes {
    const values = Float32Array.from(VALUES.slice(from * 6, to * 6));
    const about = { [name]: { dtype: 'F32', shape: [to - from, 6], data_offsets: [0, values.byteLength] } };
    const header = new TextEncoder().encode(JSON.stringify(about));
    return Uint8Array.from([header.length, 0, 0, 0, 0, 0, 0, 0, ...header, ...new Uint8Array(values.buffer)]);
  }

  const index = (names: Record<string, string>): Bytes =>
    Uint8Array.from(new TextEncoder().encode(JSON.stringify({ metadata: {}, weight_map: names })));

  it('of safetensors follow their index', async () => {
    const shards: [string, Bytes][] = [
      ['a-00002-of-00002.safetensors', safetensors('x', 2, 5)],
      ['a-00001-of-00002.safetensors', safetensors('x', 0, 2)],
    ];
    const names = { 'x.0': 'a-00001-of-00002.safetensors', 'x.1': 'a-00002-of-00002.safetensors' };
    const expected = { shape: 'x f32 [5, 6]', values: VALUES, tokens: [] };
    expect(await first(...shards, ['a.safetensors.index.json', index(names)])).toEqual(expected);
    expect(await first(...shards)).toEqual(expected);
  });

  it.each<[string, [string, Bytes][], string]>([
    [
      'one is missing by its number',
      [0, 1, 3].map((i) => [`a-${i}.npy`, npy(i, i + 1)]),
      'a-2.npy: is missing from the set: a-3.npy is in its place',
    ],
    [
      'the last is missing',
      [1, 2].map((i) => [`a-0000${i}-of-00003.npy`, npy(i, i + 1)]),
      'a-00003-of-00003.npy: is missing from the set',
    ],
    [
      'the first is missing',
      [2, 3].map((i) => [`a-0000${i}-of-00003.npy`, npy(i, i + 1)]),
      'a-00001-of-00003.npy: is missing from the set: a-00002-of-00003.npy is in its place',
    ],
    [
      'one is missing by the index',
      [
        ['a.npy', npy(0, 1)],
        ['x.index.json', index({ x: 'b.npy' })],
      ],
      'b.npy: is listed in x.index.json and is not there',
    ],
    [
      'the index lists nothing',
      [
        ['a.npy', npy(0, 1)],
        ['x.index.json', index({})],
      ],
      "x.index.json: lists no files, expected an object with 'weight_map' or '_data_files'",
    ],
    [
      'widths differ',
      [
        ['a0.npy', npy(0, 2)],
        ['a1.npy', npy(0, 2, 5)],
      ],
      'a1.npy: its array “activations” is f32 […, 5], expected f32 […, 6] as in a0.npy',
    ],
    [
      'types differ',
      [
        ['a0.npy', npy(0, 2)],
        ['a1.npy', npy(0, 2, 6, '<f8')],
      ],
      'a1.npy: its array “activations” is f64 […, 6], expected f32 […, 6] as in a0.npy',
    ],
    [
      'one is cut short',
      [
        ['a0.npy', npy(0, 2)],
        ['a1.npy', npy(2, 5).slice(0, -8)],
      ],
      'a1.npy: ends at byte',
    ],
    [
      'one is of another kind',
      [
        ['a0.npy', npy(0, 2)],
        ['a1.csv', Uint8Array.from(new TextEncoder().encode('1,2\n3,4'))],
      ],
      'a1.csv: is one of several files, expected .npy, .safetensors, Arrow or Parquet',
    ],
  ])('are refused when %s, and the rows before stay', async (_, given, message) => {
    await first('tables/nested.arrow');
    const before = files.source();
    await expect(open(...given)).rejects.toThrow(message);
    expect(files.source()).toBe(before);
    expect(before.data.rows).toBe(10);
  });
});
