// For Node, Deno and Bun: the wasm is read from disk as this file is imported, so that nothing need be awaited and
// `require` works.

import { readFileSync } from 'node:fs';
import { failure } from './failure.js';
import { initSync } from './slim.js';

export * from './slim.js';

const output = initSync({ module: read(new URL('splinterp_bg.wasm', import.meta.url)) });

export default async function init() {
  return output;
}

function read(address) {
  try {
    return readFileSync(address);
  } catch (cause) {
    throw failure(`the wasm could not be read: ${cause.message}. A bundler left it behind: copy it there`, cause);
  }
}
