import type { InitInput, InitOutput } from './core.js';

export * from './core.js';

/** In Node the wasm is loaded by the import: this resolves at once, so that the same code runs in pages. */
export default function init(
  input?: InitInput | Promise<InitInput> | { module_or_path: InitInput | Promise<InitInput> },
): Promise<InitOutput>;
