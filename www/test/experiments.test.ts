// Experiments: the worker's side with a runner that the test ends, and the page's with a worker without arithmetic.

import { describe, expect, it } from 'vitest';
import type { Experiment, ExperimentRow, TrainOptions } from 'splinterp/lab';
import { findingsOf } from '../src/lab/experiments/findings';
import { secondsLeft, shareDone } from '../src/lab/experiments/time';
import { alongAxis, bySetting } from '../src/lab/experiments/view';
import { metrics } from '../src/lab/metrics';
import { Experimenter, type Plan, type Rows, type RunningList } from '../src/lab/worker/experiments';
import type { KeptRow, KeptRows } from '../src/lab/worker/kept-rows';
import { rowOf, summaryOf, tableOf } from './support/experiments';
import { report, settled } from './support/fakes';
import { started } from './support/mnist';

/** A list whose epochs and runs end when the test says so. */
class FakeList implements RunningList {
  readonly told: string[] = [];
  private on: Record<'row' | 'epoch', (row: ExperimentRow) => void> = { row: () => undefined, epoch: () => undefined };
  private end: (how: 'done' | 'cancelled') => void = () => undefined;
  private at = 0;

  constructor(readonly experiments: Experiment[]) {}

  async run(_: undefined, row: (row: ExperimentRow) => void, epoch: (row: ExperimentRow) => void) {
    this.on = { row, epoch };
    const how = await new Promise((resolve) => (this.end = resolve));
    if (how === 'cancelled') throw Object.assign(new Error('cancelled'), { code: 'cancelled' });
    return [];
  }

  /** The next run does its epochs and ends; after the last, the list does. */
  async finish(testMse: number): Promise<void> {
    const { label = '', epochs = 0, share = 1 } = this.experiments[this.at] ?? {};
    for (let epoch = 1; epoch <= epochs; epoch++)
      this.on.epoch(rowOf(label, 0, { report: report(epoch), epochs: epoch }));
    this.on.row(rowOf(label, testMse, { share, epochs }));
    this.at += 1;
    if (this.at === this.experiments.length) this.end('done');
    await settled();
  }

  pause = (): void => void this.told.push('pause');
  resume = (): void => void this.told.push('resume');
  cancel = (): void => this.end('cancelled');
  free = (): void => void this.told.push('free');
}

/** What a browser keeps, without a browser. */
function fakeKept(): { kept: KeptRows; rows: Map<string, KeptRow> } {
  const rows = new Map<string, KeptRow>();
  const kept = {
    find: (keys: string[]) => Promise.resolve(keys.map((key) => rows.get(key))),
    keep: (key: string, row: KeptRow) => Promise.resolve(void rows.set(key, row)),
  };
  return { kept: kept as unknown as KeptRows, rows };
}

function rowsOf(value: number): Rows {
  return { rows: 1000, rowsAt: (rows) => new Float32Array(rows.length).fill(value) };
}

const options = { dSae: 16, batchSize: 100, method: 'sgd', seed: 0 } as TrainOptions;
const basePlan: Omit<Plan<Rows>, 'list'> = {
  data: 'digits',
  train: rowsOf(1),
  settings: [
    { label: '10 %', share: 0.1 },
    { label: '100 %', share: 1, epochs: 4 },
  ],
  contestants: [
    { run: 'sgd-tied', label: 'SGD tied', options, preset: undefined },
    {
      run: 'pam-recommended',
      label: 'PAM-SGD recommended',
      options: { ...options, method: 'pam' },
      preset: 'recommended',
    },
  ],
  share: 0.5,
  epochs: 2,
  seeds: [7, 8],
};

function experimenter() {
  const lists: FakeList[] = [];
  const { kept, rows } = fakeKept();
  const list = (experiments: Experiment[]): FakeList => {
    const made = new FakeList(experiments);
    lists.push(made);
    return made;
  };
  const crate = { summarise: (given: ExperimentRow[]) => [summaryOf(given)] };
  return { made: new Experimenter<Rows>(crate, kept), lists, rows, plan: { ...basePlan, list } };
}

