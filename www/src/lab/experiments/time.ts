// How long the rest of an experiment will take, by what its runs took so far.

import type { EpochReport } from 'splinterp/lab';
import type { ExperimentTable, Outcome, Place } from './protocol';

/** A run that is under way. */
interface Begun {
  place: Place;
  reports: readonly EpochReport[];
}

/**
 * Seconds until every run has ended; nothing before there is anything to go by. Runs of one kind take a time about in
 * proportion to the rows that their encoder sees; a kind of which none has ended is taken for the mean of the others.
 */
export function secondsLeft(table: ExperimentTable, begun: Begun | undefined): number | undefined {
  const { settings, runs, seeds, outcomes } = table;
  const pace = paceOf(table, outcomes);
  const overall = pace(undefined);
  let left = 0;
  for (const run of runs) {
    const each = pace(run) ?? overall;
    for (const [setting, { rows, epochs }] of settings.entries()) {
      const done = outcomes.filter((outcome) => outcome.run === run && outcome.setting === setting).length;
      const current = begun?.place.run === run && begun.place.setting === setting ? begun.reports : [];
      const own = current.reduce((sum, { seconds }) => sum + seconds, 0) / (current.length * (rows / epochs));
      const rate = each ?? (current.length > 0 ? own : undefined);
      const missing = seeds.length - done - current.length / epochs;
      if (missing <= 0) continue;
      if (rate === undefined) return undefined;
      left += missing * rows * rate;
    }
  }
  return left;
}

/** How much of the work is done, by the rows that the encoders see. */
export function shareDone({ settings, runs, seeds, outcomes }: ExperimentTable, begun: Begun | undefined): number {
  const rowsOf = (setting: number): number => settings[setting]?.rows ?? 0;
  const total = settings.reduce((sum, { rows }) => sum + rows, 0) * runs.length * seeds.length;
  const ended = outcomes.reduce((sum, { setting }) => sum + rowsOf(setting), 0);
  const own = begun ? (rowsOf(begun.place.setting) * begun.reports.length) / epochsOf(settings, begun) : 0;
  return total > 0 ? Math.min(1, (ended + own) / total) : 0;
}

function epochsOf(settings: ExperimentTable['settings'], { place }: Begun): number {
  return settings[place.setting]?.epochs ?? 1;
}

/** Seconds a row of runs of a kind, or of all. */
function paceOf(
  { settings }: ExperimentTable,
  outcomes: readonly Outcome[],
): (run: string | undefined) => number | undefined {
  return (run) => {
    const known = outcomes.filter((outcome) => (run === undefined || outcome.run === run) && outcome.row.report);
    const rows = known.reduce((sum, { setting }) => sum + (settings[setting]?.rows ?? 0), 0);
    const seconds = known.reduce((sum, { row }) => sum + row.seconds, 0);
    return rows > 0 ? seconds / rows : undefined;
  };
}
