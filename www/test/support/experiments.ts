// Experiments without arithmetic: tables as a worker would tell of them.

import type { ExperimentRow, ExperimentSummary } from 'splinterp/lab';
import type { Cell, ExperimentService, ExperimentTable, Outcome } from '../../src/lab/experiments/protocol';
import { report } from './fakes';

const none = { weightDecay: 0, muEnc: 0, nuEnc: 0, muDec: 0, nuDec: 0 };

export function rowOf(label: string, testMse: number, more: Partial<ExperimentRow> = {}, testL0 = 15): ExperimentRow {
  return {
    ...{
      label,
      method: 'sgd',
      activation: 'topk-15',
      share: 1,
      updatesPerBatch: 1,
      l1: 0,
      ...none,
      seed: 0,
      epochs: 2,
    },
    ...{ backend: 'CPU', report: report(2, { testMse, testL0 }), seconds: 10, error: null },
    ...more,
  };
}

/** As the crate does it for one run. */
export function summaryOf(rows: readonly ExperimentRow[]): ExperimentSummary {
  const ended = rows.flatMap(({ report: last }) => (last ? [last] : []));
  const spread = (value: (last: (typeof ended)[number]) => number) => ({
    mean: ended.length > 0 ? ended.reduce((sum, last) => sum + value(last), 0) / ended.length : null,
    deviation: null,
  });
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0) / Math.max(1, rows.length);
  return {
    ...{ label: rows[0]?.label ?? '', activation: '', share: 1, updatesPerBatch: 1, l1: 0, ...none },
    ...{ runs: ended.length, failed: rows.length - ended.length },
    ...{ testMse: spread(({ testMse }) => testMse), trainMse: spread(({ trainMse }) => trainMse) },
    ...{ testFvu: spread(({ testFvu }) => testFvu), testL0: spread(({ testL0 }) => testL0) },
    ...{ deadShare: spread(({ deadShare }) => deadShare), seconds: { mean: seconds, deviation: null } },
  };
}

/** A figure whose runs have ended where `ended` has a row: by setting, then by run. */
export function tableOf(
  settings: readonly string[],
  runs: readonly string[],
  ended: readonly (readonly (ExperimentRow | undefined)[])[],
): ExperimentTable {
  const outcomes = settings.flatMap((_, setting) =>
    runs.flatMap((run, i): Outcome[] => {
      const row = ended[setting]?.[i];
      return row ? [{ setting, run, seed: 0, row, reports: [report(1), row.report ?? report(2)] }] : [];
    }),
  );
  const cells = outcomes.map(({ setting, run, row }): Cell => ({ setting, run, summary: summaryOf([row]) }));
  const rows = (setting: number): number => 1000 * (setting + 1);
  return {
    settings: settings.map((label, setting) => ({ label, epochs: 2, steps: 8, rows: rows(setting) })),
    runs: [...runs],
    seeds: [0],
    outcomes,
    cells,
  };
}

/** Serves experiments of which nothing was kept and whose lists never end by themselves. */
export function fakeExperiments(tell: (what: string) => Promise<void>): ExperimentService {
  let end: () => void = () => undefined;
  return {
    recallExperiments: (_session, { figure, seeds }) =>
      tell(`recall ${figure} ${seeds}`).then(() => tableOf(['1 %', '5 %'], ['sgd-tied', 'pam-recommended'], [])),
    runExperiments: async (session, { figure, activation }) => {
      await tell(`run ${session} ${figure} ${activation ?? 'form'}`);
      await new Promise<void>((resolve) => (end = resolve));
      return tableOf(['1 %', '5 %'], ['sgd-tied', 'pam-recommended'], [[rowOf('SGD tied', 0.5)]]);
    },
    pauseExperiments: () => tell('pause experiments'),
    resumeExperiments: () => tell('resume experiments'),
    cancelExperiments: () => tell('cancel experiments').then(() => end()),
    experimentsCsv: (rows) => tell(`csv ${rows.length}`).then(() => 'label\n'),
  };
}
