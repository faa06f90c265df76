// The browser's side: a worker that trains with one of the site's modules, as a lab's worker does.

/** Data sets by name, each once. */
const loaded = new Map();
const trainers = new Map();
let splinterp;
let memory;

async function read(name) {
  const bytes = new Uint8Array(await (await fetch(`/data/${name}`)).arrayBuffer());
  return splinterp.readTensors(bytes, name).dataset();
}

async function load(data) {
  if (data === 'mnist') {
    const names = ['train-images-idx3-ubyte.gz', 't10k-images-idx3-ubyte.gz'];
    return Promise.all(names.map(async (name) => (await read(name)).normalised('mnist')));
  }
  const [rows, others] = (await read('minilm_l3.npy')).split(0.9, 1);
  const train = rows.normalised('standardise');
  return [train, others.normalisedLike(train)];
}

async function data({ data, mostRows }) {
  if (!loaded.has(data)) loaded.set(data, await load(data));
  const [train, test] = loaded.get(data);
  return mostRows < train.rows ? [train.share(mostRows / train.rows, 1), test] : [train, test];
}

/** One epoch of a run, or one pass of it; the first call of a run makes it and warms up. */
async function measured({ name, spec, threads, epochs }) {
  const [train, test] = await data(spec);
  if (!trainers.has(name) || spec.kind === 'solve') {
    // One at a time: the largest fill the memory that a module may have.
    for (const other of trainers.values()) other.trainer.free();
    trainers.clear();
    const options = { ...spec.options, threads };
    const chosen = spec.preset ? splinterp.Trainer.preset(options, spec.preset, train.rows, epochs) : options;
    const trainer = await splinterp.Trainer.create(train, test, chosen);
    const values = spec.kind === 'encode' ? train.values() : undefined;
    trainers.set(name, { trainer, values });
  }
  const { trainer, values } = trainers.get(name);
  const sizes = { rows: train.rows, testRows: test.rows, cols: train.cols, options: trainer.options, backend: trainer.backend };
  const marks = [];
  const begun = performance.now();
  const now = () => (performance.now() - begun) / 1000;
  if (values) {
    const sae = await trainer.sae();
    const start = performance.now();
    await sae.encodeAsync(values, { backend: 'cpu' });
    return { seconds: (performance.now() - start) / 1000, marks, ...sizes, memory: memory.buffer.byteLength };
  }
  const { testMse, testL0 } = await trainer.epoch((done, total) => marks.push([done, total, now()]));
  return { seconds: now(), marks, testMse, testL0, ...sizes, memory: memory.buffer.byteLength };
}

onmessage = async ({ data: { load: module, request } }) => {
  try {
    if (module) {
      splinterp = await import(`/target/modules/${module}/splinterp.js`);
      ({ memory } = await splinterp.default());
      if (module.endsWith('-threads')) {
        const { startThreads } = await import('/bench/threads.js');
        await startThreads(...splinterp.sharedParts());
      }
      postMessage({ answer: 'ready' });
    } else {
      postMessage({ answer: await measured(request) });
    }
  } catch (error) {
    postMessage({ error: error?.message ?? String(error) });
  }
};
