import { expect, it } from 'vitest';
import { bytes, count, duration, fixed, measured, memory, milliseconds, percent, power } from '../src/kit/format';

/** With spaces that break: easier to write in a test. */
const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

it('never parts a number from its unit at the end of a line', () => {
  expect(
    [percent(0.5), duration(12), bytes(512), memory(2 ** 20), milliseconds(3)].filter((text) => text.includes(' ')),
  ).toEqual([]);
});

it('shows measured values with at most four significant digits', () => {
  expect([0.162345, 12.3456, 15, 0.29, 999.96, 1234.5, 123456].map(measured)).toEqual([
    '0.1623',
    '12.35',
    '15',
    '0.29',
    '1,000',
    '1,235',
    '123,456',
  ]);
  expect([1.234e-5, 3.21e9, 0, -0.5, -4e-4, -0].map(measured)).toEqual([
    '1.23e−5',
    '3.21e9',
    '0',
    '−0.5',
    '−4e−4',
    '0',
  ]);
});

it('says so where there is no value, or none that is a number', () => {
  for (const format of [measured, percent, duration, milliseconds, bytes]) expect(format(undefined)).toBe('–');
  for (const format of [measured, percent, duration, bytes]) {
    expect(format(NaN)).toBe('not finite');
    expect(format(Infinity)).toBe('not finite');
  }
});

it('writes powers of ten of one width for columns', () => {
  expect([1.9e-9, 0, 0.5, -1e-8].map(power)).toEqual(['1.90e−9', '0', '5.00e−1', '−1.00e−8']);
  expect([power(undefined), power(NaN)]).toEqual(['–', 'not finite']);
});

it('separates thousands', () => expect([1024, 60000, -60000].map(count)).toEqual(['1,024', '60,000', '−60,000']));

it('keeps the width of numbers that change, and never shows a negative nothing', () => {
  expect([-0.5, 0.126, 1, -0.0004].map((value) => fixed(value, 2))).toEqual(['−0.50', '0.13', '1.00', '0.00']);
  expect([24.4, -7].map((value) => fixed(value, 0))).toEqual(['24', '−7']);
});

it('shows shares with two digits, however small, and never a part as none or as all', () => {
  expect([0, 0.00004, 0.000012, 0.0156, 0.0996, 0.5, 1].map((value) => plain(percent(value)))).toEqual([
    '0 %',
    '0.004 %',
    '0.0012 %',
    '1.6 %',
    '10 %',
    '50 %',
    '100 %',
  ]);
  expect([0.994, 0.9962, 0.99999, 1.234, -0.031, 1e-9].map((value) => plain(percent(value)))).toEqual([
    '99 %',
    '99.62 %',
    '99.99 %',
    '123 %',
    '−3.1 %',
    '1e−7 %',
  ]);
});

it('shows times in their own unit, up to hours', () => {
  expect([0, 0.4211, 3.21, 9.97, 12.3, 59.7, 185].map((value) => plain(duration(value)))).toEqual([
    '0 s',
    '0.42 s',
    '3.2 s',
    '10 s',
    '12 s',
    '1 min 0 s',
    '3 min 5 s',
  ]);
  expect([3599.4, 3599.6, 3840, 187_000].map((value) => plain(duration(value)))).toEqual([
    '59 min 59 s',
    '1 h 0 min',
    '1 h 4 min',
    '51 h 57 min',
  ]);
  expect([0.4211, 12.34, 7063].map((value) => plain(milliseconds(value)))).toEqual([
    '0.4211 ms',
    '12.34 ms',
    '7,063 ms',
  ]);
});

it('shows sizes in bytes up to terabytes', () => {
  expect([0, 512, 999.6, 5_242_880, 999_600_000, 1.05e9, 3e15].map((value) => plain(bytes(value)))).toEqual([
    '0 B',
    '512 B',
    '1 kB',
    '5.24 MB',
    '1 GB',
    '1.05 GB',
    '3,000 TB',
  ]);
  expect([16_384, 2 ** 28, 2 ** 31 - 4, 1010 * 2 ** 20].map((value) => plain(memory(value)))).toEqual([
    '16 KiB',
    '256 MiB',
    '2 GiB',
    '1,010 MiB',
  ]);
});
