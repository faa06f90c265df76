// What can go wrong between the activations lab's page and its worker: files, checkpoints, schedules and ablations.

import { describe, expect, it } from 'vitest';
import type { ExperimentEvent } from '../src/lab/experiments/protocol';
import { Failure } from '../src/kit/failure';
import { ActivationsController } from '../src/labs/activations/controller';
import type {
  ActivationsEvent,
  ActivationsInfo,
  ActivationsService,
  FeatureSummary,
  GivenFile,
  Inspection,
  Opened,
} from '../src/labs/activations/protocol';
import type { ActivationsConfig } from '../src/labs/activations/settings';
import { fakeExperiments, rowOf, summaryOf } from './support/experiments';
import { FakeAddress, FakeWorker, settled, surroundings } from './support/fakes';
import { noQuality, noRows } from './support/rows';

type Fake = FakeWorker<ActivationsConfig, ActivationsInfo, ActivationsEvent | ExperimentEvent>;

const data = { name: 'rows', rows: 100, cols: 8, kept: 'f32' as const, tokens: false, image: undefined };
const computed = { backend: 'CPU, 1 thread', backendReason: 'asked for', bytes: 1e6 };

function tensors(name: string): Opened {
  const tensor = { name: 'x', dtype: 'f32', shape: [100, 8], rows: 100, cols: 8, keep: 'f32' as const };
  return { kind: 'tensors', name, bytes: 3200, tensors: [tensor], tokens: undefined };
}

function inspection(nans = 0): Inspection {
  const tensor = { name: 'x', dtype: 'f32', shape: [100, 8], rows: 100, cols: 8, keep: 'f32' as const };
  const statistics = { min: 0, max: 1, mean: 0.5, std: 0.1, nans, infinities: 0, inspected: 800 };
  return { tensor, ...statistics, preview: [[1]], bytes: { f32: 3200 }, keep: 'f32' };
}

const noTable = new Float32Array(3);
const table = {
  density: noTable,
  mean: noTable,
  max: noTable,
  encoderNorm: noTable,
  decoderNorm: noTable,
  cosine: noTable,
  nearest: new Uint32Array(3),
  nearestCosine: noTable,
};

class FakeActivations {
  readonly fake: Fake = new FakeWorker(() => ({
    ...{ data, testBy: 'row', trainRows: 90, testRows: 10, cols: 8 },
    ...computed,
  }));
  /** How the worker answers when files are given, and when rows are loaded. */
  opened: Opened = tensors('a.npy');
  loads: (choice: { dropNonFinite: boolean }) => Promise<typeof data> = () => Promise.resolve(data);

  service(): ActivationsService {
    const { start, last, prepare, play, pause, cancel, release, save } = this.fake;
    const tell = this.fake.tell.bind(this.fake);
    return {
      ...{ start, last, prepare, play, pause, cancel, release, save },
      ...this.fake.keeps,
      ...fakeExperiments(tell),
      open: (files) => tell(`open ${files.map(({ path }) => path).join(' ')}`).then(() => this.opened),
      inspect: () => Promise.resolve(inspection()),
      loadTensor: (choice) => tell(`load ${String(choice.dropNonFinite)}`).then(() => this.loads(choice)),
      cancelLoad: () => tell('cancel load'),
      discard: () => tell('discard'),
      measure: (session, model) =>
        tell(`measure ${session} ${model}`).then((): FeatureSummary => {
          const rows = { rows: 100, sampledRows: 100 };
          return { measurement: 1, model, epoch: 0, ...rows, fingerprint: 'f', table, words: ['', '', ''], known: [] };
        }),
      cancelMeasure: () => tell('cancel measure'),
      feature: () => Promise.reject(new Failure('not measured', 'missing')),
      contexts: () => Promise.resolve([]),
      keepModel: (session, model) =>
        tell(`keep ${session} ${model}`).then(() => ({ title: `${model} then`, dIn: 8, dSae: 3 })),
      openKept: (files) =>
        tell(`open aside ${files.map(({ path }) => path).join(' ')}`).then(() => ({ title: 'b.zip', dIn: 8, dSae: 5 })),
      compare: (session, left, right) =>
        tell(`compare ${session} ${left} ${right}`).then(() => ({
          ...{ comparison: 7, unmatched: new Uint32Array(), adjustedRand: 1, testRows: 10 },
          left: { title: left, words: [''], density: noTable, max: noTable },
          right: { title: right, words: [''], density: noTable, max: noTable },
          pairs: { left: new Uint32Array(3), right: new Uint32Array(3), cosines: new Float64Array(3) },
        })),
      endCompare: () => tell('end comparison'),
      comparedRows: () => Promise.resolve([]),
      comparedContexts: () => Promise.resolve([]),
      parameters: () => Promise.reject(new Failure('no parameters', 'missing')),
      rows: () => Promise.resolve(noRows),
      quality: () => Promise.resolve(noQuality),
      write: () => Promise.reject(new Failure('no file', 'missing')),
    };
  }
}

