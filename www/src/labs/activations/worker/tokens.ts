// The tokens of the rows, from the sample or from a sidecar file.

/** The token of a row, with those around it. */
export interface Token {
  token: string;
  before: string;
  after: string;
}

/** Tokens by row of the file. */
export interface Tokens {
  readonly count: number;
  /** The sequence of each row, where they say it. */
  readonly sequences?: Uint32Array | undefined;
  at(row: number): Token | undefined;
  free(): void;
}
