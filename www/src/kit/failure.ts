// Failures of the worker: sentences for people with a code for programs, as the crate gives them.

/** A failure as it crosses to the page: comlink carries the message and name of an error, but not its code. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; message: string; code: string };

/** A failure that the worker itself finds. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

/** The stable code of an error, `internal` if it has none. */
export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return 'internal';
}

/**
 * Whether the module that computes has stopped half-way, by a trap or, as its own errors say, by a panic. No later answer
 * of it could be trusted.
 */
export function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || codeOf(error) === 'broken';
}

/** The sentence of an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Runs `work` and turns what it throws into a value that keeps its code on the way to the page. */
export async function outcome<T>(work: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, message: messageOf(error), code: codeOf(error) };
  }
}