function makeLab(hash = '') {
  const workers: FakeActivations[] = [];
  const address = new FakeAddress(hash);
  const lab = new ActivationsController(
    surroundings(address, () => {
      const worker = new FakeActivations();
      workers.push(worker);
      return worker.fake.connection(worker.service());
    }),
    () => {
      throw new Failure('storage is switched off', 'storage');
    },
  );
  return { lab, address, workers };
}

async function started(hash = '') {
  const made = makeLab(hash);
  await made.lab.start();
  const [worker] = made.workers;
  if (!worker) throw new Error('no worker was made');
  return { ...made, worker, fake: worker.fake };
}

/** A lab whose run is done: two epochs of two. */
async function done(hash = '#epochs=2') {
  const made = await started(hash);
  made.lab.play();
  await made.fake.epochs(1, 1, 2);
  await made.fake.rested(1, 2);
  return made;
}

function given(name: string): GivenFile[] {
  return [{ path: name, file: new File(['x'], name) }];
}

describe('schedules', () => {
  it('Step after Done leaves a run of the recommended schedule as it is, and says why', async () => {
    const { lab, fake } = await done();
    lab.step();
    await settled();
    expect(lab.session?.id).toBe(1);
    expect(lab.epoch).toBe(2);
    expect(lab.state.epochs).toBe(2);
    expect(lab.note).toContain('schedule ends at epoch 2');
    expect(fake.asked).toHaveLength(1);
  });

  it('Step after Done trains on where epochs are no part of the run', async () => {
    const { lab, fake } = await done('#epochs=2&recipe=own');
    lab.step();
    expect(fake.told).toContain('play 1 3');
  });

  it('Play after Done trains a new run of more epochs, and Undo brings the first back', async () => {
    const { lab, fake } = await done();
    lab.play();
    await settled();
    expect(lab.session?.wanted.state.epochs).toBe(12);
    expect(fake.told.slice(-4)).toContain('cancel 1');
    expect(fake.told).toContain('play 2 12');
    lab.undo();
    await settled();
    expect(lab.epoch).toBe(2);
    expect(lab.state.epochs).toBe(2);
  });
});

describe('two SAEs side by side', () => {
  it('are the two runs at first, and one that was put aside once there is one', async () => {
    const { lab, fake } = await done();
    const { comparison } = lab;
    expect([comparison.chosen('left'), comparison.chosen('right')]).toEqual(['pam', 'sgd']);
    comparison.choose('left', 'sgd');
    expect(comparison.chosen('right')).toBe('pam');
    await comparison.keep();
    expect(fake.told).toContain('keep 1 sgd');
    expect(comparison.kept?.title).toBe('sgd then');
    expect([comparison.chosen('left'), comparison.chosen('right')]).toEqual(['sgd', 'kept']);
    await comparison.open(given('b.zip'));
    expect(comparison.kept?.dSae).toBe(5);
  });

  it('are let go with their rows, and not asked for what is gone', async () => {
    const { lab, fake } = await done();
    await lab.comparison.compare();
    expect(fake.told).toContain('compare 1 pam sgd');
    expect(lab.comparison.found?.comparison).toBe(7);
    lab.change({ seed: 3 });
    await settled();
    expect(lab.comparison.found).toBeUndefined();
    expect(fake.told).toContain('end comparison');
    expect(await lab.comparison.rows('left', 0)).toEqual([]);
  });

  it('that are cancelled show nothing when they come', async () => {
    const { lab } = await done();
    const comparing = lab.comparison.compare();
    lab.comparison.cancel();
    await comparing;
    expect([lab.comparison.found, lab.comparison.comparing]).toEqual([undefined, undefined]);
  });
});

describe('SAEs and checkpoints', () => {
  const sae = (name: string): Opened => ({ kind: 'sae', info: { name, dIn: 8, dSae: 16, activation: 'ReLU' } });

  it('a second SAE makes the run that starts from an SAE begin anew', async () => {
    const { lab, worker, fake } = await started();
    worker.opened = sae('first.zip');
    await lab.files.open(given('first.zip'));
    lab.change({ from: 'imported' });
    await settled();
    const first = lab.session?.id;
    await fake.epochs(first ?? 0, 1, 2);
    worker.opened = sae('second.zip');
    await lab.files.open(given('second.zip'));
    await settled();
    expect(lab.session?.id).not.toBe(first);
    expect(lab.epoch).toBe(0);
  });

  it('an SAE leaves a run alone that starts from random weights', async () => {
    const { lab, worker } = await done();
    worker.opened = sae('first.zip');
    await lab.files.open(given('first.zip'));
    await settled();
    expect(lab.session?.id).toBe(1);
    expect(worker.fake.told).toContain('measure 1 imported');
  });

  it('a checkpoint is resumed, not started from', async () => {
    const { lab, worker, fake } = await started();
    worker.opened = { kind: 'checkpoint', name: 'run.checkpoint.safetensors' };
    fake.runs = ['pam'];
    await lab.files.open(given('run.checkpoint.safetensors'));
    await settled();
    expect(fake.asked.at(-1)?.request.config.from).toBe('checkpoint');
    expect(lab.session?.runs.map(({ name }) => name)).toEqual(['pam']);
    expect(lab.files.imported).toBeUndefined();
    expect(fake.told.filter((what) => what.startsWith('play'))).toEqual([]);
  });

  it('a link that trains from a file that is not there says so and trains on the sample', async () => {
    const { lab, workers } = makeLab('#data=file&epochs=3');
    void lab.start();
    const [worker] = workers;
    if (worker) worker.fake.prompt = false;
    await settled();
    await worker?.fake.asked[0]?.refuse('No file has been given on this page yet', 'files');
    await worker?.fake.asked[1]?.stand();
    expect(lab.state).toMatchObject({ source: 'sample', epochs: 3 });
    expect(lab.note).toContain('Drop yours again');
  });
});

