// The experiments of a lab on the page's side: which figure is shown, what is there of it, and the list that runs.

import type { EpochReport } from 'splinterp/lab';
import type { SessionInfo } from '../protocol';
import type { Session } from '../session';
import type { Cell, ExperimentEvent, ExperimentRequest, ExperimentService, ExperimentTable, Place } from './protocol';
import { plannedCount } from './table';
import { secondsLeft, shareDone } from './time';

/** A figure that a lab offers. */
export interface FigureInfo {
  key: string;
  name: string;
  /** What the paper says of it, in a sentence or two; nothing where it is ours. */
  paper: string | undefined;
}

/** What experiments need of their lab. */
export interface ExperimentLab<S> extends EventTarget {
  readonly state: S;
  readonly session: Session<S, SessionInfo> | undefined;
  status: string;
  ask<T>(call: (worker: ExperimentService) => Promise<T>, quiet?: string): Promise<T | undefined>;
  changed(): void;
  progressed(): void;
  cancel(): void;
}

/** The list that runs. */
export interface Running {
  key: string;
  request: ExperimentRequest;
  session: number;
  motion: 'playing' | 'pausing' | 'paused';
  /** The run that is under way, with its epochs so far. */
  current: { place: Place; reports: EpochReport[] } | undefined;
}

export class ExperimentController<S> {
  running: Running | undefined;
  /** Figures by what they are of; each is replaced with every run that ends. */
  private readonly tables = new Map<string, ExperimentTable>();
  private recalled = '';

  constructor(
    private readonly lab: ExperimentLab<S>,
    readonly figures: readonly FigureInfo[],
    /** The figure that the settings of the page ask for. */
    readonly wanted: (state: S) => ExperimentRequest,
  ) {}

  /** The figure that is shown. */
  get figure(): FigureInfo | undefined {
    const { figure } = this.wanted(this.lab.state);
    return this.figures.find(({ key }) => key === figure);
  }

  private keyOf(request: ExperimentRequest): string {
    return `${this.lab.session?.wanted.results ?? ''} ${JSON.stringify(request)}`;
  }

  /** What is there of the figure that is shown. */
  get table(): ExperimentTable | undefined {
    return this.tables.get(this.keyOf(this.wanted(this.lab.state)));
  }

  /** Whether the list that runs is the figure that is shown. */
  get isShown(): boolean {
    return this.running?.key === this.keyOf(this.wanted(this.lab.state));
  }

  /** Seconds until the list that runs has ended, as the runs before it foretell. */
  get left(): number | undefined {
    const { running } = this;
    const table = running && this.tables.get(running.key);
    return table && secondsLeft(table, running.current);
  }

  /** How much of the list that runs is there, in runs and as a share of 1. */
  get shares(): { runs: string; done: number } {
    const { running } = this;
    const table = running && this.tables.get(running.key);
    if (!table) return { runs: 'Looking for runs that were kept', done: 0 };
    return {
      runs: `${table.outcomes.length} of ${plannedCount(table)} runs`,
      done: shareDone(table, running.current),
    };
  }

  hear(event: ExperimentEvent): void {
    const { running } = this;
    if (event.session !== running?.session) return;
    switch (event.type) {
      case 'experiment-epoch': {
        const begun = running.current && samePlace(running.current.place, event.place) ? running.current.reports : [];
        running.current = { place: event.place, reports: [...begun, event.report] };
        this.lab.progressed();
        return;
      }
      case 'experiment-paused':
        if (running.motion === 'pausing') running.motion = 'paused';
        this.lab.progressed();
        return;
      case 'experiment-run': {
        running.current = undefined;
        const table = this.tables.get(running.key);
        if (!table) return;
        const outcomes = [...table.outcomes, event.outcome];
        this.tables.set(running.key, { ...table, outcomes, cells: withCell(table.cells, event.cell) });
        this.lab.changed();
      }
    }
  }

  /** Follows the session and the settings: a list is of the session on which it was started. */
  follow(): void {
    if (this.running && this.lab.session?.id !== this.running.session) this.cancel();
    void this.recall();
  }

  /** The worker has ended, and the list with it; what it had finished was kept. */
  fell(): void {
    this.running = undefined;
    this.recalled = '';
    this.tables.clear();
  }

  /** Brings in the runs of the shown figure that were kept. */
  private async recall(): Promise<void> {
    const { session } = this.lab;
    const request = this.wanted(this.lab.state);
    const key = this.keyOf(request);
    if (!session || this.recalled === key || this.tables.has(key)) return;
    this.recalled = key;
    const table = await this.lab.ask((worker) => worker.recallExperiments(session.id, request), 'missing');
    // Another session's numbers must not be taken for this one's.
    if (!table || this.keyOf(request) !== key || this.tables.has(key)) return;
    this.tables.set(key, table);
    this.lab.changed();
  }

  /** Trains what is missing of the shown figure. */
  async run(): Promise<void> {
    const { session } = this.lab;
    if (this.running || !session) return;
    const request = this.wanted(this.lab.state);
    const key = this.keyOf(request);
    this.lab.cancel();
    this.running = { key, request, session: session.id, motion: 'playing', current: undefined };
    this.lab.changed();
    const running = this.running;
    const table = await this.lab.ask((worker) => worker.recallExperiments(session.id, request), 'missing');
    if (table && this.running === running) {
      this.tables.set(key, table);
      this.lab.changed();
      // What was told of the last runs may come after the answer, which has them all.
      const whole = await this.lab.ask((worker) => worker.runExperiments(session.id, request), 'missing');
      if (whole && this.running === running) this.tables.set(key, whole);
    }
    if (this.running !== running) return;
    this.running = undefined;
    this.lab.status = this.ended(key);
    this.lab.changed();
  }

  private ended(key: string): string {
    const table = this.tables.get(key);
    if (!table) return 'The experiment has ended.';
    return `The experiment has ended: ${table.outcomes.length} of ${plannedCount(table)} runs are there.`;
  }

  pause(): void {
    const { running } = this;
    if (running?.motion !== 'playing') return;
    running.motion = 'pausing';
    void this.lab.ask((worker) => worker.pauseExperiments());
    this.lab.changed();
  }

  resume(): void {
    const { running } = this;
    if (!running || running.motion === 'playing') return;
    running.motion = 'playing';
    void this.lab.ask((worker) => worker.resumeExperiments());
    this.lab.changed();
  }

  cancel(): void {
    void this.lab.ask((worker) => worker.cancelExperiments());
  }

  /** The shown figure as CSV, run by run. */
  csv(): Promise<string | undefined> {
    const rows = (this.table?.outcomes ?? []).map(({ row }) => row);
    return this.lab.ask((worker) => worker.experimentsCsv(rows));
  }
}

function samePlace(a: Place, b: Place): boolean {
  return a.setting === b.setting && a.run === b.run && a.seed === b.seed;
}

function withCell(cells: readonly Cell[], next: Cell): Cell[] {
  return [...cells.filter(({ setting, run }) => setting !== next.setting || run !== next.run), next];
}
