// Where the rows come from: the bundled sample, or a file that the user gave. Several hold a source, such as sessions
// and measurements; its memory is given back when the last lets it go.

import { Dataset, type RowStream } from 'splinterp';
import type { DataInfo } from '../protocol';
import { makeSample, SAMPLE_COLS, type Known } from './sample';
import { Sequences } from './sequences';
import type { Tokens } from './tokens';

/** What is known of rows. */
interface Origin {
  info: DataInfo;
  /** Not normalised; of a stream, rows that are held out of it. */
  data: Dataset;
  /** The rows to train on, where they stay in their files, and which rows of the files `data` has. */
  streamed?: { train: RowStream; numbers: Uint32Array } | undefined;
  /** Rows of the file, also those that were left out. */
  fileRows: number;
  /** Which rows are of one text, where the shape of the array tells. */
  sequences?: Sequences | undefined;
  /** Blocks of neighbouring rows, or whole sequences, of which `data` was held out of a stream. */
  heldOutBy?: 'block' | 'sequence' | undefined;
  tokens: Tokens | undefined;
  /** The features that made the data, for the sample. */
  known: Known | undefined;
  /** How many features hold of a row, where that is known. */
  active: number | undefined;
  /** Text by which the same rows are known again after a reload. */
  identity: string;
}

const BYTES = { u8: 1, f16: 2, f32: 4 } as const;

/** Rows as they are stored. */
export class Source {
  readonly info: DataInfo;
  readonly data: Dataset;
  /** For each row its number in the file. */
  readonly rowNumbers: Uint32Array;
  tokens: Tokens | undefined;
  /** Which rows of the file are of one text, by its tokens or else by its shape. */
  sequences: Sequences | undefined;
  private holders = 1;

  constructor(readonly origin: Origin) {
    this.info = origin.info;
    this.data = origin.data;
    this.rowNumbers = origin.streamed?.numbers ?? origin.data.rowNumbers();
    this.tokens = origin.tokens;
    this.sequences = this.known();
    this.info.sequences = this.sequences?.count;
  }

  private known(): Sequences | undefined {
    const { sequences, fileRows } = this.origin;
    const said = this.tokens?.sequences;
    return said ? new Sequences(said, fileRows) : sequences;
  }

  /** Text by which the same rows, split in the same way, are known again. */
  get identity(): string {
    return [this.origin.identity, this.sequences?.identity ?? ''].join(' ').trim();
  }

  get bytes(): number {
    return this.data.rows * this.info.cols * BYTES[this.info.kept] + (this.info.reservoir ?? 0);
  }

  /** Names the rows. */
  name(tokens: Tokens): void {
    this.tokens?.free();
    this.tokens = tokens;
    this.info.tokens = true;
    this.sequences = this.known();
    this.info.sequences = this.sequences?.count;
  }

  /** Another holder. */
  hold(): this {
    this.holders += 1;
    return this;
  }

  /** One holder lets go. */
  free(): void {
    this.holders -= 1;
    if (this.holders > 0) return;
    this.data.free();
    this.origin.streamed?.train.free();
    this.tokens?.free();
  }
}

export function sampleSource(seed: number): Source {
  const { values, tokens, known, active } = makeSample(seed);
  const data = Dataset.fromRows(values, SAMPLE_COLS);
  const { rows, cols } = data;
  const info = { name: 'the bundled sample', rows, cols, kept: 'f32' as const, tokens: true, image: undefined };
  return new Source({ info, data, fileRows: rows, tokens, known, active, identity: 'sample' });
}

/** Side lengths of the square picture that a row of bytes may be. */
export function squareOf(cols: number): { width: number; height: number } | undefined {
  const side = Math.round(Math.sqrt(cols));
  return side >= 4 && side * side === cols ? { width: side, height: side } : undefined;
}
