// Scales of drawn figures: from values to pixels, and the numbers beside an axis.

export interface Scale {
  /** Pixels of a value; of 0 and below on a logarithmic scale, the end. */
  of(value: number): number;
  ticks: number[];
}

/** About so many numbers beside an axis. */
const TICKS = 6;

/** Between `from` and `to` in pixels. */
export function linear(least: number, most: number, from: number, to: number): Scale {
  const span = most > least ? most - least : 1;
  const step = niceStep(span / TICKS);
  const first = Math.ceil(least / step - 1e-9);
  const last = Math.floor((least + span) / step + 1e-9);
  return {
    of: (value) => from + ((value - least) / span) * (to - from),
    ticks: Array.from({ length: Math.max(0, last - first + 1) }, (_, i) =>
      Number(((first + i) * step).toPrecision(12)),
    ),
  };
}

/** The same by decades; `least` is above 0. */
export function logarithmic(least: number, most: number, from: number, to: number): Scale {
  // A scale of one value has room on both sides.
  const [low, high] = most > 1.01 * least ? [least, most] : [least / 2, most * 2];
  const decades = Math.log10(high / low);
  const digits = decades > 4 ? [1] : decades > 1 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9];
  const first = Math.floor(Math.log10(low));
  const powers = Array.from({ length: Math.ceil(decades) + 2 }, (_, i) => first + i);
  const candidates = powers.flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)));
  return {
    of: (value) => from + (Math.log10(Math.max(value, low) / low) / decades) * (to - from),
    ticks: candidates.filter((tick) => tick >= low && tick <= high),
  };
}

/** 1, 2 or 5 times a power of ten, at least so large. */
function niceStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  return ([1, 2, 5, 10].find((each) => each * power >= size * (1 - 1e-9)) ?? 10) * power;
}
