// A session of the activations lab: rows, split and normalised, and the runs on them.

import { Trainer, type Dataset, type Sae, type TrainOptions } from 'splinterp';
import { codeOf, Failure, isTrap, messageOf } from '../../../kit/failure';
import { count } from '../../../kit/format';
import type { SessionRequest } from '../../../lab/protocol';
import type { Made } from '../../../lab/worker/host';
import { scratch } from '../../../lab/worker/memory';
import type { SavedRun } from '../../../lab/worker/store';
import { runOf, type Run } from '../../../lab/worker/training';
import type { GivenRows } from '../../explorer/protocol';
import { givenRows } from '../../explorer/worker/given';
import { methods, type Method } from '../methods';
import type { ActivationsInfo } from '../protocol';
import type { ActivationsConfig } from '../settings';
import { freeParts, partsOf, testBy, type Parts } from './parts';
import { tableOptions, withRecipe } from './sizes';
import type { Source } from './source';

/** An SAE from elsewhere, which takes rows as they are stored. */
export interface Imported {
  readonly name: string;
  readonly sae: Sae;
}

/** Where runs start that do not start from random weights. */
export interface Starts {
  imported: Imported | undefined;
  checkpoint: { name: string; bytes: Uint8Array } | undefined;
}

/** What experiments need of a session. */
interface Experimental {
  readonly train: Dataset;
  readonly test: Dataset;
  readonly start: Sae | undefined;
  readonly optionsOf: (method: Method) => TrainOptions;
}

export class ActivationsSession implements Made<Trainer, ActivationsInfo> {
  readonly kept = true;

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
    const parts = await partsOf(source, config);
    try {
      const runs = await runsOf(request, source, parts, starts, saved);
      const sizes = { trainRows: parts.train.rows, testRows: parts.test.rows, cols: source.info.cols };
      const info = { data: source.info, testBy: testBy(source, config), ...sizes };
      return new ActivationsSession(runs, info, config, source.hold(), parts);
    } catch (error) {
      freeParts(parts);
      throw error;
    }
  }

  get bytes(): number {
    return this.config.source === 'sample' ? 0 : this.source.bytes;
  }

  /** All rows, normalised as the training rows are. */
  get whole(): Dataset {
    return this.parts.whole;
  }

  /** Rows that nothing was trained on, as the runs read them or as they are stored; the caller frees them. */
  testRows(stored: boolean): Dataset {
    const { test } = this.parts;
    return stored ? test.normalised('none') : test.normalisedLike(test);
  }

  /** Rows to explore on, as the runs read them or as they are stored. */
  rows(stored: boolean): GivenRows {
    return scratch((hold) => {
      const { rowNumbers, tokens, info } = this.source;
      const { seen, test, whole } = this.parts;
      const as = (part: Dataset): Dataset => (stored ? hold(part.normalised('none')) : part);
      const number = (row: number): number => rowNumbers[row] ?? row;
      return givenRows({
        shown: as(whole),
        train: as(seen),
        test: as(test),
        image: info.image,
        number,
        label: () => undefined,
        token: tokens && ((row) => tokens.at(number(row))),
      });
    });
  }

  /**
   * The rows on which experiments run, which take shares of their own, their options before the preset, and where they
   * start, which the caller frees.
   */
  experimentData(imported: Imported | undefined): Experimental {
    const { train, test } = this.parts.trial;
    const start = startOf(this.config, imported, train);
    const optionsOf = (method: Method): TrainOptions => optionsFor(this.config, method, this.source, start);
    return { train, test, start, optionsOf };
  }

  free(): void {
    freeParts(this.parts);
    this.source.free();
  }
}

/** The imported SAE, where runs start from it: it reads rows as they are stored; trained on, as they are normalised. */
function startOf({ from }: ActivationsConfig, imported: Imported | undefined, rows: Dataset): Sae | undefined {
  if (from !== 'imported') return undefined;
  if (!imported) {
    throw new Failure('No SAE has been imported on this page yet, and a link cannot carry one', 'files');
  }
  const { name, sae } = imported;
  if (sae.dIn !== rows.cols) {
    throw new Failure(
      `${name}: reads rows of ${count(sae.dIn)} values, and these have ${count(rows.cols)}. Load rows of its width, or start from random weights`,
      'files',
    );
  }
  return sae.unfolded(rows);
}

/** The run of a checkpoint that was given; what is wrong with it is said of its file. */
async function resumed(checkpoint: Starts['checkpoint'], train: Parts['train'], test: Dataset): Promise<Trainer> {
  if (!checkpoint)
    throw new Failure('No checkpoint has been given on this page yet, and a link cannot carry one', 'files');
  try {
    return await Trainer.resume(checkpoint.bytes, train, test);
  } catch (error) {
    if (isTrap(error)) throw error;
    const what = messageOf(error).replace(/^checkpoint: /, '');
    const advice =
      codeOf(error) === 'shape' ? '. Load the rows that it was trained on, or start from random weights' : '';
    throw new Failure(`${checkpoint.name}: ${what}${advice}`, codeOf(error));
  }
}

/** Options before the preset; a run that starts from a model has its latents and its activation. */
function optionsFor(config: ActivationsConfig, method: Method, source: Source, start: Sae | undefined): TrainOptions {
  const { info, origin } = source;
  const table = tableOptions(config, method, info.cols, origin.active);
  return start ? { ...table, dSae: start.dSae, activation: start.activation } : table;
}

async function runsOf(
  { config, epochs }: SessionRequest<ActivationsConfig>,
  source: Source,
  { train, test, whole }: Parts,
  { imported, checkpoint }: Starts,
  saved: readonly SavedRun[] | undefined,
): Promise<Run<Trainer>[]> {
  if (config.from === 'checkpoint') {
    const [kept] = saved ?? [];
    const trainer = await (kept ? Trainer.resume(kept.checkpoint, train, test) : resumed(checkpoint, train, test));
    return [await runOf(trainer.options.method, trainer, kept)];
  }
  const start = startOf(config, imported, whole);
  const runs: Run<Trainer>[] = [];
  try {
    for (const method of config.method === 'both' ? methods : [config.method]) {
      const kept = saved?.find(({ name }) => name === method);
      const options = withRecipe(optionsFor(config, method, source, start), config, train.rows, epochs);
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
