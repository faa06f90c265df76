import type { InitInput, InitOutput } from './core.js';

export * from './core.js';

/**
 * Loads the wasm that it is given. Await it before the first call. A second call gives what the first gave; one that
 * failed can be repeated.
 */
export default function init(
  input: InitInput | Promise<InitInput> | { module_or_path: InitInput | Promise<InitInput> },
): Promise<InitOutput>;
