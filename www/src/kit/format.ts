// Numbers for people, one format for the whole site: at most four significant digits, thousands separated by commas,
// a true minus sign, a space that does not break before the unit.

const LOCALE = 'en';

const NOTHING = '–';
const NOT_FINITE = 'not finite';

/** Between a number and its unit: no line ends there. */
const SPACE = '\u00a0';

/** Measured values from here on, and below, are written with a power of ten. */
const LARGE = 1e7;
const SMALL = 1e-3;

const integers = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0, signDisplay: 'negative' });
const powers = new Intl.NumberFormat(LOCALE, { notation: 'scientific', maximumSignificantDigits: 3 });

/** By the number of digits: significant ones at most, and of decimals. */
const bySignificant = new Map<number, Intl.NumberFormat>();
const byDecimals = new Map<number, Intl.NumberFormat>();

function significant(digits: number): Intl.NumberFormat {
  return kept(bySignificant, digits, () => ({ maximumSignificantDigits: digits }));
}

function kept(
  formats: Map<number, Intl.NumberFormat>,
  digits: number,
  options: () => Intl.NumberFormatOptions,
): Intl.NumberFormat {
  let format = formats.get(digits);
  if (!format) formats.set(digits, (format = new Intl.NumberFormat(LOCALE, { ...options(), signDisplay: 'negative' })));
  return format;
}

/** Intl writes a hyphen for the minus sign, and a capital E. */
function written(format: Intl.NumberFormat, value: number): string {
  return format.format(value).replaceAll('-', '−').replace('E', 'e');
}

/** A measured value: 0.1623, 12.35, 15, 1,235, −0.5, 1.23e−5. */
export function measured(value: number | undefined): string {
  if (value === undefined) return NOTHING;
  if (!Number.isFinite(value)) return NOT_FINITE;
  const size = Math.abs(value);
  if (size >= LARGE || (size < SMALL && size > 0)) return written(powers, value);
  return written(size >= 1000 ? integers : significant(4), value);
}

const column = new Intl.NumberFormat(LOCALE, {
  notation: 'scientific',
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
});

/** A power of ten with three digits always, for columns of very small numbers: 1.90e−9; nothing is 0. */
export function power(value: number | undefined): string {
  if (value === undefined) return NOTHING;
  if (!Number.isFinite(value)) return NOT_FINITE;
  return value === 0 ? '0' : written(column, value);
}

/** A count: 1,024. */
export function count(value: number): string {
  return written(integers, value);
}

/** With so many decimals always, so that a number that changes as one watches keeps its width: −0.50. */
export function fixed(value: number, decimals: number): string {
  const format = kept(byDecimals, decimals, () => ({
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }));
  return written(format, value);
}

const nearlyAll = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 4, roundingMode: 'trunc' });

/** A share of 1 in percent, two significant digits: 0.004 %, 3.1 %, 12 %; what is short of all is not 100 %. */
export function percent(share: number | undefined): string {
  if (share === undefined) return NOTHING;
  if (!Number.isFinite(share)) return NOT_FINITE;
  const value = 100 * share;
  const size = Math.abs(value);
  if (size > 0 && size < 1e-4) return `${written(powers, value)}${SPACE}%`;
  if (size >= 99.5) return `${written(size < 100 ? nearlyAll : integers, value)}${SPACE}%`;
  return `${written(significant(2), value)}${SPACE}%`;
}

/** A time to come or a time taken: 0.42 s, 12 s, 3 min 5 s, 1 h 4 min. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return NOTHING;
  if (!Number.isFinite(seconds)) return NOT_FINITE;
  if (seconds < 10) return `${written(significant(2), seconds)}${SPACE}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}${SPACE}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}${SPACE}min ${whole % 60}${SPACE}s`;
  const minutes = Math.round(seconds / 60);
  return `${count(Math.floor(minutes / 60))}${SPACE}h ${minutes % 60}${SPACE}min`;
}

/** A short time: 0.42 ms, 12.35 ms, 7,063 ms. */
export function milliseconds(value: number | undefined): string {
  return value === undefined ? NOTHING : `${measured(value)}${SPACE}ms`;
}

const ofThousands = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
const ofPowers = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** The size of a file: 512 B, 5.24 MB, 1.05 GB. */
export function bytes(size: number | undefined): string {
  return sized(size, 1000, ofThousands);
}

/** The size of memory that is given out in powers of two: 16 KiB, 2 GiB. */
export function memory(size: number | undefined): string {
  return sized(size, 1024, ofPowers);
}

function sized(size: number | undefined, base: number, units: readonly string[]): string {
  if (size === undefined) return NOTHING;
  if (!Number.isFinite(size)) return NOT_FINITE;
  let power = 0;
  // What rounds to one of the next unit is one of it.
  while (power < units.length - 1 && size / base ** power >= base - 0.5) power++;
  const digits = size / base ** power < 1000 ? significant(3) : integers;
  return `${written(digits, size / base ** power)}${SPACE}${units[power] ?? ''}`;
}
