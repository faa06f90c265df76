// When an action will end, extrapolated from the part that is done.

/** Shares below this say too little. */
const LEAST_SHARE = 0.02;

export class TimeLeft {
  private readonly begun = performance.now();
  /** Part that is done. */
  share = 0;

  /** Seconds until the end. */
  get left(): number | undefined {
    if (this.share < LEAST_SHARE) return undefined;
    return (((performance.now() - this.begun) / 1000) * (1 - this.share)) / this.share;
  }
}
