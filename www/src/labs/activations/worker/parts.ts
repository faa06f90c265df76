// The rows of a session in the parts that it uses: to train on, to test on, and for experiments.

import type { Dataset, RowStream } from 'splinterp';
import { Failure } from '../../../kit/failure';
import { scratch } from '../../../lab/worker/memory';
import type { TestBy } from '../protocol';
import type { ActivationsConfig } from '../settings';
import type { Source } from './source';

/** As the paper's experiment splits its rows. */
const TRAIN_SHARE = 0.9;

export interface Parts {
  /** The rows that are trained on. */
  train: Dataset | RowStream;
  /** Rows that nothing was trained on. */
  test: Dataset;
  /** All rows that are in memory, normalised as the training rows are. */
  whole: Dataset;
  /** Experiments train on shares of their own, of rows that are in memory. */
  trial: { train: Dataset; test: Dataset };
  /** Training rows that are in memory, to explore on. */
  seen: Dataset;
}

export async function partsOf(source: Source, config: ActivationsConfig): Promise<Parts> {
  const { streamed } = source.origin;
  return streamed ? partsOfStream(source, streamed.train, config) : partsInMemory(source, config);
}

/** How the test rows of a session are drawn: whole sequences where they are known and wanted. */
export function testBy(
  { sequences, origin }: Pick<Source, 'sequences' | 'origin'>,
  config: Pick<ActivationsConfig, 'testBy'>,
): TestBy {
  if (origin.streamed) return origin.heldOutBy ?? 'block';
  return config.testBy === 'sequence' && (sequences?.count ?? 0) > 1 ? 'sequence' : 'row';
}

function partsInMemory(source: Source, config: ActivationsConfig): Parts {
  const { data, sequences } = source;
  const { seed, share, standardise } = config;
  return scratch((hold) => {
    const bySequence = testBy(source, config) === 'sequence' && sequences;
    const split = bySequence ? data.splitBySequence(TRAIN_SHARE, seed, sequences.of) : data.split(TRAIN_SHARE, seed);
    const [part, rest] = split.map(hold);
    if (!part || !rest) throw new Failure('A split has two parts', 'internal');
    const kind = standardise ? 'standardise' : 'none';
    const all = part.normalised(kind);
    const train = share < 100 ? hold(part.share(share / 100, seed)).normalised(kind) : all.normalisedLike(all);
    const test = rest.normalisedLike(train);
    return { train, test, whole: data.normalisedLike(train), trial: { train: all, test }, seen: train };
  });
}

/** Of a stream the held-out rows are in memory: they test, they are shown, and experiments train on a part of them. */
async function partsOfStream(
  { data, sequences, rowNumbers, origin }: Source,
  rows: RowStream,
  { seed, standardise }: ActivationsConfig,
): Promise<Parts> {
  // All rows have been read before: this only chooses.
  const train = await rows.normalised(standardise ? 'standardise' : 'none');
  const test = train.normalise(data);
  const of = origin.heldOutBy === 'sequence' ? sequences?.ofRows(rowNumbers) : undefined;
  // One sequence that is as long as all that are held out leaves nothing to tell apart by.
  const several = of?.some((each) => each !== of[0]);
  const [part, rest] = of && several ? test.splitBySequence(TRAIN_SHARE, seed, of) : test.split(TRAIN_SHARE, seed);
  return { train, test, whole: test.normalisedLike(test), trial: { train: part, test: rest }, seen: part };
}

export function freeParts({ train, test, whole, trial, seen }: Parts): void {
  for (const part of new Set([train, test, whole, trial.train, trial.test, seen])) part.free();
}
