// Runs trained in step, one epoch each in turn, and kept as they go.

import type { EpochReport, ResolvedOptions } from 'splinterp/lab';
import { codeOf, isTrap, messageOf } from '../../kit/failure';
import type { Rest, RunName, RunState, TrainingEvent } from '../protocol';
import type { SavedRun } from './store';
import { throttled } from './throttle';

/** Share of the time that checkpoints may take: writing a model shall not take the time to train it. */
const SHARE_OF_SAVING = 0.1;
/** Bytes of checkpoints written in a second, on average: a disk wears. */
const SAVED_PER_SECOND = 32e6;
/** However small a checkpoint: no more than one write in this time. */
const LEAST_SAVE_INTERVAL_MS = 250;

/** What training needs of a trainer: each lab loads a module of its own, with a class of its own. */
export interface Trains {
  readonly options: ResolvedOptions;
  /** Epochs finished. */
  readonly epochs: number;
  readonly backend: string;
  /** Why it trains there; changes when a GPU is lost. */
  readonly backendReason: string;
  epoch(onProgress: (done: number, total: number) => void): Promise<EpochReport>;
  sae(): Promise<{ free(): void }>;
  checkpoint(): Promise<Uint8Array>;
  cancel(): void;
  free(): void;
}

type SaeOf<T extends Trains> = Awaited<ReturnType<T['sae']>>;

/** One of the runs. */
export interface Run<T extends Trains> {
  readonly name: RunName;
  readonly trainer: T;
  /** The model as the last finished epoch left it; pictures are drawn from it while the next epoch trains. */
  sae: SaeOf<T>;
  reports: EpochReport[];
  /** Epochs done; while one runs its trainer cannot be asked. */
  epochs: number;
  failed: boolean;
}

/** Makes a run of a trainer that starts, or that goes on from what was kept. */
export async function runOf<T extends Trains>(name: RunName, trainer: T, saved?: SavedRun): Promise<Run<T>> {
  const sae = (await trainer.sae()) as SaeOf<T>;
  return { name, trainer, sae, reports: [...(saved?.reports ?? [])], epochs: trainer.epochs, failed: false };
}

export class Training<T extends Trains> {
  private loop: Promise<void> | undefined;
  private target = 0;
  private wish: 'play' | 'pause' | 'cancel' = 'pause';
  private training: Run<T> | undefined;
  private saveNext = 0;

  /** `save` keeps the runs for a reload. */
  constructor(
    readonly runs: readonly Run<T>[],
    private readonly notify: (event: TrainingEvent) => void,
    private readonly save: (runs: SavedRun[]) => Promise<void>,
  ) {}

  run(name: RunName): Run<T> | undefined {
    return this.runs.find((run) => run.name === name);
  }

  /** What the page is told of the runs. */
  states(): RunState[] {
    return this.runs.map(({ name, trainer, epochs, reports }) => ({
      name,
      options: trainer.options,
      epochs,
      reports,
    }));
  }

  /** Whether an epoch is being trained, and more may follow. */
  get playing(): boolean {
    return this.wish === 'play' && this.training !== undefined;
  }

  /** Trains until each run has done `target` epochs, or it is asked to rest. */
  play(target: number): void {
    this.wish = 'play';
    this.target = target;
    this.start();
  }

  pause(): void {
    this.wish = 'pause';
  }

  cancel(): void {
    this.wish = 'cancel';
    this.training?.trainer.cancel();
  }

  /** Discards the current epoch and waits until nothing runs. */
  async halt(): Promise<void> {
    this.cancel();
    await this.loop;
  }

  /** Keeps the runs as soon as no epoch runs. */
  saveSoon(): void {
    this.saveNext = 0;
    this.start();
  }

  /** One loop trains and keeps: a trainer can do but one of them at a time. */
  private start(): void {
    this.loop ??= this.work()
      .catch((error: unknown) => this.stop(error))
      .finally(() => (this.loop = undefined));
  }

  /** Trains, then keeps; and trains on if that was asked for while it kept. */
  private async work(): Promise<void> {
    do {
      if (this.hasEpochs()) this.tellRest(await this.train());
      await this.keep();
    } while (this.hasEpochs());
  }

  private hasEpochs(): boolean {
    return this.wish === 'play' && this.next() !== undefined;
  }

  private async train(): Promise<Rest> {
    for (;;) {
      const run = this.next();
      if (this.wish === 'cancel') return 'cancelled';
      if (run === undefined) return this.runs.every(({ failed }) => failed) ? 'failed' : 'finished';
      if (this.wish === 'pause' && this.inStep()) return 'paused';
      await this.epoch(run);
      if (performance.now() >= this.saveNext) await this.keep();
    }
  }

  /** What fails outside of an epoch ends training; but a trap is no failure of a run, it ends the worker. */
  private stop(error: unknown): void {
    if (isTrap(error)) throw error;
    const failure = { type: 'failed', message: messageOf(error), code: codeOf(error) } as const;
    for (const { name } of this.runs) this.notify({ ...failure, run: name });
    this.tellRest('failed');
  }

  private tellRest(rest: Rest): void {
    this.notify({ type: 'rested', rest, runs: this.runs.map(({ name, reports }) => ({ name, reports })) });
  }

  /** The run that is behind, if any has epochs to do. */
  private next(): Run<T> | undefined {
    return this.runs
      .filter(({ failed, epochs }) => !failed && epochs < this.target)
      .sort((a, b) => a.epochs - b.epochs)[0];
  }

  private inStep(): boolean {
    const done = this.runs.filter(({ failed }) => !failed).map(({ epochs }) => epochs);
    return done.every((epochs) => epochs === done[0]);
  }

  private async epoch(run: Run<T>): Promise<void> {
    const { name, trainer } = run;
    const epoch = run.epochs + 1;
    const reason = trainer.backendReason;
    this.training = run;
    try {
      const report = await trainer.epoch(
        throttled((done, total) => {
          this.notify({ type: 'progress', run: name, epoch, share: total > 0 ? done / total : 0 });
        }),
      );
      run.reports.push(report);
      run.epochs = report.epoch;
      if (trainer.backendReason !== reason) {
        this.notify({ type: 'moved', backend: trainer.backend, reason: trainer.backendReason });
      }
      const sae = (await trainer.sae()) as SaeOf<T>;
      run.sae.free();
      run.sae = sae;
      this.notify({ type: 'epoch', run: name, report });
    } catch (error) {
      if (isTrap(error)) throw error;
      if (codeOf(error) === 'cancelled') return;
      run.failed = true;
      this.notify({ type: 'failed', run: name, message: messageOf(error), code: codeOf(error) });
    } finally {
      this.training = undefined;
    }
  }

  /**
   * Keeps the runs, one that failed as its last epoch left it; the longer it took and the larger they are, the longer until
   * the next time.
   */
  private async keep(): Promise<void> {
    if (this.runs.some(({ epochs }) => epochs === 0)) return;
    const begun = performance.now();
    const saved: SavedRun[] = [];
    for (const { name, trainer, reports } of this.runs) {
      saved.push({ name, checkpoint: await trainer.checkpoint(), reports: [...reports] });
    }
    const bytes = saved.reduce((sum, { checkpoint }) => sum + checkpoint.length, 0);
    await this.save(saved);
    const now = performance.now();
    const ofTime = (now - begun) / SHARE_OF_SAVING;
    this.saveNext = now + Math.max(LEAST_SAVE_INTERVAL_MS, (bytes / SAVED_PER_SECOND) * 1000, ofTime);
  }

  free(): void {
    for (const run of this.runs) {
      run.sae.free();
      run.trainer.free();
    }
  }
}
