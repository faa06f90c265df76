// For pages, workers and bundlers: the wasm lies beside this file. Bundlers look for this very form of address.

import load from './slim.js';

export * from './slim.js';

export default function init(input = new URL('splinterp_bg.wasm', import.meta.url)) {
  return load(input);
}
