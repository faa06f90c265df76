// The lab's worker: it owns the wasm module, the data and the two runs. The page only draws.

import { expose, transfer } from 'comlink';
import { loadCrate } from './crate';
import { Failure, outcome, type Outcome } from '../../../kit/failure';
import { imagesFromFiles, loadImages, type Images, type NamedBytes } from './images';
import { methods, type LabEvent, type LabWorker, type Pictures, type RunConfig } from '../../../lab/worker/protocol';
import { Session } from './session';
import { forgetRun, savedRun } from '../../../lab/worker/store';
import { epochsOf, keyOf } from '../../../lab/worker/training';

const SLOT = 'unfinished';

let base = '';
let notify: (event: LabEvent) => void = () => undefined;
let files: NamedBytes[] = [];
let session: Session | undefined;
let replaced: Session | undefined;
/** Images of the last source, since most changes leave the data alone. */
let cached: { key: string; images: Images } | undefined;
/** Counts the sets of files given, so that new files are not taken for the old. */
let filesGiven = 0;

let queue: Promise<unknown> = Promise.resolve();

/** Sessions are exchanged one at a time, in the order in which the page asked. */
function inTurn<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  const turn = queue.then(() => outcome(work));
  queue = turn;
  return turn;
}

async function imagesFor(config: RunConfig): Promise<Images> {
  const key = `${config.source} ${config.seed} ${filesGiven}`;
  if (cached?.key !== key) {
    cached = { key, images: await loadImages(config.source, config.seed, base, files, notify) };
  }
  return cached.images;
}

function current(): Session {
  if (!session) throw new Failure('There is no session yet', 'internal');
  return session;
}

/** Makes `next` the session; the old one comes to rest and is dropped, or kept for `undo`. */
async function exchange(next: Session, keep: boolean): Promise<void> {
  const old = session;
  await old?.halt();
  session = next;
  if (replaced && replaced !== next) replaced.free();
  replaced = keep ? old : undefined;
  if (!keep) old?.free();
}

/** Every array of the pictures is moved, not copied. */
function buffersOf(pictures: Pictures): Transferable[] {
  return [
    pictures.originals.buffer,
    ...methods.flatMap((method) => {
      const { reconstructions, codes, filters } = pictures.runs[method];
      return [
        reconstructions.buffer,
        codes.buffer,
        ...(filters ? [filters.encoder.buffer, filters.decoder.buffer] : []),
      ];
    }),
  ];
}

const worker: LabWorker = {
  start: (address, withGpu, listener) =>
    outcome(async () => {
      base = address;
      notify = listener;
      await loadCrate(withGpu);
      return undefined;
    }),
  prepare: (config, keep) =>
    inTurn(async () => {
      const next = await Session.create(config, await imagesFor(config), notify);
      await exchange(next, keep);
      await forgetRun(SLOT);
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
  openFiles: (given) =>
    inTurn(async () => {
      const read = await Promise.all(
        given.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
      );
      const images = imagesFromFiles(read, 0, read.map((file) => file.name).join(', '));
      files = read;
      filesGiven += 1;
      return images.name;
    }),
  play: (target) => outcome(() => current().play(target)),
  pause: () => session?.pause(),
  cancel: () => session?.cancel(),
  pictures: async (request) => {
    const pictures = await outcome(() => current().pictures(request));
    return pictures.ok ? transfer(pictures, buffersOf(pictures.value)) : pictures;
  },
  interrupted: async (config) => {
    const saved = await savedRun(SLOT);
    const epoch = saved ? epochsOf(saved) : 0;
    return saved?.key === keyOf(config) && epoch < saved.target ? { epoch, target: saved.target } : undefined;
  },
  resume: (config) =>
    inTurn(async () => {
      const saved = await savedRun(SLOT);
      if (saved?.key !== keyOf(config)) throw new Failure('The unfinished run is no longer there', 'missing');
      const next = await Session.create(config, await imagesFor(config), notify, saved);
      await exchange(next, false);
      return next.info();
    }),
};

expose(worker);
