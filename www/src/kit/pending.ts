// Calls to a worker that may die before it answers. Nothing outlives its call: a promise for the worker's whole life,
// raced against each call, would keep every answer that the worker ever gave.

export class PendingCalls {
  private readonly rejects = new Set<(reason: Error) => void>();

  /** Waits for a call's answer, or for `fail`. */
  run<T>(call: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.rejects.add(reject);
      const over = (): boolean => this.rejects.delete(reject);
      call().then(
        (value) => {
          over();
          resolve(value);
        },
        (error: unknown) => {
          over();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  /** Ends all calls that wait. */
  fail(reason: Error): void {
    for (const reject of this.rejects) reject(reason);
    this.rejects.clear();
  }

  /** Calls that wait. */
  get size(): number {
    return this.rejects.size;
  }
}
