// The boundary between a page and its workers, and the only place that makes one. A page connects to a script and calls
// what the script serves; a worker that traps, dies or cannot be loaded rejects every call that waits for it.

import { expose, proxy, transferHandlers, wrap } from 'comlink';
import { codeOf, Failure, isTrap, messageOf } from './failure';
import { PendingCalls } from './pending';

/** Code of a call whose worker ended before it answered. */
export const LOST = 'lost';
/** Code of what `isTrap` says of. */
const TRAP = 'trap';

/** A worker, as a page holds it. Functions among the arguments of a call are called back by the worker. */
export interface Connection<T> {
  readonly api: T;
  /** Resolves when the worker has ended of itself, with the reason; `close` does not count. */
  readonly lost: Promise<Failure>;
  /** Ends the worker; calls that wait for it are rejected. */
  close(): void;
}

/** A method of a service, as a page calls it. */
type Method = (...given: unknown[]) => Promise<unknown>;
/** What workers serve: every answer is a promise. */
type Service<T> = { [K in keyof T]: (...given: never[]) => Promise<unknown> };

/** A worker's first message names a lock that it holds for life: only by its release does a page learn of a quiet end. */
interface Greeting {
  holds: string;
}

function isGreeting(data: unknown): data is Greeting {
  return typeof data === 'object' && data !== null && 'holds' in data && typeof data.holds === 'string';
}

// Errors cross with their code, which comlink by itself would drop.
const thrown = transferHandlers.get('throw');
if (thrown) {
  transferHandlers.set('throw', {
    ...thrown,
    serialize: ({ value }: { value: unknown }) => {
      const code = isTrap(value) ? TRAP : codeOf(value);
      return [{ isError: true, value: { name: 'Error', message: messageOf(value), code } }, []];
    },
  });
}

/**
 * A worker that runs the module at `script`. It starts from a blob, since a worker from a blob lives under the policy
 * of the page that made it; one from an address would live under none, a policy in a `<meta>` being the page's alone.
 */
function start(script: string): Worker {
  const source = `import ${JSON.stringify(new URL(script, document.baseURI).href)};`;
  return new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })), { type: 'module' });
}

/** Starts a worker. */
export function connect<T extends Service<T>>(script: string): Connection<T> {
  const worker = start(script);
  const remote = wrap<Record<string, Method>>(worker);
  const calls = new PendingCalls();
  const watch = new AbortController();
  let tell: (reason: Failure) => void = () => undefined;
  const lost = new Promise<Failure>((resolve) => (tell = resolve));
  let ended: Failure | undefined;

  const end = (reason: Failure): void => {
    if (ended) return;
    ended = reason;
    worker.terminate();
    watch.abort();
    calls.fail(reason);
  };
  const lose = (why: string): void => {
    if (ended) return;
    const reason = new Failure(why, LOST);
    end(reason);
    tell(reason);
  };

  worker.addEventListener('error', ({ message }: ErrorEvent) => {
    lose(message ? message.replace(/^Uncaught (\w*Error: )?/, '') : 'its script could not be loaded');
  });
  worker.addEventListener('messageerror', () => lose('a message of it could not be read'));
  worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (!isGreeting(data)) return;
    navigator.locks
      .request(data.holds, { signal: watch.signal }, () => lose('it ended without a word'))
      .catch(() => undefined); // The page has closed it.
  });

  const call = async (name: string, given: unknown[]): Promise<unknown> => {
    if (ended) throw ended;
    return calls.run(async () => {
      try {
        return await remote[name]?.(...given.map((each) => (typeof each === 'function' ? proxy(each) : each)));
      } catch (error) {
        if (codeOf(error) === TRAP) lose(messageOf(error));
        throw new Failure(messageOf(error), codeOf(error));
      }
    });
  };

  const api = new Proxy({} as T, {
    // A proxy that is awaited by mistake must not call the worker for `then`.
    get: (_, name) =>
      typeof name === 'string' && name !== 'then' ? (...given: unknown[]) => call(name, given) : undefined,
  });
  return { api, lost, close: () => end(new Failure('the page has closed it', LOST)) };
}

/** In a worker: serves the page that started it. */
export function serve<T extends Service<T>>(service: T): void {
  expose(service);
  // A trap within a promise that nobody awaits would pass unnoticed; as an uncaught error it ends the worker.
  addEventListener('unhandledrejection', ({ reason }: PromiseRejectionEvent) => {
    if (isTrap(reason)) reportError(reason);
  });
  // Only a secure context has locks. Elsewhere a quiet end goes unnoticed, as everywhere before there were locks.
  if (!('locks' in navigator)) return;
  const holds = `worker ${Math.random()} ${Date.now()}`;
  void navigator.locks.request(holds, () => {
    postMessage({ holds } satisfies Greeting);
    return new Promise(() => undefined);
  });
}