describe('files', () => {
  it('the worker lets go of a file that is discarded, so that tokens find the right rows', async () => {
    const { lab, fake } = await started();
    await lab.files.open(given('a.npy'));
    lab.files.dismiss();
    await settled();
    expect(fake.told.slice(-2)).toEqual(['open a.npy', 'discard']);
    expect(lab.files.opened).toBeUndefined();
  });

  it('NaN that is found late offers to leave its rows out', async () => {
    const { lab, worker, fake } = await started();
    worker.loads = ({ dropNonFinite }) =>
      dropNonFinite
        ? Promise.resolve(data)
        : Promise.reject(new Failure('row 9000000, column 3 is NaN, expected a finite number', 'not-finite'));
    await lab.files.open(given('a.npy'));
    expect(lab.files.nonFinite).toBe(false);
    await lab.files.load();
    expect(lab.session?.id).toBe(1);
    expect(lab.files.opened?.name).toBe('a.npy');
    expect(lab.files.dropNonFinite).toBe(true);
    expect(lab.alert).toMatch(/row 9000000, column 3 is NaN.*left out/);
    await lab.files.load();
    await settled();
    expect(fake.told.filter((what) => what.startsWith('load'))).toEqual(['load false', 'load true']);
    expect(lab.session?.wanted.state.source).toBe('file');
  });

  it('come again to a new worker', async () => {
    const { lab, workers, fake } = await started();
    await lab.files.open(given('a.npy'));
    await lab.files.load();
    await settled();
    await fake.die();
    expect(workers[1]?.fake.told.slice(0, 2)).toEqual(['open a.npy', 'load false']);
    expect(workers[1]?.fake.asked[0]?.request.config.source).toBe('file');
  });

  it('loaded a second time are another run, which may have been kept', async () => {
    const { lab, fake } = await started();
    for (let i = 0; i < 2; i++) {
      await lab.files.open(given('a.npy'));
      await lab.files.load();
      await settled();
    }
    expect(fake.asked.map(({ request }) => request.resume)).toEqual([true, true, true]);
    expect(fake.asked).toHaveLength(3);
  });
});

describe('experiments', () => {
  const place = { setting: 0, run: 'sgd-tied', seed: 0 };
  const row = rowOf('SGD', 0.5);
  const ended = {
    type: 'experiment-run' as const,
    outcome: { ...place, row, reports: [] },
    cell: { setting: 0, run: 'sgd-tied', summary: summaryOf([row]) },
  };

  it('speak of the settings and the data that they were run with', async () => {
    const { lab, fake } = await done();
    void lab.experiments.run();
    await settled();
    await fake.emit({ ...ended, session: 1 });
    expect(lab.experiments.table?.outcomes).toHaveLength(1);
    lab.change({ seed: 1 });
    await settled();
    expect(lab.experiments.table?.outcomes).toHaveLength(0);
    lab.undo();
    await settled();
    expect(lab.experiments.table?.outcomes).toHaveLength(1);
  });

  it('end when the session that they run on makes way, and hear of no other', async () => {
    const { lab, fake } = await done('#figure=k');
    void lab.experiments.run();
    await settled();
    await fake.emit({ ...ended, session: 7 });
    expect(lab.experiments.table?.outcomes).toHaveLength(0);
    lab.change({ seed: 1 });
    await settled();
    expect(fake.told).toContain('cancel experiments');
    expect(lab.experiments.running).toBeUndefined();
  });

  it('pause the training, which does not begin again by itself', async () => {
    const { lab, fake } = await started('#recipe=own');
    lab.play();
    await fake.epochs(1, 1, 1);
    void lab.experiments.run();
    await fake.rested(1, 1, 'cancelled');
    expect(lab.phase).toBe('resting');
    expect(fake.told.filter((what) => what.startsWith('play'))).toHaveLength(1);
  });
});

describe('features', () => {
  it('are measured when training rests, and are let go with their session', async () => {
    const { lab, fake } = await done();
    expect(fake.told).toContain('measure 1 pam');
    expect(lab.features.summary?.model).toBe('pam');
    fake.prompt = false;
    lab.change({ seed: 1 });
    await settled();
    await fake.asked[1]?.stand();
    expect(lab.features.summary).toBeUndefined();
  });
});
