// A session of the MNIST lab: one data set and the runs on it.

import type { Dataset, Trainer } from 'splinterp/lab';
import { methods, type Method, type RunName } from '../../../lab/protocol';
import type { Made } from '../../../lab/worker/host';
import { trainOptions } from '../../../lab/worker/options';
import type { SavedRun } from '../../../lab/worker/store';
import { runOf, type Run } from '../../../lab/worker/training';
import type { MnistInfo, PictureRequest, Pictures, RunPictures } from '../protocol';
import type { MnistConfig } from '../settings';
import { crate } from './crate';
import type { Images } from './images';
import { byActivity, filterPictures, firingShares, imagePictures } from './pictures';

/** How often each latent fires, and the latents in an order that stands still while training goes on. */
interface Activity {
  epoch: number;
  rows: number;
  firing: Float32Array;
  order: Uint32Array;
}

export class MnistSession implements Made<Trainer, MnistInfo> {
  /** Images are shared with other sessions: a session holds views of them. */
  readonly bytes = 0;
  private readonly activity = new Map<RunName, Activity>();

  private constructor(
    readonly runs: readonly Run<Trainer>[],
    readonly info: Made<Trainer, MnistInfo>['info'],
    private readonly test: Dataset,
  ) {}

  /** Creates the trainers, or takes them up from saved runs. */
  static async create(
    config: MnistConfig,
    images: Images,
    saved: readonly SavedRun[] | undefined,
  ): Promise<MnistSession> {
    const { train: all, test } = images;
    const train = config.share < 100 ? all.share(config.share / 100, config.seed) : all.normalisedLike(all);
    const runs: Run<Trainer>[] = [];
    try {
      for (const method of methods) {
        const kept = saved?.find(({ name }) => name === method);
        runs.push(await runOf(method, await trainerOf(config, method, train, test, kept), kept));
      }
      const { width, height, name: dataName } = images;
      const sizes = { trainRows: train.rows, testRows: test.rows, cols: train.cols };
      return new MnistSession(runs, { ...sizes, width, height, dataName }, test.normalisedLike(test));
    } catch (error) {
      for (const { trainer, sae } of runs) {
        sae.free();
        trainer.free();
      }
      throw error;
    } finally {
      train.free();
    }
  }

  pictures(request: PictureRequest, playing: boolean): Pictures {
    const { width, height } = this.info;
    const rows = request.rows.map((row) => row % this.test.rows);
    const at = Uint32Array.from(rows);
    return {
      rows,
      width,
      height,
      originals: new Uint8ClampedArray(this.test.undoNormalisation(this.test.rowsAt(at))),
      labels: rows.map((row) => this.test.label(row)),
      runs: this.runs.map((run) => this.runPictures(run, at, request.filters, playing)),
    };
  }

  private runPictures(run: Run<Trainer>, rows: Uint32Array, filters: boolean, playing: boolean): RunPictures {
    return {
      name: run.name,
      epoch: run.epochs,
      ...imagePictures(run.sae, this.test, rows),
      filters: filters ? { ...filterPictures(run.sae), ...this.activityOf(run, playing) } : undefined,
    };
  }

  /** Activity by epoch; the order stays while training goes on, but for the leap from the untrained model. */
  private activityOf(run: Run<Trainer>, playing: boolean): Activity {
    const epoch = run.epochs;
    const known = this.activity.get(run.name);
    if (known?.epoch === epoch && playing) return known;
    const { rows, firing } = known?.epoch === epoch ? known : firingShares(run.sae, this.test);
    const order = known && known.epoch > 0 && playing ? known.order : byActivity(firing);
    const activity = { epoch, rows, firing, order };
    this.activity.set(run.name, activity);
    return activity;
  }

  free(): void {
    this.test.free();
  }
}

function trainerOf(
  config: MnistConfig,
  method: Method,
  train: Dataset,
  test: Dataset,
  kept: SavedRun | undefined,
): Promise<Trainer> {
  const { Trainer } = crate();
  if (kept) return Trainer.resume(kept.checkpoint, train, test);
  return Trainer.create(train, test, {
    ...trainOptions(config, method, config.dSae, config.k),
    backend: config.compute,
  });
}
