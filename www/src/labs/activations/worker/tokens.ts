// The words of the rows, from the sample or from a sidecar file.

/** The word of a row, with those around it. */
export interface Token {
  token: string;
  before: string;
  after: string;
}

/** Words by row of the file. */
export interface Tokens {
  readonly count: number;
  at(row: number): Token | undefined;
}
