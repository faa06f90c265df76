// In the worker of a lab: its rows as the explorer takes them, as many as fit.

import type { GivenRows, ImageShape, Token } from '../protocol';

/** What is used of a data set: each lab loads a module of its own, with a class of its own. */
interface RowsOf {
  readonly rows: number;
  readonly cols: number;
  rowsAt(rows: Uint32Array): Float32Array;
  undoNormalisation(values: Float32Array): Float32Array;
}

interface Described {
  shown: RowsOf;
  train: RowsOf;
  test: RowsOf;
  image: { width: number; height: number } | undefined;
  /** Number of a shown row in the data, its label and its token. */
  number: (row: number) => number;
  label: (row: number) => number | undefined;
  token: ((row: number) => Token | undefined) | undefined;
}

/** Rows that planes are laid through: more could not be told apart on a stage. */
const MOST_SHOWN = 2000;
/** Bytes of training and of test rows that are copied to the explorer. */
const MOST_BYTES = 48e6;

/** So many rows, evenly spaced. */
function evenly(rows: number, most: number): Uint32Array {
  const count = Math.min(rows, most);
  return Uint32Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
}

export function givenRows({ shown, train, test, image, number, label, token }: Described): GivenRows {
  const { cols } = shown;
  const most = Math.max(1, Math.floor(MOST_BYTES / (4 * cols)));
  const rows = evenly(shown.rows, Math.min(most, MOST_SHOWN));
  return {
    cols,
    shown: shown.rowsAt(rows),
    numbers: rows.map(number),
    labels: Array.from(rows, label),
    tokens: token && Array.from(rows, token),
    image: image && imageShape(shown, image),
    train: train.rowsAt(evenly(train.rows, most)),
    test: test.rowsAt(evenly(test.rows, Math.min(most, MOST_SHOWN))),
    trainTotal: train.rows,
    testTotal: test.rows,
  };
}

/** Normalisation is affine in each column: two rows show how it is undone. */
function imageShape(rows: RowsOf, size: { width: number; height: number }): ImageShape {
  const shift = rows.undoNormalisation(new Float32Array(rows.cols));
  const one = rows.undoNormalisation(new Float32Array(rows.cols).fill(1));
  return { ...size, shift, scale: one.map((value, i) => value - (shift[i] ?? 0)) };
}
