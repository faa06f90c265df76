// Steps of numbers that span many decades: 0, 1e-6, 2e-6, 5e-6, 1e-5 … and the same below 0.

/** Where the ladder leaves 0; a weight or a step size below has no effect. */
const LEAST = 1e-6;
const RUNGS = [1, 2, 5, 10] as const;
/** Numbers nearer to a rung than this share stand on it: the rungs are decimal, and floats are not. */
const SLACK = 1e-9;

/** The next number up or down the ladder. */
export function stepped(value: number, direction: 1 | -1): number {
  const size = Math.abs(value);
  if (size < LEAST * (1 - SLACK)) return direction * LEAST;
  const away = value > 0 === direction > 0;
  const decade = Math.floor(Math.log10(size * (1 + SLACK)));
  const mantissa = size / 10 ** decade;
  const rung = away
    ? RUNGS.find((each) => each > mantissa * (1 + SLACK))
    : [0.5, ...RUNGS].findLast((each) => each < mantissa * (1 - SLACK));
  // Written and read again, the number is as short as it looks.
  const next = Number(`${rung === 0.5 ? 5 : (rung ?? 10)}e${rung === 0.5 ? decade - 1 : decade}`);
  return next < LEAST * (1 - SLACK) ? 0 : Math.sign(value) * next;
}
