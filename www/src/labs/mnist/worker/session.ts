// A session of the MNIST lab: one data set and the runs on it.

import type { Dataset, Trainer } from 'splinterp/lab';
import type { RunName, SessionRequest } from '../../../lab/protocol';
import type { Made } from '../../../lab/worker/host';
import type { SavedRun } from '../../../lab/worker/store';
import { runOf, type Run } from '../../../lab/worker/training';
import { Failure } from '../../../kit/failure';
import { scratch } from '../../../lab/worker/memory';
import type { GivenRows } from '../../explorer/protocol';
import { givenRows } from '../../explorer/worker/given';
import type {
  Decoded,
  Encoded,
  Image,
  MnistInfo,
  Model,
  ModelPictures,
  PastPictures,
  PictureRequest,
  Pictures,
  RunPictures,
} from '../protocol';
import type { MnistConfig } from '../settings';
import { runOptions } from './contestants';
import { crate } from './crate';
import { ModelHistory, MOST_HISTORY_BYTES } from './history';
import type { Found } from './image-source';
import {
  byActivity,
  decodeCodes,
  encodeImage,
  filterPictures,
  firingShares,
  imagePictures,
  reconstructionsOf,
} from './pictures';

/** How often each latent fires, and the latents in an order that stands still while training goes on. */
interface Activity {
  epoch: number;
  rows: number;
  firing: Float32Array;
  order: Uint32Array;
}

/** Images of a session, by name: in a list of arguments they could change places, and no type would tell. */
interface Data extends Readonly<Record<string, Dataset>> {
  /** All images to train on, of which experiments take shares of their own. */
  readonly all: Dataset;
  /** Images that the runs are trained on. */
  readonly train: Dataset;
  /** Images that no run is trained on. */
  readonly test: Dataset;
}

export class MnistSession implements Made<Trainer, MnistInfo> {
  /** Images are shared with other sessions: a session holds views of them, and its own models of the past. */
  readonly bytes = MOST_HISTORY_BYTES;
  private readonly history = new ModelHistory();

  /** Digits in the place of MNIST are no run on MNIST. */
  get kept(): boolean {
    return !this.info.standIn;
  }

  private readonly activity = new Map<RunName, Activity>();

  private constructor(
    readonly runs: readonly Run<Trainer>[],
    readonly info: Made<Trainer, MnistInfo>['info'],
    readonly data: Data,
  ) {
    for (const { name } of runs) this.keep(name);
  }

  /** Creates the trainers, or takes them up from saved runs. */
  static async create(
    { config, epochs }: SessionRequest<MnistConfig>,
    { images, standIn }: Found,
    saved: readonly SavedRun[] | undefined,
  ): Promise<MnistSession> {
    const { train: all, test } = images;
    const train = config.share < 100 ? all.share(config.share / 100, config.seed) : all.normalisedLike(all);
    const runs: Run<Trainer>[] = [];
    try {
      for (const run of config.runs) {
        const kept = saved?.find(({ name }) => name === run);
        const trainer = await (kept
          ? crate().Trainer.resume(kept.checkpoint, train, test)
          : crate().Trainer.create(train, test, runOptions(config, run, train.rows, epochs)));
        runs.push(await runOf(run, trainer, kept));
      }
      const { width, height, name: dataName } = images;
      const sizes = { trainRows: train.rows, testRows: test.rows, cols: train.cols };
      const info = { ...sizes, width, height, dataName, standIn };
      return new MnistSession(runs, info, {
        all: all.normalisedLike(all),
        train: train.normalisedLike(train),
        test: test.normalisedLike(test),
      });
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
    const at = this.rowsAt(request.rows);
    const rows = [...at];
    return {
      kept: this.history.epochs,
      rows,
      width,
      height,
      originals: new Uint8ClampedArray(this.data.test.undoNormalisation(this.data.test.rowsAt(at))),
      labels: rows.map((row) => this.data.test.label(row)),
      runs: this.runs.map((run) => this.runPictures(run, at, request.filters, playing)),
    };
  }

  /** Keeps the model of a run as it is now. */
  keep(name: RunName): void {
    const { sae, epochs, trainer } = this.run(name);
    this.history.add(name, epochs, sae, trainer.options.tied);
  }

  past(rows: number[], epoch: number): PastPictures[] {
    const at = this.rowsAt(rows);
    return scratch((hold) =>
      this.runs.flatMap(({ name }) => {
        const found = this.history.at(name, epoch);
        if (!found) return [];
        const { reconstructions } = reconstructionsOf(hold(found.sae), this.data.test, at);
        return [{ name, epoch: found.epoch, reconstructions }];
      }),
    );
  }

  encode(image: Image): Encoded[] {
    return this.runs.map(({ name, epochs, sae }) => ({
      name,
      epoch: epochs,
      ...encodeImage(sae, this.data.test, image),
    }));
  }

  decode(run: RunName, codes: Float32Array, image: Image): Decoded {
    return decodeCodes(this.run(run).sae, this.data.test, codes, image);
  }

  model(run: RunName): Model {
    const { sae } = this.run(run);
    return { ...sae.parameters(), activation: sae.activation, dIn: sae.dIn, dSae: sae.dSae };
  }

  /** What is measured of a run's model and the test images. */
  measured<R>(run: RunName, measure: (model: Model, images: Dataset) => R): R {
    return measure(this.model(run), this.data.test);
  }

  picturesBy(model: Model, rows: number[]): ModelPictures {
    return scratch((hold) => {
      const sae = hold(crate().Sae.fromParts(model, model.dIn, model.dSae));
      return reconstructionsOf(sae, this.data.test, this.rowsAt(rows));
    });
  }

  private run(name: RunName): Run<Trainer> {
    const run = this.runs.find((each) => each.name === name);
    if (!run) throw new Failure(`This session has no run ${name}`, 'missing');
    return run;
  }

  private rowsAt(rows: number[]): Uint32Array {
    return Uint32Array.from(rows, (row) => row % this.data.test.rows);
  }

  private runPictures(run: Run<Trainer>, rows: Uint32Array, filters: boolean, playing: boolean): RunPictures {
    return {
      name: run.name,
      epoch: run.epochs,
      ...imagePictures(run.sae, this.data.test, rows),
      filters: filters ? { ...filterPictures(run.sae), ...this.activityOf(run, playing) } : undefined,
    };
  }

  /** Activity by epoch; the order stays while training goes on, but for the leap from the untrained model. */
  private activityOf(run: Run<Trainer>, playing: boolean): Activity {
    const epoch = run.epochs;
    const known = this.activity.get(run.name);
    if (known?.epoch === epoch && playing) return known;
    const { rows, firing } = known?.epoch === epoch ? known : firingShares(run.sae, this.data.test);
    const order = known && known.epoch > 0 && playing ? known.order : byActivity(firing);
    const activity = { epoch, rows, firing, order };
    this.activity.set(run.name, activity);
    return activity;
  }

  /** Test images to explore on, and images to measure on. */
  rows(): GivenRows {
    const { train, test } = this.data;
    const image = this.info;
    const label = (row: number): number | undefined => test.label(row);
    return givenRows({ shown: test, train, test, image, number: (row) => row, label, token: undefined });
  }

  free(): void {
    for (const each of Object.values(this.data)) each.free();
  }
}
