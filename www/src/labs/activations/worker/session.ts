// A session of the activations lab: rows, split and normalised, and the runs on them.

import { Trainer, type Dataset, type Sae, type TrainOptions } from 'splinterp';
import { Failure } from '../../../kit/failure';
import { methods, type Method, type SessionRequest } from '../../../lab/protocol';
import type { Made } from '../../../lab/worker/host';
import { scratch } from '../../../lab/worker/memory';
import type { SavedRun } from '../../../lab/worker/store';
import { runOf, type Run } from '../../../lab/worker/training';
import type { ActivationsInfo } from '../protocol';
import type { ActivationsConfig } from '../settings';
import { tableOptions, withRecipe } from './sizes';
import type { Source } from './source';

/** As the paper's experiment splits its rows. */
const TRAIN_SHARE = 0.9;

/** Where runs start that do not start from random weights. */
export interface Starts {
  imported: Sae | undefined;
  checkpoint: Uint8Array | undefined;
}

/** Rows of a session, in the parts that it uses. */
interface Parts {
  /** The training rows of the split, before a share of them is taken. */
  all: Dataset;
  /** The share that is trained on. */
  train: Dataset;
  test: Dataset;
  /** All rows, normalised as the training rows are. */
  whole: Dataset;
}

function partsOf({ data }: Source, { seed, share, standardise }: ActivationsConfig): Parts {
  return scratch((hold) => {
    const [part, rest] = data.split(TRAIN_SHARE, seed).map(hold);
    if (!part || !rest) throw new Failure('A split has two parts', 'internal');
    const kind = standardise ? 'standardise' : 'none';
    const all = part.normalised(kind);
    const train = share < 100 ? hold(part.share(share / 100, seed)).normalised(kind) : all.normalisedLike(all);
    return { all, train, test: rest.normalisedLike(train), whole: data.normalisedLike(train) };
  });
}

export class ActivationsSession implements Made<Trainer, ActivationsInfo> {
  private constructor(
    readonly runs: readonly Run<Trainer>[],
    readonly info: Made<Trainer, ActivationsInfo>['info'],
    private readonly config: ActivationsConfig,
    readonly source: Source,
    private readonly parts: Parts,
  ) {}

  /** Splits and normalises the rows and creates the trainers, or takes them up from saved runs. */
  static async create(
    request: SessionRequest<ActivationsConfig>,
    source: Source,
    starts: Starts,
    saved: readonly SavedRun[] | undefined,
  ): Promise<ActivationsSession> {
    const { config } = request;
    const parts = partsOf(source, config);
    try {
      const runs = await runsOf(request, source, parts, starts, saved);
      const sizes = { trainRows: parts.train.rows, testRows: parts.test.rows, cols: source.info.cols };
      return new ActivationsSession(runs, { data: source.info, ...sizes }, config, source.hold(), parts);
    } catch (error) {
      freeParts(parts);
      throw error;
    }
  }

  get bytes(): number {
    return this.config.source === 'file' ? this.source.bytes : 0;
  }

  /** All rows, normalised as the training rows are. */
  get whole(): Dataset {
    return this.parts.whole;
  }

  /** The rows on which experiments run, which take shares of their own, and their options before the preset. */
  experimentData(): { train: Dataset; test: Dataset; optionsOf: (method: Method) => TrainOptions } {
    const { all, test } = this.parts;
    const { active } = this.source.origin;
    return { train: all, test, optionsOf: (method) => tableOptions(this.config, method, all.cols, active) };
  }

  free(): void {
    freeParts(this.parts);
    this.source.free();
  }
}

function freeParts({ all, train, test, whole }: Parts): void {
  for (const part of [all, train, test, whole]) part.free();
}

async function runsOf(
  { config, epochs }: SessionRequest<ActivationsConfig>,
  source: Source,
  { train, test }: Parts,
  { imported, checkpoint }: Starts,
  saved: readonly SavedRun[] | undefined,
): Promise<Run<Trainer>[]> {
  if (config.from === 'checkpoint') {
    const bytes = saved?.[0]?.checkpoint ?? checkpoint;
    if (!bytes)
      throw new Failure('No checkpoint has been given on this page yet, and a link cannot carry one', 'files');
    const trainer = await Trainer.resume(bytes, train, test);
    return [await runOf(trainer.options.method, trainer, saved?.[0])];
  }
  if (config.from === 'imported' && !imported) {
    throw new Failure('No SAE has been imported on this page yet, and a link cannot carry one', 'files');
  }
  // An imported SAE reads rows as they are stored; trained on, it reads them as they are normalised.
  const start = config.from === 'imported' ? imported?.unfolded(train) : undefined;
  const runs: Run<Trainer>[] = [];
  try {
    for (const method of config.method === 'both' ? methods : [config.method]) {
      const kept = saved?.find(({ name }) => name === method);
      const table = {
        ...tableOptions(config, method, train.cols, source.origin.active),
        ...(start && { dSae: start.dSae, activation: start.activation }),
      };
      const options = withRecipe(table, config, train.rows, epochs);
      const trainer = await (kept
        ? Trainer.resume(kept.checkpoint, train, test)
        : start
          ? Trainer.from(start, train, test, options)
          : Trainer.create(train, test, options));
      runs.push(await runOf(method, trainer, kept));
    }
    return runs;
  } catch (error) {
    for (const run of runs) {
      run.sae.free();
      run.trainer.free();
    }
    throw error;
  } finally {
    start?.free();
  }
}
