// What follows from a figure's state, computed anew only when what it follows from is another.

export class Derived<A extends readonly unknown[], T> {
  private last: { readonly from: A; readonly value: T } | undefined;

  constructor(
    private readonly make: (...from: A) => T,
    /** Frees a value that another replaces: wasm memory is not collected. */
    private readonly free: (value: T) => void = () => undefined,
  ) {}

  /** The value that follows from these, compared one by one. What `make` throws is thrown, and nothing is kept. */
  of(...from: A): T {
    if (this.last && from.every((each, i) => Object.is(each, this.last?.from[i]))) return this.last.value;
    const value = this.make(...from);
    this.forget();
    this.last = { from, value };
    return value;
  }

  forget(): void {
    if (this.last) this.free(this.last.value);
    this.last = undefined;
  }
}
