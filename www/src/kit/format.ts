// Numbers for people, one format for the whole site: at most four significant digits, thousands separated by commas,
// a true minus sign, a space before the unit.

const LOCALE = 'en';

const NOTHING = '–';
const NOT_FINITE = 'not finite';

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
  if (size > 0 && size < 1e-4) return `${written(powers, value)} %`;
  if (size >= 99.5) return `${written(size < 100 ? nearlyAll : integers, value)} %`;
  return `${written(significant(2), value)} %`;
}

/** A time to come or a time taken: 0.42 s, 12 s, 3 min 5 s, 1 h 4 min. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return NOTHING;
  if (!Number.isFinite(seconds)) return NOT_FINITE;
  if (seconds < 10) return `${written(significant(2), seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/** A short time: 0.42 ms, 12.35 ms, 7,063 ms. */
export function milliseconds(value: number | undefined): string {
  return value === undefined ? NOTHING : `${measured(value)} ms`;
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A size of a file or of memory, in powers of a thousand: 512 B, 5.24 MB, 1.05 GB. */
export function bytes(size: number | undefined): string {
  if (size === undefined) return NOTHING;
  if (!Number.isFinite(size)) return NOT_FINITE;
  let power = 0;
  // What rounds to a thousand is one of the next unit.
  while (power < byteUnits.length - 1 && size / 1000 ** power >= 999.5) power++;
  return `${written(significant(3), size / 1000 ** power)} ${byteUnits[power] ?? ''}`;
}
