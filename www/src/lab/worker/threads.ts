// Threads of a module with shared memory: workers that this worker starts, each of which runs the module on the same
// memory. Browsers share memory only with pages that are isolated from other origins, which the server's headers decide.

/** What a thread is started with. */
interface Shared {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  stack: number;
}

/** Bytes of a thread's stack: what runs there calls a few functions deep and keeps its arrays elsewhere. */
const STACK_BYTES = 1 << 18;
/** More would wait for each other more than they compute. */
const MOST_THREADS = 8;
/** A browser that starts no workers shall not hold the lab up. */
const PATIENCE_MS = 2000;

/** Whether this worker may share memory and has cores to share work over. */
export function canShare(): boolean {
  return crossOriginIsolated && navigator.hardwareConcurrency > 1;
}

/** Held for life: a browser may end a worker that nothing refers to. */
const threads: Worker[] = [];

/**
 * What a thread does, for life; its text is the worker's script, so that it uses nothing around it. It calls nothing of
 * JavaScript either: the imports of the module are there in name only.
 */
function live(): void {
  onmessage = ({ data }: MessageEvent<Shared>) => {
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
    for (const { module, name, kind } of WebAssembly.Module.imports(data.module)) {
      (imports[module] ??= {})[name] = kind === 'memory' ? data.memory : () => undefined;
    }
    const { exports } = new WebAssembly.Instance(data.module, imports);
    const call = (name: string, ...given: number[]): void => {
      const called = exports[name];
      if (typeof called === 'function') Reflect.apply(called, undefined, given);
    };
    call('__wbindgen_start', data.stack);
    call('announceThread');
    postMessage('ready');
    try {
      call('runThread');
    } catch (error) {
      call('threadDied');
      throw error;
    }
  };
}

/**
 * Starts a thread for each core but that of this worker; resolves when they are ready, or have failed to be. Rejects where
 * the browser cannot give the module to a worker, and leaves none.
 */
export async function startThreads(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<void> {
  const script = URL.createObjectURL(new Blob([`(${live.toString()})()`], { type: 'text/javascript' }));
  const count = Math.min(navigator.hardwareConcurrency, MOST_THREADS) - 1;
  const late = new Promise<void>((resolve) => setTimeout(resolve, PATIENCE_MS));
  const ready = Array.from({ length: count }, () => {
    const worker = new Worker(script);
    try {
      worker.postMessage({ module, memory, stack: STACK_BYTES } satisfies Shared);
    } catch (error) {
      worker.terminate();
      throw error;
    }
    threads.push(worker);
    return new Promise<void>((resolve) => (worker.onmessage = worker.onerror = () => resolve()));
  });
  await Promise.race([Promise.all(ready), late]);
  URL.revokeObjectURL(script);
}
