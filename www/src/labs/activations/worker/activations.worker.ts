// The worker of the activations lab: it owns the wasm module, the rows, the runs and the features.

import { expose, transfer } from 'comlink';
import init, { Experiments } from 'splinterp';
import { experimentsOf } from './ablations';
import { Files } from './files';
import { detailOf, measure, type Measured } from './model-features';
import { fileOf } from './write';
import type { ActivationsEvent, ActivationsWorker, ModelName, RunConfig } from '../protocol';
import { runKey, Session, slotOf } from './session';
import { sampleSource, type Source } from './source';
import { codeOf, Failure, outcome, type Outcome } from '../../../kit/failure';
import { forgetRun, savedRun, type SavedRun } from '../../../lab/worker/store';
import { throttled } from '../../../lab/worker/throttle';
import { epochsOf } from '../../../lab/worker/training';

let notify: (event: ActivationsEvent) => void = () => undefined;
/** The page's answer to the last event: a promise, through comlink. */
let told: unknown;
let session: Session | undefined;
let replaced: Session | undefined;
let measured: Measured | undefined;
let measuring = new AbortController();
let experiments: Experiments | undefined;
/** The sample of the last seed, since most changes leave the data alone. */
let sample: { seed: number; source: Source } | undefined;
const files = new Files((event) => notify(event));

let queue: Promise<unknown> = Promise.resolve();

/** Sessions are exchanged one at a time, in the order in which the page asked. */
function inTurn<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  const turn = queue.then(() => outcome(work));
  queue = turn;
  return turn;
}

function sourceOf(config: RunConfig): Source {
  if (config.source === 'file') return files.source();
  if (sample?.seed !== config.seed) sample = { seed: config.seed, source: sampleSource(config.seed) };
  return sample.source;
}

function current(): Session {
  if (!session) throw new Failure('There is no session yet', 'internal');
  return session;
}

/** Makes `next` the session; the old one comes to rest and is dropped, or kept for `undo`. */
async function exchange(next: Session, keep: boolean): Promise<void> {
  const old = session;
  await old?.training.halt();
  session = next;
  if (replaced && replaced !== next) replaced.free();
  replaced = keep ? old : undefined;
  if (!keep) old?.free();
}

function create(config: RunConfig, epochs: number, saved?: SavedRun): Promise<Session> {
  return Session.create(config, epochs, sourceOf(config), files.imported?.sae, notify, saved);
}

async function savedFor(config: RunConfig, epochs: number): Promise<SavedRun | undefined> {
  const saved = await savedRun(slotOf(config));
  return saved?.key === runKey(config, epochs, sourceOf(config)) ? saved : undefined;
}

/** A model by its name, and the epoch at which it stands. */
function modelOf(name: ModelName): { name: ModelName; sae: Parameters<typeof measure>[0]['sae']; epoch: number } {
  if (name === 'imported') {
    if (!files.imported) throw new Failure('No SAE has been imported on this page yet', 'files');
    return { name, sae: files.imported.sae, epoch: 0 };
  }
  const run = current().training.run(name);
  if (!run) throw new Failure(`There is no run by ${name === 'sgd' ? 'SGD' : 'PAM-SGD'} in this session`, 'missing');
  return { name, sae: run.sae, epoch: run.reports.length };
}

const worker: ActivationsWorker = {
  start: (listener) =>
    outcome(async () => {
      notify = (event) => {
        told = listener(event);
      };
      await init();
      return undefined;
    }),
  open: (given) => inTurn(() => files.open(given, session?.whole)),
  inspect: (tensor) => inTurn(() => files.inspect(tensor)),
  load: (choice) => inTurn(() => files.load(choice)),
  cancelLoad: () => files.cancel(),
  prepare: (config, epochs, keep) =>
    inTurn(async () => {
      const next = await create(config, epochs);
      await exchange(next, keep);
      await forgetRun(slotOf(config));
      return next.info();
    }),
  undo: () =>
    inTurn(async () => {
      if (!replaced) throw new Failure('There is no earlier run to go back to', 'internal');
      const next = replaced;
      replaced = undefined;
      await exchange(next, false);
      return next.info();
    }),
  play: (target) =>
    outcome(async () => {
      const rest = await current().training.play(target);
      // Or the page would hear of the rest before it hears of the last epochs.
      await told;
      return rest;
    }),
  pause: () => session?.training.pause(),
  cancel: () => session?.training.cancel(),
  interrupted: async (config, epochs) => {
    const found = await outcome(async () => {
      const saved = await savedFor(config, epochs);
      const epoch = saved ? epochsOf(saved) : 0;
      return saved && epoch < saved.target ? { epoch, target: saved.target } : undefined;
    });
    return found.ok ? found.value : undefined;
  },
  resume: (config, epochs) =>
    inTurn(async () => {
      const saved = await savedFor(config, epochs);
      if (!saved) throw new Failure('The unfinished run is no longer there', 'missing');
      const next = await create(config, epochs, saved);
      await exchange(next, false);
      return next.info();
    }),
  measure: (model) =>
    outcome(async () => {
      measuring.abort();
      measuring = new AbortController();
      const { source, whole, config } = current();
      // An imported SAE reads activations as they are.
      const rows = model === 'imported' ? source.data.normalised('none') : whole;
      const onProgress = throttled((done, total) => notify({ type: 'measuring', done, total }));
      const next = await measure(modelOf(model), source, rows, config.seed, { onProgress, signal: measuring.signal });
      measured?.features.free();
      measured = next;
      return next.summary;
    }),
  cancelMeasure: () => measuring.abort(),
  feature: (feature) =>
    outcome(() => {
      if (!measured) throw new Failure('No features have been measured yet', 'missing');
      return detailOf(measured, feature);
    }),
  ablate: (ablation, epochs) =>
    outcome(async () => {
      if (experiments) throw new Failure('An ablation runs already: await it or cancel it first', 'busy');
      const here = current();
      await here.training.halt();
      const { train, test, optionsOf } = here.experimentData();
      const runs = new Experiments(train, test, experimentsOf(ablation, here.config, epochs, optionsOf));
      experiments = runs;
      try {
        const rows = await runs.run(
          throttled((done, total) => notify({ type: 'ablating', done, total })),
          (row) => notify({ type: 'ablated', row }),
        );
        return { rows, csv: runs.toCsv() };
      } catch (error) {
        if (codeOf(error) !== 'cancelled') throw error;
        return { rows: runs.rows, csv: runs.toCsv() };
      } finally {
        experiments = undefined;
        runs.free();
      }
    }),
  cancelAblation: () => experiments?.cancel(),
  write: async (what, model) => {
    const file = await outcome(async () => {
      const trainer = model === 'imported' ? undefined : current().training.run(model)?.trainer;
      return fileOf(what, modelOf(model), trainer, current());
    });
    return file.ok ? transfer(file, [file.value.bytes.buffer]) : file;
  },
};

expose(worker);
