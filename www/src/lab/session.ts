// A session as the page knows it: what was wanted, what stands, and what its runs have reported so far.

import type { EpochReport } from 'splinterp/lab';
import { measured } from '../kit/format';
import { titleOf } from '../kit/runs';
import type { Prepared, RunName, RunState, SessionInfo, TrainingEvent } from './protocol';

/** A session put aside for Undo may hold so many bytes. */
const MOST_KEPT_BYTES = 128e6;
/** Epochs whose mean duration foretells the next ones. */
const RECENT = 3;

/** A run as the page shows it. */
export interface Run extends RunState {
  /** Why it stopped for good. */
  failure: string | undefined;
}

/** Seconds that every run has trained for; a run that stopped is not waited for. */
export function commonSeconds(runs: readonly Run[]): number {
  const alive = runs.filter(({ failure }) => failure === undefined);
  const totals = (alive.length > 0 ? alive : runs).map(({ reports }) =>
    reports.reduce((sum, { seconds }) => sum + seconds, 0),
  );
  return totals.length > 0 ? Math.min(...totals) : 0;
}

/** A session that is wanted: equal keys mean the same session. */
export interface Wanted<S> {
  key: string;
  /** Its settings and inputs alone: equal for sessions that give the same results. */
  results: string;
  state: S;
  /** Tells apart sessions of equal settings: Reset begins another. */
  attempt: number;
}

export class Session<S, I extends SessionInfo> {
  /** Replaced with every change, so that a component sees by comparison whether there is something to draw. */
  runs: readonly Run[];
  info: I;
  /** Number under which it is kept. */
  readonly place: string;
  /** Progress within the current epoch of a run. */
  progress: { run: RunName; epoch: number; share: number } | undefined;
  /** Runs that the user has been warned about. */
  readonly warned = new Set<RunName>();

  constructor(
    readonly id: number,
    readonly wanted: Wanted<S>,
    prepared: Prepared<I>,
  ) {
    this.info = prepared.info;
    this.place = prepared.place;
    this.runs = prepared.runs.map((run) => ({ ...run, failure: undefined }));
  }

  run(name: RunName): Run | undefined {
    return this.runs.find((run) => run.name === name);
  }

  /** Epochs that all runs have done; a run that stopped is not waited for. */
  get epoch(): number {
    const alive = this.runs.filter(({ failure }) => failure === undefined);
    const done = (alive.length > 0 ? alive : this.runs).map(({ epochs }) => epochs);
    return done.length > 0 ? Math.min(...done) : 0;
  }

  /** Whether there is something to undo to, of a size that can be held beside the next session. */
  get canBePutAside(): boolean {
    return this.epoch > 0 && this.info.bytes <= MOST_KEPT_BYTES;
  }

  /** Whether no run can go on. */
  get failed(): boolean {
    return this.runs.every(({ failure }) => failure !== undefined);
  }

  /** Each run with its report at the epoch that all have done, so that like is compared with like. */
  get latest(): { run: Run; report: EpochReport | undefined }[] {
    return this.runs.map((run) => ({ run, report: run.reports.findLast(({ epoch }) => epoch <= this.epoch) }));
  }

  /** Each run with its last report within so many seconds of its own. */
  latestWithin(seconds: number): { run: Run; report: EpochReport | undefined }[] {
    return this.runs.map((run) => {
      let passed = 0;
      return { run, report: run.reports.filter((report) => (passed += report.seconds) <= seconds).at(-1) };
    });
  }

  /** Seconds until all runs have done `target` epochs, as the last epochs foretell. */
  timeLeft(target: number): number | undefined {
    let seconds = 0;
    for (const { name, reports, epochs, failure } of this.runs) {
      if (failure !== undefined) continue;
      const recent = reports.slice(-RECENT);
      if (recent.length === 0) return undefined;
      const each = recent.reduce((sum, report) => sum + report.seconds, 0) / recent.length;
      const begun = this.progress?.run === name ? this.progress.share : 0;
      seconds += Math.max(0, target - epochs - begun) * each;
    }
    return seconds;
  }

  /** One sentence on where the runs stand, for those who do not see the curves. */
  summary(): string {
    if (this.epoch === 0) return 'No epoch is done yet.';
    const parts = this.latest.map(({ run, report }) => `${titleOf(run.name)} test MSE ${measured(report?.testMse)}`);
    return `After epoch ${this.epoch}: ${parts.join(', ')}.`;
  }

  /** Takes what the worker tells of this session. */
  hear(event: TrainingEvent): void {
    switch (event.type) {
      case 'progress':
        this.progress = event;
        return;
      case 'epoch':
        this.progress = undefined;
        this.change(event.run, (run) =>
          event.report.epoch > run.epochs
            ? { ...run, epochs: event.report.epoch, reports: [...run.reports, event.report] }
            : run,
        );
        return;
      case 'moved':
        this.info = { ...this.info, backend: event.backend, backendReason: event.reason };
        return;
      case 'failed':
        this.change(event.run, (run) => ({ ...run, failure: event.message }));
        return;
      case 'rested':
        this.progress = undefined;
        // An epoch that was told late, or on the way to a session that was put aside, is in this list.
        for (const { name, reports } of event.runs) {
          this.change(name, (run) => ({ ...run, reports, epochs: Math.max(run.epochs, reports.at(-1)?.epoch ?? 0) }));
        }
    }
  }

  private change(name: RunName, change: (run: Run) => Run): void {
    this.runs = this.runs.map((run) => (run.name === name ? change(run) : run));
  }
}
