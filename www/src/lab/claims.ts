// What may be said of runs side by side, computed from what is shown: which were compared, by what, when, and whether
// they pay for it with the same number of active latents.

import { measured } from '../kit/format';

/** A run as it stands by a metric. */
export interface Stand {
  name: string;
  value: number;
  /** Mean number of active latents. */
  l0: number;
}

/** A metric by which runs are compared. */
export interface Comparison {
  /** What it is, to begin a sentence. */
  meaning: string;
  /** What is lowest where a run is ahead; not of metrics that are neither good nor bad. */
  lowest?: string;
  show: (value: number) => string;
  /** When the runs stand there: after epoch 5. */
  when: string;
}

/** Numbers of active latents that differ by more than this factor make errors incomparable. */
export const ALIKE = 1.1;

/** One sentence, without its end. */
export function claimOf({ meaning, lowest, show, when }: Comparison, stands: readonly Stand[]): string {
  const sorted = stands.toSorted((a, b) => rank(a) - rank(b));
  const [first, ...others] = sorted;
  if (!first) return meaning;
  const each = (shown: readonly Stand[], more: (stand: Stand) => string = () => ''): string =>
    shown.map((stand) => `${stand.name} ${show(stand.value)}${more(stand)}`).join(', ');
  if (others.length === 0 || lowest === undefined || !Number.isFinite(first.value)) {
    return `${meaning} ${when}: ${each(stands)}`;
  }
  const counts = sorted.map(({ l0 }) => l0);
  if (Math.max(...counts) > ALIKE * Math.min(...counts)) {
    const l0 = ({ l0 }: Stand): string => ` at L0 ${measured(l0)}`;
    const fewer = others.every((other) => first.l0 <= other.l0);
    return fewer
      ? `${lowest} of these ${sorted.length} runs ${when}, with the fewest active latents: ${each([first], l0)}, against ${each(others, l0)}`
      : `${meaning} ${when}, not to be ranked, since the runs use different numbers of active latents: ${each(sorted, l0)}`;
  }
  return `${lowest} of these ${sorted.length} runs ${when}: ${each([first])}, against ${each(others)}`;
}

/** What is not finite stands last. */
function rank({ value }: Stand): number {
  return Number.isFinite(value) ? value : Infinity;
}
