import { expect, it } from 'vitest';
import { count, duration, measured, percent } from '../src/kit/format';

it('shows measured values with four significant digits', () => {
  expect([0.162345, 12.3456, 15, 0.29, 1234.5, 123456].map(measured)).toEqual([
    '0.1623',
    '12.35',
    '15',
    '0.2900',
    '1,235',
    '123,456',
  ]);
  expect([1.234e-5, 3.21e9, 0, -0.5].map(measured)).toEqual(['1.23e-5', '3.21e9', '0', '-0.5000']);
});

it('says so where there is no value, or none that is a number', () => {
  expect(measured(undefined)).toBe('–');
  expect(measured(NaN)).toBe('not finite');
  expect(measured(Infinity)).toBe('not finite');
  expect(percent(undefined)).toBe('–');
  expect(duration(undefined)).toBe('–');
});

it('separates thousands', () => expect(count(60000)).toBe('60,000'));

it('shows small shares with a decimal', () => {
  expect([0, 0.0156, 0.0996, 0.5, 1].map(percent)).toEqual(['0 %', '1.6 %', '10 %', '50 %', '100 %']);
});

it('shows times in their own unit', () => {
  expect([0.4211, 3.21, 12.3, 59.7, 185].map(duration)).toEqual(['0.42 s', '3.2 s', '12 s', '1 min 0 s', '3 min 5 s']);
});
