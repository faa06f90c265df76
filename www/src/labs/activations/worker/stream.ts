// Rows that memory does not hold: opened as a stream of their files, read once, and a part of them held out in memory.

import { RowStream, type Dataset, type StreamFile } from 'splinterp';
import { count } from '../../../kit/format';
import { Failure } from '../../../kit/failure';
import type { LoadChoice } from '../protocol';
import type { Sequences } from './sequences';

/** Rows that are held out, at most, and their share of all. */
const MOST_HELD_ROWS = 16_384;
const HELD_SHARE = 0.1;
/** So many are needed: experiments train on nine tenths of them and test on the others. */
const LEAST_HELD_ROWS = 6;
/** Bytes of them, at most. */
const MOST_HELD_BYTES = 2 ** 26;
/** Whole sequences may come to more, as the last of them is long: so many bytes. Else blocks are held out. */
const MOST_SEQUENCE_BYTES = 2 ** 28;
/** Which rows are held out is the same for all sessions: the page has measured features on them. */
const SEED = 1;

export interface Streamed {
  train: RowStream;
  /** The rows that are held out, as they are stored. */
  data: Dataset;
  numbers: Uint32Array;
  heldOutBy: 'block' | 'sequence';
}

/** How the work is told of and cancelled. */
interface How {
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}

/** Opens the files and reads all their rows once. */
export async function streamOf(
  files: readonly StreamFile[],
  { tensor, keep, dropNonFinite, reservoir }: LoadChoice & { reservoir: number },
  sequences: Sequences | undefined,
  { signal, onProgress }: How,
): Promise<Streamed> {
  const all = await RowStream.open([...files], { tensor, keep, dropNonFinite, reservoir });
  const parts: RowStream[] = [all];
  const cancel = (): void => parts.forEach((part) => part.cancel());
  signal.addEventListener('abort', cancel);
  try {
    const bytes = all.cols * (keep === 'u8' ? 1 : keep === 'f16' ? 2 : 4);
    const held = Math.floor(Math.min(MOST_HELD_ROWS, all.rows * HELD_SHARE, MOST_HELD_BYTES / bytes));
    if (held < LEAST_HELD_ROWS) {
      throw new Failure(`${count(all.rows)} rows are too few to hold some out: keep all rows in memory`, 'shape');
    }
    const whole = sequences && sequences.count > 1 ? all.holdOutBySequence(held, SEED, sequences.of) : undefined;
    parts.push(...(whole ?? []));
    const bySequence = whole && whole[1].rows * bytes <= MOST_SEQUENCE_BYTES ? whole : undefined;
    const [rest, test] = bySequence ?? all.holdOut(held, SEED);
    if (!bySequence) parts.push(rest, test);
    if (signal.aborted) cancel();
    const { rows: data, numbers } = await test.load();
    try {
      const train = await rest.normalised('none', onProgress);
      return { train, data, numbers, heldOutBy: bySequence ? 'sequence' : 'block' };
    } catch (error) {
      data.free();
      throw error;
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    for (const part of parts) part.free();
  }
}
