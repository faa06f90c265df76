// When an action will end, as its first part foretells.

/** Shares below this foretell nothing yet. */
const LEAST_SHARE = 0.02;

export class Foretelling {
  private readonly begun = performance.now();
  /** Part that is done. */
  share = 0;

  /** Seconds until the end. */
  get left(): number | undefined {
    if (this.share < LEAST_SHARE) return undefined;
    return (((performance.now() - this.begun) / 1000) * (1 - this.share)) / this.share;
  }
}
