// What the package throws where the crate itself cannot: before the wasm is there, and of objects that were freed.

/** An `Error` with a sentence and a stable code, as the wasm makes them. */
export function failure(message, cause, code = 'init') {
  return Object.assign(new Error(message, { cause }), { code });
}

/** Stands for the wasm's exports until it is loaded. */
export const notLoaded = new Proxy(
  {},
  {
    get() {
      throw failure(
        'call init() first, and wait for its promise: the wasm of splinterp is not loaded yet',
        undefined,
        'uninitialised',
      );
    },
  },
);

/** What wasm-bindgen found wrong with an object, for which it has words about Rust. */
export function misused(message) {
  if (message.startsWith('null pointer')) {
    return failure('this object was freed: make another', undefined, 'freed');
  }
  if (message.startsWith('recursive use')) {
    return failure('this object is in use by a call that has not ended', undefined, 'busy');
  }
  return failure(message, undefined, 'internal');
}
