// The whole surface, without any reference to where the wasm lies: the caller gives it to `init` or `initSync`.

import load, { initSync as loadSync } from './core.js';
import { failure } from './failure.js';

export * from './core.js';

/** Loads the wasm, once for all entries of the package. */
export default async function init(input) {
  const source = await plain(await input, 'module_or_path');
  if (source === undefined || source === null) {
    throw failure('init was given no wasm: expected its address, its bytes, a WebAssembly.Module or a Response');
  }
  try {
    return output(await load({ module_or_path: source }));
  } catch (cause) {
    throw unloadable(cause, source);
  }
}

/** The same from bytes or a compiled module, without waiting. */
export function initSync(input) {
  const module = plain(input, 'module');
  if (module === undefined || module === null) {
    throw failure('initSync was given no wasm: expected { module }, its bytes or a compiled WebAssembly.Module');
  }
  try {
    return output(loadSync({ module }));
  } catch (cause) {
    throw unloadable(cause, module);
  }
}

/** What is given by itself, or in an object by its name. */
function plain(input, name) {
  return input && Object.getPrototypeOf(input) === Object.prototype ? input[name] : input;
}

/** Of the wasm's exports, the one that is of use outside. */
function output({ memory }) {
  return { memory };
}

function unloadable(cause, source) {
  const address = typeof source === 'string' || source instanceof URL ? source : source.url;
  const where = address ? ` from ${address}` : '';
  const advice = address
    ? 'Where a bundler or a server left splinterp_bg.wasm behind, copy it there, or give init the address where it lies'
    : 'Expected the content of splinterp_bg.wasm of this version';
  return failure(`the wasm could not be loaded${where}: ${cause?.message ?? cause}. ${advice}`, cause);
}
