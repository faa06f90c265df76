// Numbers for people: at most four significant digits, thousands separated.

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const significant = new Intl.NumberFormat('en', { maximumSignificantDigits: 4, minimumSignificantDigits: 4 });

/** A measured value: 0.1623, 12.34, 15, 1,234, 1.23e-5. */
export function measured(value: number | undefined): string {
  if (value === undefined) return '–';
  if (!Number.isFinite(value)) return 'not finite';
  const size = Math.abs(value);
  if (size >= 1e7 || (size < 1e-3 && size > 0)) return value.toExponential(2).replace('e+', 'e');
  return size >= 1000 || Number.isInteger(value) ? grouped.format(value) : significant.format(value);
}

/** A count, thousands separated. */
export function count(value: number): string {
  return grouped.format(value);
}

/** A share of 1 in percent: 3.1 %, 12 %. */
export function percent(share: number | undefined): string {
  if (share === undefined) return '–';
  const value = share * 100;
  return `${value === 0 || value >= 9.95 ? value.toFixed(0) : value.toFixed(1)} %`;
}

/** A time to come or a time taken: 0.42 s, 12 s, 3 min 5 s. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return '–';
  if (seconds < 10) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
