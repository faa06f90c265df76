/** What holds the wasm: its address, its bytes, a `Response` that brings it, or a compiled `WebAssembly.Module`. */
export type InitInput = string | URL | ArrayBuffer | ArrayBufferView | FetchedWasm | CompiledWasm;

/** A `Response`; declared by what is read of it, so that TypeScript need not know the DOM. */
export interface FetchedWasm {
  readonly url: string;
  readonly ok: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A `WebAssembly.Module`, which TypeScript declares without members. */
export type CompiledWasm = object;

/** What `init` and `initSync` give. */
export interface InitOutput {
  /** The memory in which all objects of the package lie. It grows as needed, up to 4 GiB, and never shrinks. */
  readonly memory: { readonly buffer: ArrayBuffer };
}

/**
 * Loads the wasm from bytes or a compiled module, without waiting. Pages refuse to compile so much on the main thread:
 * there use `init`.
 */
export function initSync(
  input: { module: ArrayBuffer | ArrayBufferView | CompiledWasm } | ArrayBuffer | ArrayBufferView,
): InitOutput;
