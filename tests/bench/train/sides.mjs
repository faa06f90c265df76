// The sides of the training benchmark: the browser, the crate natively, and PyTorch. Each takes a request and answers
// with the seconds of one epoch.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);

/** The site's own code that starts threads, as JavaScript. */
export async function threadsScript() {
  const { default: ts } = await import(new URL('www/node_modules/typescript/lib/typescript.js', root).href);
  const source = await readFile(new URL('www/src/lab/worker/threads.ts', root), 'utf8');
  const target = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  return Buffer.from(ts.transpileModule(source, { compilerOptions: target }).outputText);
}

/** A side that is a program: one request a line, one answer a line. */
export function program(command, given) {
  const child = spawn(command, given, { cwd: fileURLToPath(root), stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (request) => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`${command} ended before it answered`);
    return JSON.parse(value);
  };
  return { ask, cpu: () => cpuOf(child.pid), end: () => child.stdin.end() };
}

/** Seconds of the processor that a process has used, to the hundredth. */
async function cpuOf(pid) {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = text.slice(text.lastIndexOf(')')).split(' ').slice(12, 14).map(Number);
  return (user + system) / 100;
}

/**
 * The browser's: a worker for each module. Byte rows go to the lab's, others to one that has the screen as the whole crate
 * has it; each has a second build with threads.
 */
export async function browser(page) {
  const session = await page.context().browser().newBrowserCDPSession();
  const workers = new Set();
  const worker = async (module) => {
    if (workers.has(module)) return;
    workers.add(module);
    await page.evaluate(
      (module) =>
        new Promise((resolve, reject) => {
          const worker = new Worker('/tests/bench/train/worker.js', { type: 'module' });
          (globalThis.workers ??= {})[module] = worker;
          worker.onmessage = resolve;
          worker.onerror = ({ message }) => reject(new Error(message || 'the worker could not be started'));
          worker.postMessage({ load: module });
        }),
      module,
    );
  };
  const ask = async (request) => {
    const part = request.spec.data === 'mnist' && request.spec.kind === 'train' ? 'lab' : 'dense';
    const module = request.threads === 1 ? part : `${part}-threads`;
    await worker(module);
    return page.evaluate(
      ({ module, request }) =>
        new Promise((resolve, reject) => {
          const worker = globalThis.workers[module];
          worker.onmessage = ({ data: { answer, error } }) => (error ? reject(new Error(error)) : resolve(answer));
          worker.postMessage({ request });
        }),
      { module, request },
    );
  };
  const cpu = async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return processInfo.filter(({ type }) => type === 'renderer').reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  };
  return { ask, cpu, end: () => undefined };
}
