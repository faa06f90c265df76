// A session: one data set and two runs, trained in step, one epoch each in turn.

import { Trainer, type EpochReport, type Sae } from 'splinterp/lab';
import { codeOf, messageOf } from './failure';
import type { Images } from './images';
import { trainOptions } from './options';
import { byActivity, filterPictures, firingShares, imagePictures } from './pictures';
import {
  methods,
  type LabEvent,
  type Method,
  type PerMethod,
  type PictureRequest,
  type Pictures,
  type Rest,
  type RunConfig,
  type RunPictures,
  type SessionInfo,
} from './protocol';
import { forgetRun, saveRun, type SavedRun } from './store';

/** The page draws progress ten times a second; more messages would only cost. */
const PROGRESS_INTERVAL_MS = 100;
/** Checkpoints are megabytes: no more than one write in two seconds. */
const SAVE_INTERVAL_MS = 2000;

interface Run {
  trainer: Trainer;
  /** The model as the last finished epoch left it; pictures are drawn from it while the next epoch trains. */
  sae: Sae;
  reports: EpochReport[];
  failed: boolean;
  activity: { epoch: number; firing: Float32Array; order: Uint32Array } | undefined;
}

/** Text that is equal for two configurations if and only if they give the same run. */
export function keyOf(config: RunConfig): string {
  return JSON.stringify(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export class Session {
  private loop: Promise<Rest> | undefined;
  private target = 0;
  private wish: 'play' | 'pause' | 'cancel' = 'pause';
  private training: Run | undefined;
  private savedAt = -Infinity;

  private constructor(
    readonly config: RunConfig,
    readonly images: Images,
    private readonly runs: PerMethod<Run>,
    private readonly notify: (event: LabEvent) => void,
  ) {}

  /** Creates both trainers, or takes them up from a saved run. */
  static async create(
    config: RunConfig,
    images: Images,
    notify: (event: LabEvent) => void,
    saved?: SavedRun,
  ): Promise<Session> {
    const train = config.share < 100 ? images.train.share(config.share / 100, config.seed) : images.train;
    const start = async (method: Method): Promise<Run> => {
      const trainer = await (saved
        ? Trainer.resume(saved.checkpoints[method], train, images.test)
        : Trainer.create(train, images.test, trainOptions(config, method)));
      const reports = saved ? [...saved.reports[method]] : [];
      return { trainer, sae: await trainer.sae(), reports, failed: false, activity: undefined };
    };
    const runs = { sgd: await start('sgd'), pam: await start('pam') };
    return new Session(config, { ...images, train }, runs, notify);
  }

  info(): SessionInfo {
    return {
      trainRows: this.images.train.rows,
      testRows: this.images.test.rows,
      width: this.images.width,
      height: this.images.height,
      dataName: this.images.name,
      backend: this.runs.sgd.trainer.backend,
      options: perMethod((method) => this.runs[method].trainer.options),
      reports: perMethod((method) => this.runs[method].reports),
    };
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
      const method = this.next();
      if (method === undefined) {
        await forgetRun();
        return methods.every((each) => this.runs[each].failed) ? 'failed' : 'finished';
      }
      if (this.wish === 'pause' && this.inStep()) {
        await this.save(0);
        return 'paused';
      }
      await this.epoch(method);
      if (this.inStep()) await this.save(SAVE_INTERVAL_MS);
    }
  }

  /** The run that is behind, if any has epochs to do. */
  private next(): Method | undefined {
    return methods
      .filter((method) => !this.runs[method].failed && this.runs[method].reports.length < this.target)
      .sort((a, b) => this.runs[a].reports.length - this.runs[b].reports.length)[0];
  }

  private inStep(): boolean {
    const done = methods
      .filter((method) => !this.runs[method].failed)
      .map((method) => this.runs[method].reports.length);
    return done.every((epochs) => epochs === done[0]);
  }

  private async epoch(method: Method): Promise<void> {
    const run = this.runs[method];
    const epoch = run.reports.length + 1;
    let notifiedAt = -Infinity;
    this.training = run;
    try {
      const report = await run.trainer.epoch((done, total) => {
        const now = performance.now();
        if (now - notifiedAt < PROGRESS_INTERVAL_MS) return;
        notifiedAt = now;
        this.notify({ type: 'progress', method, epoch, share: total > 0 ? done / total : 0 });
      });
      run.reports.push(report);
      const sae = await run.trainer.sae();
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

  /** Keeps the run for a reload; files of the user are not there after one, so such runs are not kept. */
  private async save(interval: number): Promise<void> {
    if (this.config.source === 'files' || performance.now() - this.savedAt < interval) return;
    if (this.runs.sgd.reports.length === 0) return;
    if (methods.some((method) => this.runs[method].failed)) return;
    const [sgd, pam] = [await this.runs.sgd.trainer.checkpoint(), await this.runs.pam.trainer.checkpoint()];
    await saveRun({
      key: keyOf(this.config),
      target: this.target,
      checkpoints: { sgd, pam },
      reports: perMethod((method) => this.runs[method].reports),
    });
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

  pictures(request: PictureRequest): Pictures {
    const test = this.images.test;
    const rows = request.rows.map((row) => row % test.rows);
    const at = Uint32Array.from(rows);
    return {
      rows,
      width: this.images.width,
      height: this.images.height,
      originals: new Uint8ClampedArray(test.undoNormalisation(test.rowsAt(at))),
      labels: rows.map((row) => test.label(row)),
      runs: perMethod((method) => this.runPictures(this.runs[method], at, request.filters)),
    };
  }

  private runPictures(run: Run, rows: Uint32Array, filters: boolean): RunPictures {
    const epoch = run.reports.length;
    return {
      epoch,
      ...imagePictures(run.sae, this.images.test, rows),
      filters: filters ? { ...filterPictures(run.sae), ...this.activityOf(run, epoch) } : undefined,
    };
  }

  /** Activity by epoch; the order stays while training goes on, but for the leap from the untrained model. */
  private activityOf(run: Run, epoch: number): { firing: Float32Array; order: Uint32Array } {
    const known = run.activity;
    const playing = this.wish === 'play' && this.training !== undefined;
    if (known?.epoch === epoch && playing) return known;
    const firing = known?.epoch === epoch ? known.firing : firingShares(run.sae, this.images.test);
    const order = known && known.epoch > 0 && playing ? known.order : byActivity(firing);
    run.activity = { epoch, firing, order };
    return run.activity;
  }

  free(): void {
    for (const method of methods) {
      this.runs[method].sae.free();
      this.runs[method].trainer.free();
    }
  }
}

function perMethod<T>(make: (method: Method) => T): PerMethod<T> {
  return { sgd: make('sgd'), pam: make('pam') };
}
