// Experiments in a lab's worker: what a figure is made of, and the crate's runner, which trains what was not kept.

import type { EpochReport, Experiment, ExperimentRow, ExperimentSummary, TrainOptions } from 'splinterp/lab';
import { codeOf, Failure } from '../../kit/failure';
import type { Cell, ExperimentEvent, ExperimentTable, Outcome, Place, SettingInfo } from '../experiments/protocol';
import type { RunName } from '../protocol';
import { fingerprint } from './fingerprint';
import type { KeptRow, KeptRows } from './kept-rows';

/** A setting of a figure: what the table calls it, and what it changes. */
export interface Setting {
  label: string;
  options?: Partial<TrainOptions>;
  /** Of the training rows; the figure's where it is left out. */
  share?: number;
  /** The figure's where it is left out. */
  epochs?: number;
}

/** A run of a figure, before a setting changes it. */
export interface Contestant {
  run: RunName;
  /** In tables and CSV. */
  label: string;
  options: TrainOptions;
  preset: Experiment['preset'];
}

/** What experiments ask of data. */
export interface Rows {
  readonly rows: number;
  rowsAt(rows: Uint32Array): Float32Array;
}

/** A figure: every run at every setting from every seed, on one pair of data sets. */
export interface Plan<D extends Rows> {
  /** Names the data and where runs start, beside what is in the options. */
  data: string;
  train: D;
  settings: readonly Setting[];
  contestants: readonly Contestant[];
  share: number;
  epochs: number;
  seeds: readonly number[];
  /** Makes the crate's list of such runs. */
  list(experiments: Experiment[]): RunningList;
}

/** A list of runs, as the crate executes it. */
export interface RunningList {
  run(
    onProgress: undefined,
    onRow: (row: ExperimentRow) => void,
    onEpoch: (row: ExperimentRow) => void,
  ): Promise<ExperimentRow[]>;
  pause(): void;
  resume(): void;
  cancel(): void;
  free(): void;
}

/** What experiments need of the crate: each lab loads a module of its own. */
export interface ExperimentCrate {
  summarise(rows: ExperimentRow[]): ExperimentSummary[];
}

type Event = ExperimentEvent extends infer E ? (E extends { session: number } ? Omit<E, 'session'> : never) : never;

/** One run of a plan. */
interface Planned {
  place: Place;
  experiment: Experiment;
  /** The same run has the same key. */
  key: string;
}

/** All runs of a plan, seed by seed, so that a figure is there in full from the first seed before the second begins. */
function plannedRuns<D extends Rows>({ data, train, settings, contestants, share, epochs, seeds }: Plan<D>): Planned[] {
  const rows = fingerprint(train);
  return seeds.flatMap((seed) =>
    settings.flatMap((setting, at) =>
      contestants.map(({ run, label, options, preset }) => {
        const experiment: Experiment = {
          label,
          options: { ...options, ...setting.options, seed },
          ...(preset && { preset }),
          share: setting.share ?? share,
          epochs: setting.epochs ?? epochs,
          seeds: [seed],
        };
        return { place: { setting: at, run, seed }, experiment, key: JSON.stringify([data, rows, experiment]) };
      }),
    ),
  );
}

function settingInfo<D extends Rows>({ train, settings, contestants, share, epochs }: Plan<D>): SettingInfo[] {
  return settings.map((setting) => {
    const { batchSize = 1, updatesPerBatch = 1 } = { ...contestants[0]?.options, ...setting.options };
    const rows = Math.max(1, Math.round(train.rows * (setting.share ?? share)));
    const own = setting.epochs ?? epochs;
    return {
      label: setting.label,
      epochs: own,
      steps: Math.ceil(rows / batchSize) * updatesPerBatch,
      rows: rows * updatesPerBatch * own,
    };
  });
}

export class Experimenter<D extends Rows> {
  private list: RunningList | undefined;
  private pausing = false;

  constructor(
    private readonly crate: ExperimentCrate,
    private readonly kept: KeptRows,
  ) {}

  /** The figure as far as its runs were kept. */
  async recall(plan: Plan<D>): Promise<ExperimentTable> {
    const { outcomes } = await this.sorted(plannedRuns(plan));
    return this.tableOf(plan, outcomes);
  }

  private tableOf(plan: Plan<D>, outcomes: Outcome[]): ExperimentTable {
    const runs = plan.contestants.map(({ run }) => run);
    const cells = plan.settings.flatMap((_, setting) =>
      runs.flatMap((run) => this.cellOf(setting, run, outcomes) ?? []),
    );
    return { settings: settingInfo(plan), runs, seeds: [...plan.seeds], outcomes, cells };
  }

  /** Trains what is missing, and keeps it; resolves with the figure at the end, also when it is cancelled. */
  async run(plan: Plan<D>, tell: (event: Event) => void): Promise<ExperimentTable> {
    this.refuseSecond();
    const { missing, outcomes } = await this.sorted(plannedRuns(plan));
    // While the rows were looked up, another list may have begun.
    this.refuseSecond();
    if (missing.length === 0) return this.tableOf(plan, outcomes);
    const list = plan.list(missing.map(({ experiment }) => experiment));
    this.list = list;
    const writing: Promise<void>[] = [];
    let reports: EpochReport[] = [];
    let at = 0;
    try {
      await list.run(
        undefined,
        (row) => {
          const next = missing[at];
          at += 1;
          if (!next) return;
          const outcome: Outcome = { ...next.place, row, reports };
          reports = [];
          outcomes.push(outcome);
          if (row.report) writing.push(this.kept.keep(next.key, keptRow(outcome)));
          const cell = this.cellOf(outcome.setting, outcome.run, outcomes);
          if (cell) tell({ type: 'experiment-run', outcome, cell });
        },
        ({ report }) => {
          const place = missing[at]?.place;
          if (!report || !place) return;
          reports.push(report);
          tell({ type: 'experiment-epoch', place, report });
          if (this.pausing) tell({ type: 'experiment-paused' });
        },
      );
    } catch (error) {
      if (codeOf(error) !== 'cancelled') throw error;
    } finally {
      this.list = undefined;
      this.pausing = false;
      list.free();
    }
    await Promise.all(writing);
    return this.tableOf(plan, outcomes);
  }

  private refuseSecond(): void {
    if (this.list) throw new Failure('An experiment is running: wait for it or cancel it first', 'busy');
  }

  /** The runs of a plan that were kept, and those that are to be trained. */
  private async sorted(planned: readonly Planned[]): Promise<{ missing: Planned[]; outcomes: Outcome[] }> {
    const found = await this.kept.find(planned.map(({ key }) => key));
    const outcomes = planned.flatMap(({ place }, i) => {
      const kept = found[i];
      return kept ? [{ ...place, row: kept.row, reports: kept.reports }] : [];
    });
    return { missing: planned.filter((_, i) => found[i] === undefined), outcomes };
  }

  private cellOf(setting: number, run: RunName, outcomes: readonly Outcome[]): Cell | undefined {
    const rows = outcomes.filter((each) => each.setting === setting && each.run === run).map(({ row }) => row);
    const [summary] = rows.length > 0 ? this.crate.summarise(rows) : [];
    return summary && { setting, run, summary };
  }

  pause(): void {
    this.pausing = true;
    this.list?.pause();
  }

  resume(): void {
    this.pausing = false;
    this.list?.resume();
  }

  cancel(): void {
    this.list?.cancel();
  }
}

function keptRow({ row, reports }: Outcome): KeptRow {
  return { row, reports, savedAt: Date.now() };
}