describe('the worker', () => {
  it('runs every setting with every run, one seed after the other', async () => {
    const { made, lists, plan } = experimenter();
    const events: string[] = [];
    void made.run(plan, (event) => events.push(event.type));
    await settled();
    const planned = lists[0]?.experiments.map((each) => [each.label, each.share, each.epochs, each.seeds, each.preset]);
    expect(planned?.slice(0, 5)).toEqual([
      ['SGD tied', 0.1, 2, [7], undefined],
      ['PAM-SGD recommended', 0.1, 2, [7], 'recommended'],
      ['SGD tied', 1, 4, [7], undefined],
      ['PAM-SGD recommended', 1, 4, [7], 'recommended'],
      ['SGD tied', 0.1, 2, [8], undefined],
    ]);
    expect(planned).toHaveLength(8);
    await lists[0]?.finish(0.5);
    expect(events).toEqual(['experiment-epoch', 'experiment-epoch', 'experiment-run']);
    await expect(made.run(plan, () => undefined)).rejects.toMatchObject({ code: 'busy' });
  });

  it('keeps what ends, and trains after a cancel, or a reload, only what is missing', async () => {
    const { made, lists, rows, plan } = experimenter();
    const run = made.run(plan, () => undefined);
    await settled();
    await lists[0]?.finish(0.5);
    await lists[0]?.finish(0.25);
    made.cancel();
    await run;
    expect(lists[0]?.told).toEqual(['free']);
    expect(rows.size).toBe(2);
    const table = await made.recall(plan);
    expect(
      table.outcomes.map(({ setting, run: name, seed, row }) => [setting, name, seed, row.report?.testMse]),
    ).toEqual([
      [0, 'sgd-tied', 7, 0.5],
      [0, 'pam-recommended', 7, 0.25],
    ]);
    expect(table.outcomes[0]?.reports.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(table.settings).toEqual([
      { label: '10 %', epochs: 2, steps: 1, rows: 200 },
      { label: '100 %', epochs: 4, steps: 10, rows: 4000 },
    ]);
    void made.run(plan, () => undefined);
    await settled();
    expect(lists[1]?.experiments.map(({ label, share, seeds }) => [label, share, seeds[0]])).toEqual([
      ['SGD tied', 1, 7],
      ['PAM-SGD recommended', 1, 7],
      ['SGD tied', 0.1, 8],
      ['PAM-SGD recommended', 0.1, 8],
      ['SGD tied', 1, 8],
      ['PAM-SGD recommended', 1, 8],
    ]);
  });

  it('takes no run of other data, options or epochs for one of the plan', async () => {
    const { made, lists, plan } = experimenter();
    const first = made.run({ ...plan, seeds: [7], settings: plan.settings.slice(0, 1) }, () => undefined);
    await settled();
    await lists[0]?.finish(0.5);
    await lists[0]?.finish(0.25);
    await first;
    const found = async (other: Partial<Plan<Rows>>) => (await made.recall({ ...plan, ...other })).outcomes.length;
    expect(await found({})).toBe(2);
    expect(await found({ data: 'mnist' })).toBe(0);
    expect(await found({ train: rowsOf(2) })).toBe(0);
    expect(await found({ epochs: 3 })).toBe(0);
    expect(await found({ seeds: [9] })).toBe(0);
    const [tied] = plan.contestants;
    expect(await found({ contestants: tied ? [{ ...tied, options: { ...tied.options, lr: 0.1 } }] : [] })).toBe(0);
  });

  it('trains nothing where all is kept, and keeps no run that failed', async () => {
    const { made, lists, rows, plan } = experimenter();
    const small = { ...plan, seeds: [7], settings: plan.settings.slice(0, 1) };
    const run = made.run(small, () => undefined);
    await settled();
    await lists[0]?.finish(0.5);
    await lists[0]?.finish(0.25);
    await run;
    await made.run(small, () => undefined);
    expect(lists).toHaveLength(1);
    expect(rows.size).toBe(2);
  });
});

describe('the page', () => {
  it('shows a figure and trains it with one click, which pauses training, and takes in what ends', async () => {
    const { lab, fake } = await started('', true);
    lab.change({ figure: 'decay', figureActivation: 'relu' });
    void lab.experiments.run();
    await settled();
    expect(fake.told).toContain('cancel 1');
    expect(fake.told.at(-1)).toBe('run 1 decay relu');
    expect(lab.experiments.isShown).toBe(true);
    const place = { setting: 0, run: 'sgd-tied', seed: 0 };
    await fake.emit({ type: 'experiment-epoch', session: 1, place, report: report(1) });
    expect(lab.experiments.running?.current?.reports).toHaveLength(1);
    const row = rowOf('SGD tied', 0.5);
    const cell = { setting: 0, run: 'sgd-tied', summary: summaryOf([row]) };
    await fake.emit({ type: 'experiment-run', session: 1, outcome: { ...place, row, reports: [] }, cell });
    expect(lab.experiments.table?.cells).toHaveLength(1);
    expect(lab.experiments.shares.runs).toBe('1 of 4 runs');
    lab.change({ figure: 'share' });
    await settled();
    expect(lab.experiments.isShown).toBe(false);
    expect(lab.experiments.table?.outcomes).toHaveLength(0);
    lab.change({ figure: 'decay' });
    expect(lab.experiments.table?.outcomes).toHaveLength(1);
  });

  it('pauses at the end of an epoch, resumes, and is cancelled with the session it is on', async () => {
    const { lab, fake } = await started();
    void lab.experiments.run();
    await settled();
    lab.experiments.pause();
    expect(lab.experiments.running?.motion).toBe('pausing');
    await fake.emit({ type: 'experiment-paused', session: 1 });
    expect(lab.experiments.running?.motion).toBe('paused');
    lab.experiments.resume();
    expect(lab.experiments.running?.motion).toBe('playing');
    expect(fake.told.slice(-2)).toEqual(['pause experiments', 'resume experiments']);
    lab.change({ k: 9 });
    await settled();
    expect(fake.told).toContain('cancel experiments');
    expect(lab.experiments.running).toBeUndefined();
  });

  it('ends with what the worker answers, which has what was told too late', async () => {
    const { lab } = await started();
    void lab.experiments.run();
    await settled();
    expect(lab.experiments.table?.outcomes).toHaveLength(0);
    lab.experiments.cancel();
    await settled();
    expect(lab.experiments.table?.outcomes).toHaveLength(1);
    expect(lab.status).toBe('The experiment has ended: 1 of 4 runs are there.');
  });

  it('looks for runs that were kept when a session stands, and when another figure is shown', async () => {
    const { lab, fake } = await started('#figure=updates');
    await settled();
    expect(fake.told).toContain('recall updates 1');
    lab.change({ seeds: 3 });
    await settled();
    expect(fake.told).toContain('recall updates 3');
    expect(fake.asked).toHaveLength(1);
  });

  it('forgets a list whose worker has ended, and can begin it again', async () => {
    const { lab, fake, fakes } = await started();
    void lab.experiments.run();
    await settled();
    await fake.die();
    await settled();
    expect(lab.experiments.running).toBeUndefined();
    void lab.experiments.run();
    await settled();
    expect(fakes[1]?.told.at(-1)).toMatch(/^run \d share topk$/);
  });
});

const names = ['sgd-tied', 'sgd-untied', 'pam-recommended'];

describe('what an experiment says', () => {
  it('is who is lowest where, against whom, and what untying does', () => {
    const table = tableOf(['1 %', '10 %'], names, [
      [rowOf('a', 1.28), rowOf('b', 0.31), rowOf('c', 0.27)],
      [rowOf('a', 0.31), rowOf('b', 0.15), rowOf('c', 0.19)],
    ]);
    expect(findingsOf(table)).toEqual([
      'Of these 3 runs PAM-SGD recommended has the lowest mean test MSE at 1 of 2 settings (1 %: 0.27 against 0.31 for SGD untied).',
      'Of these 3 runs SGD untied has the lowest mean test MSE at 1 of 2 settings (10 %: 0.15 against 0.19 for PAM-SGD recommended).',
      'SGD untied, without any closed form, has 0.31 where SGD tied has 1.28 (1 %, where they differ most).',
      'One seed, so no spread is known.',
    ]);
  });

  it('ranks no error that is bought with more active latents', () => {
    const table = tableOf(['0'], names.slice(1), [[rowOf('b', 0.24, {}, 82), rowOf('c', 0.05, {}, 256)]]);
    expect(findingsOf(table)[0]).toBe(
      'Not ranked, since the lowest error comes with more active latents: 0: PAM-SGD recommended 0.05 at L0 256, SGD untied 0.24 at L0 82.',
    );
  });

  it('is nothing before a setting is complete, and leaves out a run that failed', () => {
    expect(findingsOf(tableOf(['1 %'], names, [[rowOf('a', 1), undefined, rowOf('c', 1)]]))).toEqual([]);
    const failed = rowOf('b', 0, { report: null, error: 'diverged' });
    expect(findingsOf(tableOf(['1 %'], names, [[rowOf('a', 1), failed, rowOf('c', 1)]]))).toEqual([]);
  });
});

describe('time', () => {
  const table = tableOf(['1 %', '2 %'], names.slice(0, 2), [[rowOf('a', 1), rowOf('b', 1, { seconds: 30 })], []]);

  it('left follows from what each kind of run took for its rows', () => {
    // 1 000 rows took 10 and 30 seconds; 2 000 rows of each are left.
    expect(secondsLeft(table, undefined)).toBeCloseTo(20 + 60);
    const begun = { place: { setting: 1, run: 'sgd-untied', seed: 0 }, reports: [report(1)] };
    expect(secondsLeft(table, begun)).toBeCloseTo(20 + 30);
    expect(secondsLeft({ ...table, outcomes: [] }, undefined)).toBeUndefined();
  });

  it('done is the share of the rows', () => {
    expect(shareDone(table, undefined)).toBeCloseTo(2000 / 6000);
    const begun = { place: { setting: 1, run: 'sgd-untied', seed: 0 }, reports: [report(1)] };
    expect(shareDone(table, begun)).toBeCloseTo(3000 / 6000);
  });
});

describe('pictures', () => {
  const table = tableOf(['1 %', '2 %'], names.slice(0, 2), [[rowOf('a', 1), rowOf('b', 0.5)], [rowOf('a', 0.8)]]);
  const look = { metric: metrics.mse, log: true };

  it('have a point a setting and run that has ended', () => {
    const picture = bySetting(table, 'Share', look);
    expect(picture.series.map(({ run, points }) => [run, points.map(({ at, value }) => [at, value])])).toEqual([
      [
        'sgd-tied',
        [
          [0, 1],
          [1, 0.8],
        ],
      ],
      ['sgd-untied', [[0, 0.5]]],
    ]);
  });

  it('run along epochs, steps and seconds, with the run that is under way', () => {
    const current = { place: { setting: 1, run: 'sgd-untied', seed: 0 }, reports: [report(1, { seconds: 3 })] };
    const places = (axis: 'epoch' | 'steps' | 'seconds') =>
      alongAxis(table, 1, axis, current, look).series.map(({ points }) => points.map(({ at }) => at));
    expect(places('epoch')).toEqual([[1, 2], [1]]);
    expect(places('steps')).toEqual([[8, 16], [8]]);
    expect(places('seconds')).toEqual([[1, 2], [3]]);
  });
});
