// A session of the MNIST lab: one data set and two runs.

import type { Trainer } from 'splinterp/lab';
import { crate } from './crate';
import { Failure } from '../../../kit/failure';
import type { Images } from './images';
import { trainOptions } from './options';
import { byActivity, filterPictures, firingShares, imagePictures } from './pictures';
import type {
  LabEvent,
  Method,
  PerMethod,
  PictureRequest,
  Pictures,
  Rest,
  RunConfig,
  RunPictures,
  SessionInfo,
} from '../../../lab/worker/protocol';
import type { SavedRun } from '../../../lab/worker/store';
import { keyOf, perMethod, runOf, Training, type Run } from '../../../lab/worker/training';

/** How often each latent fires, and the latents in an order that stands still while training goes on. */
interface Activity {
  epoch: number;
  firing: Float32Array;
  order: Uint32Array;
}

export class Session {
  private readonly activity: Partial<PerMethod<Activity>> = {};

  private constructor(
    readonly config: RunConfig,
    readonly images: Images,
    private readonly training: Training<Trainer>,
  ) {}

  /** Creates both trainers, or takes them up from a saved run. */
  static async create(
    config: RunConfig,
    images: Images,
    notify: (event: LabEvent) => void,
    saved?: SavedRun,
  ): Promise<Session> {
    const train = config.share < 100 ? images.train.share(config.share / 100, config.seed) : images.train;
    const start = async (method: Method): Promise<Run<Trainer>> => {
      const checkpoint = saved?.checkpoints[method];
      const trainer = await (checkpoint
        ? crate().Trainer.resume(checkpoint, train, images.test)
        : crate().Trainer.create(train, images.test, trainOptions(config, method)));
      return runOf(method, trainer, saved);
    };
    const runs = [await start('sgd'), await start('pam')];
    // Files of the user are not there after a reload, so runs on them are not kept.
    const keep = config.source === 'files' ? undefined : { slot: 'unfinished' as const, key: keyOf(config) };
    return new Session(config, { ...images, train }, new Training(runs, notify, keep));
  }

  private run(method: Method): Run<Trainer> {
    const run = this.training.run(method);
    if (!run) throw new Failure(`there is no ${method} run`, 'internal');
    return run;
  }

  info(): SessionInfo {
    return {
      trainRows: this.images.train.rows,
      testRows: this.images.test.rows,
      width: this.images.width,
      height: this.images.height,
      dataName: this.images.name,
      backend: this.run('sgd').trainer.backend,
      backendReason: this.run('sgd').trainer.backendReason,
      options: perMethod((method) => this.run(method).trainer.options),
      reports: perMethod((method) => this.run(method).reports),
    };
  }

  play(target: number): Promise<Rest> {
    return this.training.play(target);
  }

  pause(): void {
    this.training.pause();
  }

  cancel(): void {
    this.training.cancel();
  }

  halt(): Promise<void> {
    return this.training.halt();
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
      runs: perMethod((method) => this.runPictures(this.run(method), at, request.filters)),
    };
  }

  private runPictures(run: Run<Trainer>, rows: Uint32Array, filters: boolean): RunPictures {
    const epoch = run.reports.length;
    return {
      epoch,
      ...imagePictures(run.sae, this.images.test, rows),
      filters: filters ? { ...filterPictures(run.sae), ...this.activityOf(run, epoch) } : undefined,
    };
  }

  /** Activity by epoch; the order stays while training goes on, but for the leap from the untrained model. */
  private activityOf(run: Run<Trainer>, epoch: number): Activity {
    const known = this.activity[run.method];
    const { playing } = this.training;
    if (known?.epoch === epoch && playing) return known;
    const firing = known?.epoch === epoch ? known.firing : firingShares(run.sae, this.images.test);
    const order = known && known.epoch > 0 && playing ? known.order : byActivity(firing);
    const activity = { epoch, firing, order };
    this.activity[run.method] = activity;
    return activity;
  }

  free(): void {
    this.training.free();
  }
}
