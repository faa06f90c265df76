// The module with shared memory on one, two and four threads: the same bits as without; and a thread that ends.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

const folder = new URL('../../target/modules/lab-threads/', import.meta.url);
const glue = new URL('splinterp.js', folder).href;
const { initSync, sharedParts, Dataset, Trainer } = await import(glue);
initSync({ module: await readFile(new URL('splinterp_bg.wasm', folder)) });

/** A second instance of the module on the same memory. */
function instantiate(module, memory) {
  const imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = kind === 'memory' ? memory : () => undefined;
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  exports.__wbindgen_start(1 << 18);
  return exports;
}

/** What www/src/lab/worker/threads.ts has a browser's worker do. */
const THREAD = `
  const { parentPort, workerData: { module, memory } } = require('node:worker_threads');
  ${instantiate.toString()}
  const exports = instantiate(module, memory);
  exports.announceThread();
  parentPort.postMessage('ready');
  try {
    exports.runThread();
  } catch (error) {
    exports.threadDied();
    throw error;
  }`;

function start([module, memory]) {
  const thread = new Worker(THREAD, { eval: true, workerData: { module, memory } });
  thread.unref();
  return new Promise((resolve, reject) => {
    thread.once('message', () => resolve(thread));
    thread.once('error', reject);
  });
}

/** FNV-1a, 64 bits. */
function fnv(bytes) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return `0x${hash.toString(16)}`;
}

/** The hash of a checkpoint, as if it had asked for one thread. */
function hashOf(checkpoint, threads) {
  const text = Buffer.from(checkpoint).toString('latin1');
  return fnv(Buffer.from(text.replace(`\\"threads\\":${threads}}`, '\\"threads\\":1}'), 'latin1'));
}

async function trained(method, threads) {
  const train = Dataset.digits(700, 1).normalised('mnist');
  const test = Dataset.digits(200, 2).normalised('mnist');
  const activation = { kind: 'topk', k: 5, by: 'magnitude' };
  return Trainer.create(train, test, { dSae: 32, activation, method, seed: 7, threads });
}

const golden = { sgd: '0x7516bff7849825a', pam: '0x2b6ba733a23f419a' };

test('without a thread it is one', async () => {
  assert.equal((await trained('sgd', 4)).backend, 'CPU, 1 thread');
});

test('one, two and four threads end with the same bits', async () => {
  for (let thread = 1; thread < 4; thread += 1) await start(sharedParts());
  for (const threads of [1, 2, 4]) {
    for (const [method, expected] of Object.entries(golden)) {
      const trainer = await trained(method, threads);
      assert.equal(trainer.backend, threads === 1 ? 'CPU, 1 thread' : `CPU, ${threads} threads`);
      await trainer.epoch();
      assert.equal(hashOf(await trainer.checkpoint(), threads), expected, `${method}, ${threads} threads`);
    }
  }
});

test('a number of threads that cannot be is refused by name', async () => {
  for (const threads of [0, 1e9, -1, 1.5]) {
    await assert.rejects(trained('sgd', threads), ({ code, message }) => code === 'option' && /threads/.test(message));
  }
});

test('where the shared memory cannot grow the run is refused in words, and another trains', async () => {
  const pages = 2048;
  const small = await import(`${glue}?small`);
  const memory = new WebAssembly.Memory({ initial: 64, maximum: pages, shared: true });
  small.initSync({ module: await readFile(new URL('splinterp_bg.wasm', folder)), memory });
  const rows = small.Dataset.fromRows(
    Float32Array.from({ length: 600 }, (_, i) => Math.sin(i * i)),
    2,
  );
  const activation = { kind: 'topk', k: 5, by: 'magnitude' };
  const options = { activation, method: 'pam', seed: 7, threads: 1 };
  // ZᵀZ of so many latents takes all that there is.
  const dSae = Math.ceil(Math.sqrt((pages * 65_536) / 8));
  const large = await small.Trainer.create(rows, rows, { ...options, dSae });
  await assert.rejects(large.epoch(), { code: 'memory', message: /ZᵀZ \[\d+, \d+\]/ });
  assert.equal(large.epochs, 0);
  large.free();
  const trainer = await small.Trainer.create(rows, rows, { ...options, dSae: 32 });
  assert.ok(Number.isFinite((await trainer.epoch()).testMse));
});

/**
 * Trains in a worker that has a thread in another, which is ended after so many milliseconds; `isHeard` has it said, as a
 * thread that traps says it.
 */
