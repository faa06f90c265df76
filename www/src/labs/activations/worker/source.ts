// Where the rows come from: the bundled sample, or a file that the user gave.

import { Dataset } from 'splinterp';
import type { DataInfo } from '../protocol';
import { makeSample, SAMPLE_COLS, type Known } from './sample';
import type { Tokens } from './tokens';

/** Rows as they are stored, and what is known of them. */
export interface Source {
  info: DataInfo;
  /** Not normalised. */
  data: Dataset;
  /** Rows of the file, also those that were left out. */
  fileRows: number;
  /** For each row its number in the file. */
  rowNumbers: Uint32Array;
  tokens: Tokens | undefined;
  /** The features that made the data, for the sample. */
  known: Known | undefined;
  /** How many features hold of a row, where that is known. */
  active: number | undefined;
  /** Text by which the same rows are known again after a reload. */
  identity: string;
}

export function sampleSource(seed: number): Source {
  const { values, tokens, known, active } = makeSample(seed);
  const data = Dataset.fromRows(values, SAMPLE_COLS);
  return {
    info: {
      name: 'the bundled sample',
      rows: data.rows,
      cols: data.cols,
      kept: 'f32',
      tokens: true,
      image: undefined,
    },
    data,
    fileRows: data.rows,
    rowNumbers: data.rowNumbers(),
    tokens,
    known,
    active,
    identity: 'sample',
  };
}

/** Side lengths of the square picture that a row of bytes may be. */
export function squareOf(cols: number): { width: number; height: number } | undefined {
  const side = Math.round(Math.sqrt(cols));
  return side >= 4 && side * side === cols ? { width: side, height: side } : undefined;
}
