// Lists of runs through the npm package: a table, a failed run in it, and cancelling.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const folder = new URL('../../pkg/', import.meta.url);
const description = JSON.parse(await readFile(new URL('package.json', folder), 'utf8'));
const splinterp = await import(new URL(description.exports['.'].default, folder).href);
splinterp.initSync({ module: await readFile(new URL('splinterp_bg.wasm', folder)) });
const { Dataset, Experiments, openTensors, Trainer } = splinterp;

const [train, rest] = Dataset.digits(400, 1).normalised('mnist').split(0.8, 1);
const activation = { kind: 'topk', k: 4, by: 'magnitude' };

/** An experiment with these options besides a small model's. */
function experiment(label, options, seeds = [1, 2]) {
  const all = { dSae: 16, activation, method: 'pam', seed: 0, ...options };
  return { label, options: all, preset: 'recommended', share: 0.5, epochs: 2, seeds };
}

test('a list of runs gives a row for each, and a run that fails says why', async () => {
  const experiments = new Experiments(train, rest, [
    experiment('PAM-SGD', {}),
    experiment('too many', { activation: { ...activation, k: 17 } }, [1]),
    experiment('SGD', { method: 'sgd' }),
  ]);
  const progress = [];
  const heard = [];
  const rows = await experiments.run(
    (done, total) => progress.push(done / total),
    (row) => heard.push(row),
  );
  assert.deepEqual(
    rows.map(({ label, seed, epochs }) => [label, seed, epochs]),
    [
      ['PAM-SGD', 1, 2],
      ['PAM-SGD', 2, 2],
      ['too many', 1, 0],
      ['SGD', 1, 2],
      ['SGD', 2, 2],
    ],
  );
  assert.deepEqual(heard, rows);
  assert.deepEqual(experiments.rows, rows);
  assert.equal(rows[2].report, null);
  assert.match(rows[2].error, /\bk\b.*17/);
  assert.ok(rows[0].report.testMse < rows[3].report.testMse, 'the closed form leads after two epochs');
  assert.ok(progress.every((share, at) => share <= 1 && (at === 0 || share >= progress[at - 1])));

  const [pam, failed, sgd] = experiments.summary();
  assert.deepEqual([pam.runs, failed.runs, failed.failed, sgd.runs], [2, 0, 1, 2]);
  assert.equal(failed.testMse.mean, null);
  const mean = (rows[0].report.testMse + rows[1].report.testMse) / 2;
  assert.ok(Math.abs(pam.testMse.mean - mean) < 1e-12 && pam.testMse.deviation > 0);
  const lines = experiments.toCsv().trimEnd().split('\n');
  assert.equal(lines.length, 6);
  assert.ok(lines[0].startsWith('label,method,activation,share,'));
  const copied = JSON.parse(JSON.stringify(rows));
  assert.equal(Experiments.csv(copied), experiments.toCsv(), 'rows that were kept give the same table');
  assert.deepEqual(Experiments.summarise(copied), experiments.summary());
  assert.throws(() => Experiments.csv([{ label: 'half a row' }]), { code: 'option', message: /^rows\[0\]/ });
});

test('cancelling keeps the rows that were finished', async () => {
  const experiments = new Experiments(train, rest, [experiment('PAM-SGD', {}, [1, 2, 3])]);
  const run = experiments.run(undefined, () => experiments.cancel());
  await assert.rejects(experiments.run(), { code: 'busy' });
  await assert.rejects(run, { code: 'cancelled' });
  assert.equal(experiments.rows.length, 1);
  assert.equal((await experiments.run()).length, 3, 'it can be run again');
});

