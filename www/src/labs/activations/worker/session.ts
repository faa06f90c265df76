// A session of the activations lab: rows, split and normalised, and one or two runs on them.

import { Trainer, type Dataset, type Sae, type TrainOptions } from 'splinterp';
import { Failure } from '../../../kit/failure';
import { methods, type LabEvent, type Method } from '../../../lab/worker/protocol';
import type { SavedRun, Slot } from '../../../lab/worker/store';
import { keyOf, runOf, Training } from '../../../lab/worker/training';
import { tableOptions, withRecipe } from './options';
import type { RunConfig, SessionInfo } from '../protocol';
import type { Source } from './source';

/** As the paper's experiment splits its rows. */
const TRAIN_SHARE = 0.9;

/** Everything by which a run is known again. */
export function runKey(config: RunConfig, epochs: number, source: Source): string {
  return keyOf({ ...config, epochs, data: source.identity });
}

/** Where the run is kept. One on a file waits there for the file, whatever is trained on the sample meanwhile. */
export function slotOf(config: RunConfig): Slot {
  return config.source === 'file' ? 'activations-file' : 'activations';
}

export class Session {
  private constructor(
    readonly config: RunConfig,
    readonly source: Source,
    /** All rows, normalised as the training rows are. */
    readonly whole: Dataset,
    private readonly train: Dataset,
    /** The rows of the split, before a share of them is taken. */
    private readonly split: { train: Dataset; test: Dataset },
    readonly training: Training<Trainer>,
  ) {}

  /** Splits and normalises the rows and creates the trainers, or takes them up from a saved run. */
  static async create(
    config: RunConfig,
    epochs: number,
    source: Source,
    imported: Sae | undefined,
    notify: (event: LabEvent) => void,
    saved?: SavedRun,
  ): Promise<Session> {
    if (config.from === 'imported' && !imported)
      throw new Failure('No SAE has been imported on this page yet', 'files');
    const [part, rest] = source.data.split(TRAIN_SHARE, config.seed);
    const kind = config.standardise ? 'standardise' : 'none';
    const all = part.normalised(kind);
    const train = config.share < 100 ? part.share(config.share / 100, config.seed).normalised(kind) : all;
    const test = rest.normalisedLike(train);
    const names = config.method === 'both' ? methods : [config.method];
    const runs = [];
    // An imported SAE reads rows as they are stored; trained on, it reads them as they are normalised.
    const start = config.from === 'imported' ? imported?.unfolded(train) : undefined;
    for (const method of names) {
      const checkpoint = saved?.checkpoints[method];
      const table = {
        ...tableOptions(config, method, train.cols, source.active),
        ...(start && { dSae: start.dSae, activation: start.activation }),
      };
      const options = withRecipe(table, config, train.rows, epochs);
      const trainer = await (checkpoint
        ? Trainer.resume(checkpoint, train, test)
        : start
          ? Trainer.from(start, train, test, options)
          : Trainer.create(train, test, options));
      runs.push(await runOf(method, trainer, saved));
    }
    start?.free();
    const training = new Training(runs, notify, {
      slot: slotOf(config),
      key: runKey(config, epochs, source),
    });
    const whole = source.data.normalisedLike(train);
    return new Session(config, source, whole, train, { train: all, test: rest.normalisedLike(all) }, training);
  }

  info(): SessionInfo {
    const { runs } = this.training;
    return {
      data: this.source.info,
      trainRows: this.train.rows,
      testRows: this.split.test.rows,
      backend: runs[0]?.trainer.backend ?? '',
      backendReason: runs[0]?.trainer.backendReason ?? '',
      options: Object.fromEntries(runs.map(({ method, trainer }) => [method, trainer.options])),
      reports: Object.fromEntries(runs.map(({ method, reports }) => [method, reports])),
    };
  }

  /** The rows on which experiments run, which take shares of their own, and their options before the preset. */
  experimentData(): { train: Dataset; test: Dataset; optionsOf: (method: Method) => TrainOptions } {
    const { cols } = this.train;
    return {
      ...this.split,
      optionsOf: (method) => tableOptions(this.config, method, cols, this.source.active),
    };
  }

  free(): void {
    this.training.free();
  }
}
