// The TypeScript declarations of plain objects against the objects themselves: options have the fields that serde
// reads, optional where they may be left out, and results the fields that they are declared with.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const folder = new URL('../../pkg/', import.meta.url);
const splinterp = await import(new URL('splinterp.js', folder).href);
splinterp.initSync({ module: await readFile(new URL('splinterp_bg.wasm', folder)) });
const { Dataset, Experiments, Features, KnownFeatures, Sae, ToySae, Trainer } = splinterp;
const declarations = await readFile(new URL('core.d.ts', folder), 'utf8');

/** Fields of an interface: whether each may be left out. Those of an interface that it extends are included. */
function fieldsOf(name) {
  const found = declarations.match(new RegExp(`^export interface ${name}(?: extends (\\w+))? \\{$(.*?)^\\}$`, 'ms'));
  assert.ok(found, `${name} is declared`);
  const [, base, body] = found;
  const own = [...body.matchAll(/^ {4}(\w+)(\??):/gm)].map(([, field, optional]) => [field, optional === '?']);
  return new Map([...(base ? fieldsOf(base) : []), ...own]);
}

const activation = { kind: 'topk', k: 2, by: 'magnitude' };
const train = {
  ...{ dSae: 4, activation, method: 'pam', tied: false, lr: 0.01, batchSize: 8, updatesPerBatch: 1, l1: 0 },
  ...{ weightDecay: 0, clip: 1, alpha: 0.1, beta: 0, muEnc: 0, nuEnc: 0, muDec: 0, nuDec: 0, order: 'encoder-first' },
  ...{ lrDecayEpochs: 2, decoder: { kind: 'joint' }, initialSolve: false, solvesPerEpoch: 1, revive: false, seed: 1 },
  ...{ backend: 'cpu', threads: 1, warmupSteps: 0, decoderNorm: 'free', decoderStart: 'small', biasStart: 'zero' },
  ...{ auxk: { k: 1, coefficient: 0.1, deadAfter: 9 }, prefixes: [2, 4], sweepRows: 8 },
};
const jumprelu = { bandwidth: 0.1, targetL0: 2, coefficient: 1 };
/** Options that have their defaults are left out of those of a run. */
const nothingByDefault = {
  ...{ ...train, method: 'sgd', sweepRows: 0, activation: { kind: 'jumprelu', threshold: 0.1 }, jumprelu },
  ...{ warmupSteps: 2, decoderNorm: 'unit', decoderStart: 'transposed', biasStart: 'mean' },
};
const preset = (given) => Trainer.preset(given, 'recommended', 8, 1);
const experiment = { label: 'a', options: train, preset: 'recommended', share: 1, epochs: 1, seeds: [1, 2] };
const rows = Dataset.fromRows(
  Float32Array.from({ length: 48 }, (_, i) => Math.cos(i)),
  3,
);
const trainer = await Trainer.create(rows, rows, train);
const sae = await trainer.sae();
const csv = new TextEncoder().encode('1,2\n3,4\n');
const file = splinterp.readTensors(csv, 'a.csv');
const opened = await splinterp.openTensors(new Blob([csv]), 'a.csv');
const vectors = [new Float32Array(3), Float32Array.of(1, 0, 0), Float32Array.of(0, 1, 0)];
const plane = [...vectors, [-1, -1, 1, 1]];
const points = Float64Array.of(0, 0, 1, 0, 0, 1);
const [level, box] = [{ turn: 0, tilt: 0 }, [-1, -1, 1, 1]];
const three = Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0);
const components = splinterp.principalComponents(three, 3, 3);
const view = new splinterp.PlaneView(sae, three, components, { kind: 'rows', rows: [0, 1, 2] });
const toyOptions = { atoms: 4, k: 1, code: 'soft', start: 'random', lr: 0.01, seed: 1 };
const measured = { topRows: 2, perInterval: 2, intervals: 2, bins: 2, keep: 10, seed: 1 };

/** Options: all fields that are data, those that are not, and what reads them. */
const options = {
  TrainOptions: { data: { ...train, jumprelu }, read: preset },
  AuxK: { data: train.auxk, read: (auxk) => preset({ ...train, auxk }) },
  ThresholdTraining: { data: jumprelu, read: (given) => preset({ ...train, jumprelu: given }) },
  Experiment: { data: experiment, read: (given) => new Experiments(rows, rows, [given]) },
  FeatureOptions: { data: measured, others: ['signal'], read: (given) => Features.measure(sae, rows, given) },
  ToyOptions: { data: toyOptions, read: (given) => new ToySae(points, given) },
  SliceOptions: { data: { activation }, read: (given) => sae.slice(...plane, given) },
  ViewOptions: { data: { leading: true, errors: true, jumps: true }, read: (given) => view.cut(level, box, given) },
  PlaneAngles: { data: level, read: (given) => view.functions(given) },
  LoadOptions: { data: { keep: 'f32', dropNonFinite: true }, read: (given) => file.dataset(undefined, given) },
  BulkOptions: {
    data: { backend: 'cpu' },
    others: ['onProgress'],
    read: (given) => sae.encodeAsync(vectors[0], given),
  },
  PassOptions: { data: {}, others: ['onProgress', 'signal'], read: (given) => sae.audit(rows, given) },
  KnownFeaturesOptions: {
    data: { count: 4, dIn: 3, active: 2, noise: 0.1 },
    read: (given) => KnownFeatures.draw(5, 1, given),
  },
  BoundsOptions: {
    data: { depth: 1, peers: true },
    others: ['onProgress', 'signal'],
    read: (given) => sae.bounds(rows, given),
  },
  BenchmarkOptions: {
    data: { workloads: [], repeats: 1, cpu: false },
    others: ['onTiming'],
    // There is no GPU in Node, which is found out once the options have been read.
    read: (given) => splinterp.gpuBenchmark(given).catch((error) => assert.equal(error.code, 'gpu', error.message)),
  },
};