async function trainedWhileOneEnds(after, isHeard = false) {
  const trainer = new Worker(
    `
    const { parentPort } = require('node:worker_threads');
    const { readFile } = require('node:fs/promises');
    (async () => {
      const { initSync, sharedParts, Dataset, Trainer } = await import(${JSON.stringify(glue)});
      initSync({ module: await readFile(new URL('splinterp_bg.wasm', ${JSON.stringify(folder.href)})) });
      parentPort.postMessage(sharedParts());
      await new Promise((resolve) => parentPort.once('message', resolve));
      // Pieces so long that a thread is nearly always in one.
      const rows = Dataset.fromRows(Float32Array.from({ length: 512 * 1024 }, (_, i) => Math.sin(i * i)), 1024);
      const activation = { kind: 'topk', k: 5, by: 'magnitude' };
      const options = { dSae: 2048, activation, method: 'sgd', batchSize: 256, updatesPerBatch: 2, seed: 7 };
      const trainer = await Trainer.create(rows, rows.share(0.1, 1), options);
      const before = trainer.backend;
      parentPort.postMessage('begun');
      try {
        await trainer.epoch();
        parentPort.postMessage({
          ...{ before, backend: trainer.backend, reason: trainer.backendReason },
          checkpoint: await trainer.checkpoint(),
        });
      } catch ({ code, message }) {
        let later;
        await trainer.epoch().catch((error) => (later = error.code));
        parentPort.postMessage({ code, message, later });
      }
    })();`,
    { eval: true },
  );
  const answer = () =>
    new Promise((resolve, reject) => {
      trainer.once('message', resolve);
      trainer.once('error', reject);
    });
  const parts = await answer();
  const thread = await start(parts);
  trainer.postMessage('go');
  await answer();
  try {
    const end = answer();
    if (after !== undefined) {
      await setTimeout(after);
      await thread.terminate();
      if (isHeard) instantiate(...parts).threadDied();
    }
    return await end;
  } finally {
    await thread.terminate();
    await trainer.terminate();
  }
}

test('where a thread says that it ended, the epoch is repeated on one, which is said', async () => {
  const undisturbed = await trainedWhileOneEnds(undefined);
  assert.equal(undisturbed.before, 'CPU, 2 threads');
  for (let attempt = 0; attempt < 5; attempt += 1) {
    // A trap ends a thread in its arithmetic; this may end it in an allocation, which breaks the module: then once more.
    const outcome = await trainedWhileOneEnds(50 + 20 * attempt, true).catch((error) => {
      assert.ok(error instanceof WebAssembly.RuntimeError, error);
      return { code: 'broken' };
    });
    if (outcome.code !== 'broken') {
      const { backend, reason, checkpoint } = outcome;
      assert.deepEqual(Buffer.from(checkpoint), Buffer.from(undisturbed.checkpoint));
      assert.equal(backend, 'CPU, 1 thread');
      assert.match(reason, /a thread ended in the middle of its work\. The epoch was repeated on one thread/);
      return;
    }
  }
  assert.fail('the thread was always ended in an allocation');
});

/** Allocates and frees without end, so that it holds the allocator's lock most of the time. */
const ALLOCATES = `
  const { parentPort, workerData: { module, memory } } = require('node:worker_threads');
  ${instantiate.toString()}
  const { __wbindgen_malloc: allocate, __wbindgen_free: free } = instantiate(module, memory);
  parentPort.postMessage('ready');
  for (;;) free(allocate(64, 8), 64, 8);`;

/** What a trainer answers after another instance of its module was ended as it allocated. */
async function answerAfterAllocation() {
  const trainer = new Worker(
    `
    const { parentPort } = require('node:worker_threads');
    const { readFile } = require('node:fs/promises');
    (async () => {
      const { initSync, sharedParts, Dataset, Trainer } = await import(${JSON.stringify(glue)});
      initSync({ module: await readFile(new URL('splinterp_bg.wasm', ${JSON.stringify(folder.href)})) });
      const rows = Dataset.fromRows(Float32Array.from({ length: 600 }, (_, i) => Math.sin(i * i)), 2);
      const options = { dSae: 16, activation: { kind: 'topk', k: 5, by: 'magnitude' }, method: 'sgd', seed: 7 };
      const trainer = await Trainer.create(rows, rows, options);
      await trainer.epoch();
      parentPort.once('message', () => {
        const answer = ({ code, message }) => parentPort.postMessage({ code, message });
        trainer.epoch().then(answer, answer);
      });
      parentPort.postMessage(sharedParts());
    })();`,
    { eval: true },
  );
  const answer = () => new Promise((resolve, reject) => trainer.once('message', resolve).once('error', reject));
  const [module, memory] = await answer();
  const thread = new Worker(ALLOCATES, { eval: true, workerData: { module, memory } });
  await new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject));
  await setTimeout(20);
  await thread.terminate();
  trainer.postMessage('go');
  const outcome = await answer();
  await trainer.terminate();
  return outcome;
}

test('where a thread ends as it allocates, the module counts as broken', async () => {
  // One in five ends with the lock held, by 168 tries: a hundred in vain would be no chance.
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const { code, message } = await answerAfterAllocation();
    if (code !== undefined) {
      assert.equal(code, 'broken');
      assert.match(message, /a thread has not answered for ten seconds/);
      return;
    }
  }
  assert.fail('the thread was never ended as it allocated');
});

test('where a thread ends without a word, which may write later, the module counts as broken', async () => {
  // One that ends while it waits is not missed: then once more.
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const { code, message, later } = await trainedWhileOneEnds(50 + 20 * attempt);
    if (code !== undefined) {
      assert.deepEqual({ code, later }, { code: 'broken', later: 'broken' });
      assert.match(message, /a thread has not answered for ten seconds/);
      return;
    }
  }
  assert.fail('the thread was never ended in the middle of its work');
});