test('a list of runs starts from the model that is given', async () => {
  const options = { dSae: 16, activation, method: 'pam', seed: 5 };
  const first = await Trainer.create(train, rest, options);
  await first.epoch();
  const start = await first.sae();
  const weights = { name: 'sae_weights.safetensors', bytes: start.write('saelens').at(-1).bytes };
  const list = [{ label: 'more', options, epochs: 1, seeds: [5] }];
  const experiments = new Experiments(train, rest, list, start);
  const second = await Trainer.from(start, train.share(1, 5), rest, options);
  start.free();
  const [row] = await experiments.run();
  const { seconds: _, ...report } = row.report;
  const { seconds: __, ...expected } = await second.epoch();
  assert.deepEqual(report, expected);
  const checkpoint = new Blob([await second.checkpoint()]);
  assert.equal((await openTensors(checkpoint, 'run.safetensors')).holds, 'checkpoint');
  assert.equal((await openTensors(new Blob([weights.bytes]), weights.name)).holds, 'sae');
});

test('each epoch is told, and a list that is paused waits at the end of one without its seconds counting', async () => {
  const experiments = new Experiments(train, rest, [experiment('PAM-SGD', {}, [1, 2])]);
  const epochs = [];
  let paused = () => undefined;
  const reached = new Promise((resolve) => (paused = resolve));
  const run = experiments.run(undefined, undefined, (row) => {
    epochs.push([row.seed, row.epochs, row.report.testMse]);
    if (epochs.length !== 3) return;
    experiments.pause();
    paused();
  });
  await reached;
  const WAIT_MS = 400;
  await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  assert.equal(epochs.length, 3, 'nothing is trained while it is paused');
  experiments.resume();
  const rows = await run;
  assert.deepEqual(
    epochs.map(([seed, epoch]) => [seed, epoch]),
    [
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
    ],
  );
  assert.equal(epochs[3][2], rows[1].report.testMse);
  assert.ok(rows[1].seconds < WAIT_MS / 1000, `the wait is not counted: ${rows[1].seconds} s`);
  const unpaused = await new Experiments(train, rest, [experiment('PAM-SGD', {}, [1, 2])]).run();
  const mse = (all) => all.map(({ report }) => report.testMse);
  assert.deepEqual(mse(rows), mse(unpaused), 'a pause changes no bit');
});

test('a list that is paused can be cancelled', async () => {
  const experiments = new Experiments(train, rest, [experiment('PAM-SGD', {}, [1])]);
  experiments.pause();
  const run = experiments.run(undefined, undefined, () => setTimeout(() => experiments.cancel(), 20));
  await assert.rejects(run, { code: 'cancelled' });
  assert.equal(experiments.rows.length, 0);
});

test('a list that does not fit is refused with the place named', async () => {
  assert.throws(() => new Experiments(train, rest, [{ label: 'no options' }]), { code: 'option' });
  const endless = new Experiments(train, rest, [{ ...experiment('PAM-SGD', {}), epochs: 0 }]);
  await assert.rejects(endless.run(), { code: 'option', message: 'epochs is 0, expected at least 1' });
});

test('a preset by itself gives the options that an experiment would run with', async () => {
  const options = { dSae: 16, activation, method: 'pam', seed: 1 };
  const chosen = Trainer.preset(options, 'recommended', 160, 2);
  assert.deepEqual([chosen.lrDecayEpochs, chosen.initialSolve, chosen.revive], [2, true, true]);
  assert.equal(Trainer.preset(options, 'paper-llm', 160, 2).order, 'decoder-first');
  assert.throws(() => Trainer.preset(options, 'best', 160, 2), { code: 'option', message: /preset is 'best'/ });

  const half = train.share(0.5, 1);
  const trainer = await Trainer.create(half, rest, Trainer.preset(options, 'recommended', half.rows, 2));
  await trainer.epoch();
  const { seconds: _, ...report } = await trainer.epoch();
  const [row] = await new Experiments(train, rest, [experiment('PAM-SGD', {}, [1])]).run();
  const { seconds: __, ...expected } = row.report;
  assert.deepEqual(report, expected);

  // l1 as reported is the mean over the test rows of the sum of absolute codes.
  const codes = (await trainer.sae()).encode(rest.values());
  const l1 = codes.reduce((sum, z) => sum + Math.abs(z), 0) / rest.rows;
  assert.ok(Math.abs(report.testL1 - l1) < 1e-4 * l1);
});
