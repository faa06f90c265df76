// Runs trained in step, one epoch each in turn, and kept for a reload.

import type { EpochReport } from 'splinterp/lab';
import { codeOf, messageOf } from '../../kit/failure';
import { methods, type LabEvent, type Method, type PerMethod, type Rest } from './protocol';
import { forgetRun, saveRun, type SavedRun, type Slot } from './store';

/** The page draws progress ten times a second; more messages would only cost. */
export const PROGRESS_INTERVAL_MS = 100;
/** Checkpoints are megabytes: no more than one write in two seconds. */
const SAVE_INTERVAL_MS = 2000;

/** What training needs of a trainer: each page loads a module of its own, with a class of its own. */
interface Trains {
  epoch(onProgress: (done: number, total: number) => void): Promise<EpochReport>;
  sae(): Promise<{ free(): void }>;
  checkpoint(): Promise<Uint8Array>;
  cancel(): void;
  /** Why it trains where it does; changes when a GPU is lost. */
  readonly backendReason: string;
  free(): void;
}

type SaeOf<T extends Trains> = Awaited<ReturnType<T['sae']>>;

/** One of the runs. */
export interface Run<T extends Trains> {
  readonly method: Method;
  readonly trainer: T;
  /** The model as the last finished epoch left it; pictures are drawn from it while the next epoch trains. */
  sae: SaeOf<T>;
  reports: EpochReport[];
  failed: boolean;
}

/** Makes a run of a trainer that starts, or that goes on. */
export async function runOf<T extends Trains>(method: Method, trainer: T, saved?: SavedRun): Promise<Run<T>> {
  const sae = (await trainer.sae()) as SaeOf<T>;
  return { method, trainer, sae, reports: [...(saved?.reports[method] ?? [])], failed: false };
}

/** Text that is equal for two configurations if and only if they give the same run. */
export function keyOf(config: object): string {
  return JSON.stringify(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Epochs that all of a saved run's methods have done. */
export function epochsOf(saved: SavedRun): number {
  return Math.min(...Object.values(saved.reports).map((reports) => reports.length));
}

export class Training<T extends Trains> {
  private loop: Promise<Rest> | undefined;
  private target = 0;
  private wish: 'play' | 'pause' | 'cancel' = 'pause';
  private training: Run<T> | undefined;
  private savedAt = -Infinity;

  /** `keep` says where and under which key the runs are kept for a reload; without it they are not. */
  constructor(
    readonly runs: readonly Run<T>[],
    private readonly notify: (event: LabEvent) => void,
    private readonly keep: { slot: Slot; key: string } | undefined,
  ) {}

  run(method: Method): Run<T> | undefined {
    return this.runs.find((run) => run.method === method);
  }

  /** Whether an epoch is being trained, and more may follow. */
  get playing(): boolean {
    return this.wish === 'play' && this.training !== undefined;
  }

  /** Trains until each run has done `target` epochs, or it is asked to rest. */
  play(target: number): Promise<Rest> {
    this.wish = 'play';
    this.target = target;
    this.loop ??= this.train().finally(() => (this.loop = undefined));
    return this.loop;
  }

  private async train(): Promise<Rest> {
    for (;;) {
      if (this.wish === 'cancel') return 'cancelled';
      const run = this.next();
      if (run === undefined) {
        if (this.keep) await forgetRun(this.keep.slot);
        return this.runs.every(({ failed }) => failed) ? 'failed' : 'finished';
      }
      if (this.wish === 'pause' && this.inStep()) {
        await this.save(0);
        return 'paused';
      }
      await this.epoch(run);
      if (this.inStep()) await this.save(SAVE_INTERVAL_MS);
    }
  }

  /** The run that is behind, if any has epochs to do. */
  private next(): Run<T> | undefined {
    return this.runs
      .filter(({ failed, reports }) => !failed && reports.length < this.target)
      .sort((a, b) => a.reports.length - b.reports.length)[0];
  }

  private inStep(): boolean {
    const done = this.runs.filter(({ failed }) => !failed).map(({ reports }) => reports.length);
    return done.every((epochs) => epochs === done[0]);
  }

  private async epoch(run: Run<T>): Promise<void> {
    const { method } = run;
    const epoch = run.reports.length + 1;
    let notifiedAt = -Infinity;
    const reason = run.trainer.backendReason;
    this.training = run;
    try {
      const report = await run.trainer.epoch((done, total) => {
        const now = performance.now();
        if (now - notifiedAt < PROGRESS_INTERVAL_MS) return;
        notifiedAt = now;
        this.notify({ type: 'progress', method, epoch, share: total > 0 ? done / total : 0 });
      });
      run.reports.push(report);
      const now = run.trainer.backendReason;
      if (now !== reason) this.notify({ type: 'moved', reason: now });
      const sae = (await run.trainer.sae()) as SaeOf<T>;
      run.sae.free();
      run.sae = sae;
      this.notify({ type: 'epoch', method, report });
    } catch (error) {
      if (codeOf(error) === 'cancelled') return;
      run.failed = true;
      this.notify({ type: 'failed', method, message: messageOf(error) });
    } finally {
      this.training = undefined;
    }
  }

  private async save(interval: number): Promise<void> {
    if (!this.keep || performance.now() - this.savedAt < interval) return;
    if (this.runs.some(({ failed, reports }) => failed || reports.length === 0)) return;
    const checkpoints: Partial<PerMethod<Uint8Array>> = {};
    const reports: Partial<PerMethod<EpochReport[]>> = {};
    for (const run of this.runs) {
      checkpoints[run.method] = await run.trainer.checkpoint();
      reports[run.method] = run.reports;
    }
    await saveRun(this.keep.slot, { key: this.keep.key, target: this.target, checkpoints, reports });
    this.savedAt = performance.now();
  }

  pause(): void {
    this.wish = 'pause';
  }

  cancel(): void {
    this.wish = 'cancel';
    this.training?.trainer.cancel();
  }

  /** Gives up the epoch in hand and waits until nothing runs. */
  async halt(): Promise<void> {
    this.cancel();
    // Whatever ended the loop has been told to the page that started it.
    await this.loop?.catch(() => undefined);
  }

  free(): void {
    for (const run of this.runs) {
      run.sae.free();
      run.trainer.free();
    }
  }
}

/** One value for each method. */
export function perMethod<T>(make: (method: Method) => T): PerMethod<T> {
  const [sgd, pam] = methods;
  return { sgd: make(sgd), pam: make(pam) };
}
