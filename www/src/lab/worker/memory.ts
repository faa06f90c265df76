// Memory of the wasm module, which JavaScript's collector neither sees nor hurries to give back.

interface Freed {
  free(): void;
}

/** Runs work that needs values on the way: what it holds is freed when it ends, whatever ends it. */
export function scratch<T>(work: (hold: <D extends Freed>(value: D) => D) => T): T {
  const held: Freed[] = [];
  try {
    return work((value) => {
      held.push(value);
      return value;
    });
  } finally {
    for (const value of held.reverse()) value.free();
  }
}
