// From an experiment's table to its picture: the metric that is chosen, by setting or along an axis.

import type { EpochReport } from 'splinterp/lab';
import { axes, placesOf, type AxisKey } from '../axis';
import type { Metric } from '../metrics';
import type { RunName } from '../protocol';
import type { Picture, Point, Series } from './picture';
import type { ExperimentTable, Place } from './protocol';
import { cellAt } from './table';

/** A run that is under way, with its epochs so far. */
export interface Current {
  place: Place;
  reports: readonly EpochReport[];
}

interface Look {
  metric: Metric;
  log: boolean;
}

/** The metric of every run at every setting, after its last epoch. */
export function bySetting(table: ExperimentTable, name: string, { metric, log }: Look): Picture {
  return {
    title: `test ${metric.name} after the last epoch`,
    log,
    across: { settings: table.settings.map(({ label }) => label), label: name },
    series: table.runs.map((run) => ({
      run,
      points: table.settings.flatMap((_, at) => pointOf(table, at, run, metric)),
    })),
  };
}

function pointOf(table: ExperimentTable, at: number, run: RunName, { spread, test }: Metric): Point[] {
  const cell = cellAt(table, at, run);
  if (!cell) return [];
  if (spread) {
    const { mean, deviation } = spread(cell.summary);
    return mean === null ? [] : [{ at, value: mean, deviation: deviation ?? undefined }];
  }
  const values = table.outcomes.flatMap(({ setting, run: of, row }) =>
    setting === at && of === run && row.report ? [test(row.report)] : [],
  );
  return values.length > 0 ? [{ at, value: mean(values), deviation: deviation(values) }] : [];
}

/** The metric of every run at one setting, over epochs, steps or seconds: the mean of the seeds that have got so far. */
export function alongAxis(
  table: ExperimentTable,
  setting: number,
  axis: AxisKey,
  current: Current | undefined,
  { metric, log }: Look,
): Picture {
  const steps = table.settings[setting]?.steps ?? 1;
  const series = table.runs.map((run): Series => {
    const ended = table.outcomes
      .filter((outcome) => outcome.setting === setting && outcome.run === run)
      .map(({ reports }) => reports);
    const begun = current?.place.setting === setting && current.place.run === run ? [current.reports] : [];
    // A run that is under way shows by itself until the first has ended; later it would bend the mean at its last epoch.
    const runs = ended.length > 0 ? ended : begun;
    const epochs = Math.max(0, ...runs.map(({ length }) => length));
    const places = runs.map((reports) => placesOf(axis, reports, steps));
    const points = Array.from({ length: epochs }, (_, epoch): Point => {
      const values = runs.flatMap((reports) => (reports[epoch] ? [metric.test(reports[epoch])] : []));
      const at = mean(places.flatMap((each) => each[epoch] ?? []));
      return { at, value: mean(values), deviation: deviation(values) };
    });
    return { run, points };
  });
  const label = `${axes[axis].label}, at ${table.settings[setting]?.label ?? ''}`;
  return { title: `test ${metric.name}`, log, across: { curves: true, label }, series };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation, of two values or more. */
function deviation(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}