for (const [name, { data, others = [], read }] of Object.entries(options)) {
  test(`${name} is declared as it is read`, async () => {
    const declared = fieldsOf(name);
    assert.deepEqual([...declared.keys()].sort(), [...Object.keys(data), ...others].sort());
    await read(data);
    const attempt = async (given) => read(given);
    const message = await attempt({ ...data, nothing: 1 }).then(
      () => assert.fail('a field that does not exist is taken'),
      (error) => error.message,
    );
    const known = [...message.matchAll(/`(\w+)`/g)].map(([, field]) => field).filter((field) => field !== 'nothing');
    assert.deepEqual(known.sort(), Object.keys(data).sort(), message);
    for (const field of Object.keys(data)) {
      const { [field]: _, ...rest } = data;
      const optional = await attempt(rest).then(
        () => true,
        (error) => assert.match(error.message, /missing field/) ?? false,
      );
      assert.equal(declared.get(field), optional, `whether ${field} may be left out`);
    }
  });
}

test('results are declared with the fields that they have', async () => {
  const report = await trainer.epoch();
  const experiments = new Experiments(rows, rows, [experiment]);
  const [row] = await experiments.run();
  const [summary] = experiments.summary();
  const features = await Features.measure(sae, rows, measured);
  const feature = features.feature(0);
  const diagram = splinterp.powerDiagram(points, new Float64Array(3), 1, [-1, -1, 2, 2]);
  const results = {
    EpochReport: report,
    ExperimentRow: row,
    ExperimentSummary: summary,
    Spread: summary.testMse,
    FeatureTable: features.table(),
    Feature: feature,
    FeatureExamples: feature.top,
    RankedFeatures: feature.byCosine,
    Parameters: sae.parameters(),
    Cells: diagram.all(),
    Polyhedra: splinterp.voronoiCells([0, 0, 0], [-1, -1, -1, 1, 1, 1]),
    KMeans: splinterp.kmeans(points, 2, [0, 0], 3),
    LocalPca: splinterp.localPca(points, 2, [0, 0, 0], [0, 0], 1),
    Margins: sae.margins(vectors[1]),
    SplinePath: sae.path(vectors[1], vectors[2]),
    LocalMap: sae.localMap(vectors[1]),
    Reading: sae.reading(vectors[1], 3),
    PrincipalComponents: components,
    PlaneCut: view.cut(level, box),
    Census: await sae.census(rows),
    CellBounds: await sae.bounds(rows),
    DeadLatents: await sae.deadLatents(rows),
    Audit: await sae.audit(rows),
    Quality: await sae.quality(rows),
    Reconstruction: (await sae.quality(rows)).stored,
    Agreement: await sae.agreement(sae, rows),
    LatentPairs: sae.pairs(sae),
    Recovery: sae.recovery(KnownFeatures.draw(5, 1, { count: 4, dIn: 3, active: 2, noise: 0.1 })),
    ToyBounds: new ToySae(points, toyOptions).bounds(),
    TensorInfo: file.tensors[0],
    Inspection: await opened.inspect(),
    Token: splinterp.readTokens(new TextEncoder().encode('["a"]'), 'a.tokens.json', 1).token(0),
    NamedFile: sae.write('saelens')[0],
    // PAM-SGD alone has sweeps.
    TrainOptions: {
      ...(await Trainer.create(rows, rows, { ...train, method: 'pam' })).options,
      ...(await Trainer.create(rows, rows, nothingByDefault)).options,
    },
  };
  const [interval] = features.feature(
    [...features.table().density.keys()].find((i) => features.top(i).rows.length),
  ).intervals;
  for (const [name, result] of Object.entries({ ...results, FeatureInterval: interval })) {
    assert.deepEqual([...fieldsOf(name).keys()].sort(), Object.keys(result).sort(), name);
  }
});

test('activations are read in each declared form', () => {
  const parts = { W_enc: new Float32Array(4), b_enc: new Float32Array(2), W_dec: new Float32Array(4) };
  for (const form of [
    { kind: 'relu' },
    { kind: 'jumprelu', threshold: 0.5 },
    { kind: 'jumprelu', threshold: Float32Array.of(0, 1) },
    ...['magnitude', 'value', 'positive'].map((by) => ({ kind: 'topk', k: 1, by })),
  ]) {
    const model = Sae.fromParts({ ...parts, b_dec: new Float32Array(2), activation: form }, 2, 2);
    const expected = ArrayBuffer.isView(form.threshold) ? { ...form, threshold: [...form.threshold] } : form;
    assert.deepEqual(model.activation, expected);
  }
});
