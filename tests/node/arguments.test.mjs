// Every exported function and method, called with arguments of every wrong kind: each must refuse them by name, and
// leave the module as it was.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const folder = new URL('../../pkg/', import.meta.url);
const splinterp = await import(new URL('splinterp.js', folder).href);
splinterp.initSync({ module: await readFile(new URL('splinterp_bg.wasm', folder)) });
const { Dataset, Experiments, Features, RowStream, Sae, ToySae, Trainer } = splinterp;

const activation = { kind: 'topk', k: 2, by: 'magnitude' };
const options = { dSae: 4, activation, method: 'sgd', tied: false, seed: 1 };
const rows = Dataset.fromRows(
  Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
  3,
);
const parts = {
  W_enc: new Float32Array(12).fill(0.5),
  b_enc: new Float32Array(4),
  W_dec: new Float32Array(12).fill(0.5),
  b_dec: new Float32Array(3),
  activation,
};
const sae = Sae.fromParts(parts, 3, 4);
const knownOptions = { count: 4, dIn: 3, active: 2, noise: 0.1 };
const knownFeatures = splinterp.KnownFeatures.draw(5, 1, knownOptions);
const trainer = await Trainer.create(rows, rows, options);
const checkpoint = await trainer.checkpoint();
const [points, weights] = [Float64Array.of(0, 0, 1, 0, 0, 1), new Float64Array(3)];
const planeSae = Sae.ofSites(points, weights, activation);
const partition = splinterp.powerDiagram(points, weights, 1, [-1, -1, 2, 2]);
const threeRows = Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0);
const threeComponents = splinterp.principalComponents(threeRows, 3, 3);
const planeView = new splinterp.PlaneView(sae, threeRows, threeComponents, { kind: 'rows', rows: [0, 1, 2] });
const level = { turn: 0, tilt: 0 };
const toyOptions = { atoms: 4, k: 1, code: 'soft', start: 'random', lr: 0.01, seed: 1 };
const csv = new TextEncoder().encode('1,2\n3,4\n');
const labels = splinterp.readTensors(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 8, ...csv), 'labels.idx').dataset();
const file = splinterp.readTensors(csv, 'a.csv');
const opened = await splinterp.openTensors(new Blob([csv]), 'a.csv');
const npyHeader = "{'descr': '|u1', 'fortran_order': False, 'shape': (8, 3)}";
const npy = Uint8Array.of(
  0x93,
  ...new TextEncoder().encode(`NUMPY\x01\x00${String.fromCharCode(npyHeader.length)}\x00${npyHeader}`),
);
const streamFiles = [{ name: 'a.npy', file: new Blob([npy, Uint8Array.from({ length: 24 }, (_, i) => i * i)]) }];
const stream = await RowStream.open(streamFiles);
const words = new TextEncoder().encode('["a","b"]');
const tokens = splinterp.readTokens(words, 'a.tokens.json', 2);
const features = await Features.measure(sae, rows);
const toy = new ToySae(points, toyOptions);
const experiment = { label: 'a', options, epochs: 1, seeds: [1] };
const files = [{ name: 'a', bytes: csv }];
const step = {
  ...{ Z: Float64Array.of(1, 2), X: Float64Array.of(1, 2), W_dec0: Float64Array.of(0), b_dec0: Float64Array.of(0) },
  ...{ n: 2, dSae: 1, dIn: 1, alpha: 0.1, beta: 0, muDec: 0, nuDec: 0 },
};
const progress = () => {};

/** An argument that fits, its name, and of what kind it is. */
const argument = (kind) => (name, value) => ({ name, value, kind });
const [number, text, callback] = ['number', 'string', 'function'].map(argument);
const [object, list, strings, box, options_] = ['object', 'list', 'strings', 'box', 'options'].map(argument);
/** A typed array or an array of numbers. */
const [numbers, wholes] = ['Float64Array', 'Uint32Array'].map((kind) => argument([kind, 'numbers']));
const [float32, uint32, bytes] = ['Float32Array', 'Uint32Array', 'Uint8Array'].map(argument);
const [dataset, model, blob] = ['Dataset', 'Sae', 'Blob'].map(argument);
/** Rows in one, or the sequence of each row. */
const sequences = argument(['Uint32Array', 'count'])('sequences', Uint32Array.of(0, 0, 1, 1, 2, 2, 3, 3));
const optional = (argument) => ({ ...argument, optional: true });

const twoRows = [dataset('train', rows), dataset('test', rows)];
const onProgress = optional(callback('onProgress', progress));
const row = new Float32Array(3);
const theBox = box('box', [-1, -1, 1, 1]);

const labelled = [numbers('points', points), number('dims', 2), wholes('labels', new Uint32Array(3))];

/** What each export takes: of classes, methods, static methods and, as `new`, constructors. */
const surface = {
  powerDiagram: [numbers('sites', points), numbers('weights', weights), number('order', 1), theBox],
  lift: [numbers('weights', weights)],
  weightsAt: [numbers('heights', weights), number('level', 0.5)],
  voronoiCells: [numbers('points', Float64Array.of(0, 0, 0, 1, 1, 1)), box('box', [-1, -1, -1, 1, 1, 1])],
  kmeans: [numbers('points', points), number('dims', 2), numbers('centers0', [0, 0]), number('maxIter', 3)],
  localPca: [...labelled, numbers('centers', [0, 0]), number('rank', 1)],
  clusterMeans: [...labelled, numbers('centers', [0, 0])],
  clusterSpreads: [...labelled, numbers('centers', [0, 0])],
  clusterProjections: [...labelled, numbers('centers', [0, 0]), numbers('directions', [0, 1])],
  labelAgreement: [wholes('labels', new Uint32Array(3)), wholes('others', new Uint32Array(3))],
  nearestPoint: [numbers('points', points), number('dims', 2), numbers('place', [0, 0])],
  scatterSites: [number('count', 3), number('seed', 1), theBox, number('spread', 0.5)],
  scatterClouds: [number('count', 3), number('classes', 2), number('seed', 1), theBox],
  powerPatch: [
    ...[numbers('sites', points), numbers('weights', weights), number('order', 1), theBox],
    box('changed', [0, 0, 0, 0]),
  ],
  cellAt: [object('cells|offsets|coordinates', partition.all()), number('x', 0), number('y', 0)],
  clipSegments: [numbers('segments', new Float64Array(4)), theBox],
  principalComponents: [float32('rows', new Float32Array(6)), number('cols', 3), number('count', 2)],
  decoderStep: [object('input|Z', step)],
  gpuReport: [],
  gpuBenchmark: [optional(options_('options', { workloads: [] }))],
  readTensors: [bytes('bytes', csv), text('fileName', 'a.csv')],
  openTensors: [blob('file', new Blob([csv])), text('fileName', 'a.csv')],
  readTokens: [bytes('bytes', words), text('fileName', 'a.tokens.json'), number('rows', 2)],
  zipFiles: [list('files', files)],
  isShardIndex: [text('path', 'a.index.json')],
  shardOrder: [
    strings('paths', ['b0', 'b1']),
    optional(object('index', { name: 'a.index.json', text: '{"weight_map":{"x":"b1"}}' })),
  ],
  Dataset: {
    static: {
      digits: [number('n', 2), number('seed', 1)],
      clusters: [number('n', 2), number('seed', 1)],
      fromRows: [float32('values', new Float32Array(4)), number('cols', 2)],
    },
    object: rows,
    values: [],
    rowNumbers: [],
    rowsAt: [uint32('rows', Uint32Array.of(0, 1))],
    undoNormalisation: [float32('values', row)],
    normalised: [text('kind', 'none')],
    normalisedLike: [dataset('fitted', rows)],
    split: [number('trainShare', 0.5), number('seed', 1)],
    splitBySequence: [number('trainShare', 0.5), number('seed', 1), sequences],
    share: [number('fraction', 0.5), number('seed', 1)],
    label: [number('row', 0)],
    withLabels: [dataset('labels', labels)],
  },
  KnownFeatures: {
    static: { draw: [number('rows', 5), number('seed', 1), options_('options', knownOptions)] },
    object: knownFeatures,
    data: [],
    features: [],
  },
  Sae: {
    static: {
      fromParts: [object('parts|activation|W_enc', parts), number('dIn', 3), number('dSae', 4)],
      read: [list('files', sae.write('saelens'))],
      ofSites: [
        ...[numbers('sites', points), numbers('weights', weights), object('activation', activation)],
        optional(box('fittedBox', [-1, -1, 2, 2])),
      ],
    },
    object: sae,
    encode: [float32('rows', row)],
    preActivations: [float32('rows', row)],
    decode: [float32('z', new Float32Array(4))],
    forward: [float32('rows', row)],
    encodeAsync: [float32('rows', row), optional(options_('options', { backend: 'cpu' }))],
    decodeAsync: [float32('z', new Float32Array(4)), optional(options_('options', { onProgress: progress }))],
    forwardAsync: [float32('rows', row), optional(options_('options', {}))],
    affineMap: [uint32('active', Uint32Array.of(1))],
    parameters: [],
    margins: [float32('rows', row)],
    path: [float32('from', row), float32('to', Float32Array.of(1, 2, 3))],
    localMap: [float32('row', row)],
    reading: [float32('row', row), number('most', 3)],
    census: [dataset('data', rows), optional(dataset('against', rows)), optional(options_('options', {}))],
    bounds: [dataset('data', rows), optional(options_('options', { depth: 1, onProgress: progress }))],
    deadLatents: [dataset('data', rows), optional(options_('options', {}))],
    audit: [dataset('data', rows), optional(options_('options', { onProgress: progress }))],
    quality: [dataset('data', rows), optional(options_('options', { onProgress: progress }))],
    agreement: [model('other', sae), dataset('data', rows), optional(options_('options', { onProgress: progress }))],
    adjustedRand: [model('other', sae), dataset('data', rows), optional(options_('options', { onProgress: progress }))],
    pairs: [model('other', sae)],
    recovery: [object('known', knownFeatures)],
    refitted: [dataset('data', rows), optional(options_('options', {}))],
    slice: [
      ...[float32('origin', row), float32('u', Float32Array.of(1, 0, 0)), float32('v', Float32Array.of(0, 1, 0))],
      ...[theBox, optional(options_('options', { activation }))],
    ],
    write: [text('format', 'saelens')],
    folded: [dataset('data', rows)],
    unfolded: [dataset('data', rows)],
  },
  Partition: {
    object: partition,
    owners: [number('i', 0)],
    polygon: [number('i', 0)],
    area: [number('i', 0)],
    neighbours: [number('i', 0)],
    locate: [number('x', 0), number('y', 0)],
    check: [model('sae', planeSae), number('count', 3), number('seed', 1)],
    all: [],
    colours: [],
  },
  PlaneView: {
    new: [
      ...[model('sae', sae), float32('rows', threeRows), object('components', threeComponents)],
      object('choice', { kind: 'rows', rows: [0, 1, 2] }),
    ],
    object: planeView,
    cut: [object('angles', level), theBox, optional(options_('options', { jumps: true }))],
    functions: [object('angles', level)],
    project: [object('angles', level)],
    point: [object('angles', level), number('x', 0), number('y', 0)],
  },
  ToySae: {
    new: [numbers('points', points), options_('options', toyOptions)],
    object: toy,
    train: [number('steps', 1)],
    sites: [],
    weights: [],
    forward: [numbers('points', points)],
    active: [number('x', 0), number('y', 0)],
    bounds: [],
  },
  Trainer: {
    static: {
      create: [...twoRows, options_('options', options)],
      resume: [bytes('bytes', checkpoint), ...twoRows, optional(text('backend', 'cpu'))],
      from: [model('sae', sae), ...twoRows, options_('options', options)],
      preset: [options_('options', options), text('preset', 'recommended'), number('rows', 8), number('epochs', 2)],
    },
    object: trainer,
    epoch: [onProgress],
    cancel: [],
    sae: [],
    checkpoint: [],
  },
  Experiments: {
    static: { summarise: [list('rows', [])], csv: [list('rows', [])] },
    new: [...twoRows, list('experiments', [experiment]), optional(model('start', sae))],
    object: new Experiments(rows, rows, [experiment]),
    run: [onProgress, optional(callback('onRow', progress)), optional(callback('onEpoch', progress))],
    cancel: [],
    pause: [],
    resume: [],
    summary: [],
    toCsv: [],
  },
  TensorFile: {
    object: opened,
    dataset: {
      object: file,
      takes: [optional(text('name', undefined)), optional(options_('options', { keep: 'f32' }))],
    },
    load: [optional(text('name', undefined)), optional(options_('options', { dropNonFinite: true })), onProgress],
    inspect: [optional(text('name', undefined)), optional(options_('options', { rows: 1 })), onProgress],
    cancel: [],
  },
  RowStream: {
    static: { open: [list('files', streamFiles), optional(options_('options', { reservoir: 1000 }))] },
    object: stream,
    holdOut: [number('rows', 2), number('seed', 1)],
    holdOutBySequence: [number('rows', 2), number('seed', 1), optional(sequences)],
    sequences: [],
    share: [number('fraction', 0.5), number('seed', 1)],
    normalised: [text('kind', 'none'), onProgress],
    load: [onProgress],
    normalise: [dataset('rows', rows)],
    cancel: [],
  },
  Tokens: { object: tokens, token: [number('row', 0)], sequences: [] },
  Features: {
    static: {
      measure: [model('sae', sae), dataset('data', rows), optional(options_('options', { bins: 3 })), onProgress],
    },
    object: features,
    table: [],
    top: [number('feature', 0)],
    activations: [number('feature', 0), uint32('rows', Uint32Array.of(0, 1))],
    feature: [number('feature', 0)],
  },
};

/** All calls of the table: a name, and how to make the call with any arguments. */
function* calls() {
  for (const [name, entry] of Object.entries(surface)) {
    if (Array.isArray(entry)) yield { name, takes: entry, call: (...values) => splinterp[name](...values) };
    else {
      const { static: functions = {}, object, new: constructor, ...methods } = entry;
      if (constructor) {
        yield { name: `new ${name}`, takes: constructor, call: (...values) => new splinterp[name](...values) };
      }
      for (const [method, takes] of Object.entries(functions)) {
        yield { name: `${name}.${method}`, takes, call: (...values) => splinterp[name][method](...values) };
      }
      for (const [method, about] of Object.entries(methods)) {
        const [on, takes] = Array.isArray(about) ? [object, about] : [about.object, about.takes];
        yield { name: `${name}.prototype.${method}`, takes, call: (...values) => on[method](...values) };
      }
    }
  }
}

const freed = Dataset.digits(2, 1);
freed.free();
const freedModel = Sae.fromParts(parts, 3, 4);
freedModel.free();

/** Values of every kind; an argument is given those that are not of its own. */
const wrong = [
  { value: undefined, unless: 'optional' },
  { value: null, unless: 'optional' },
  { value: true },
  { value: NaN, unless: ['level', 'x', 'y'] },
  { value: 'text', unless: 'string' },
  { value: '5', unless: 'string' },
  { value: 5n },
  { value: Symbol('s') },
  { value: () => 1, unless: 'function' },
  { value: [0, 1], unless: 'numbers' },
  { value: ['a'], unless: 'strings' },
  { value: {}, unless: ['options'] },
  { value: { unknown: 1 } },
  { value: new Date(0), unless: 'options' },
  { value: -1, unless: ['level', 'x', 'y'] },
  { value: 0.5, unless: 'number' },
  { value: new Float32Array(3), unless: 'Float32Array' },
  { value: new Float64Array(2), unless: 'Float64Array' },
  { value: new Int32Array(3) },
  { value: new Uint8Array(3), unless: 'Uint8Array' },
  { value: new ArrayBuffer(8), unless: 'options' },
  { value: rows, unless: 'Dataset' },
  { value: sae, unless: 'Sae' },
  { value: toy },
  { value: Dataset, unless: 'function' },
  { value: { __content: () => {} } },
  { value: freed },
  { value: freedModel },
];

/** What a call throws or rejects with. */
async function failure(call, values) {
  try {
    await call(...values);
  } catch (error) {
    return error;
  }
  return undefined;
}

const shown = (value) => (typeof value === 'object' && value ? value.constructor?.name : String(value));

test('every export is in the table', () => {
  const names = Object.keys(splinterp).filter((name) => !['default', 'initSync'].includes(name));
  assert.deepEqual(names.sort(), Object.keys(surface).sort());
  const own = ['constructor', 'free', '__destroy_into_raw', '__content'];
  for (const name of names.filter((name) => splinterp[name].prototype)) {
    const { static: functions = {}, object: _, new: __, ...methods } = surface[name];
    if (Array.isArray(surface[name])) continue;
    const described = Object.getOwnPropertyDescriptors(splinterp[name].prototype);
    const callable = Object.keys(described).filter((key) => described[key].value && !own.includes(key));
    assert.deepEqual(callable.sort(), Object.keys(methods).sort(), name);
    const statics = Object.getOwnPropertyNames(splinterp[name]);
    const hidden = ['length', 'name', 'prototype', '__wrap', '__unwrap'];
    assert.deepEqual(statics.filter((key) => !hidden.includes(key)).sort(), Object.keys(functions).sort(), name);
  }
});

test('arguments that fit are taken', async () => {
  for (const { name, takes, call } of calls()) {
    const error = await failure(
      call,
      takes.map(({ value }) => value),
    );
    // There is no GPU in Node.
    if (name === 'gpuBenchmark') assert.equal(error.code, 'gpu');
    else assert.equal(error, undefined, `${name}: ${error?.stack}`);
  }
});

test('an argument that does not fit is refused by its name', async () => {
  let tried = 0;
  for (const { name, takes, call } of calls()) {
    const fitting = takes.map(({ value }) => value);
    for (const [at, { name: argument, kind, optional }] of takes.entries()) {
      for (const { value, unless = [] } of wrong) {
        const kinds = [...[kind].flat(), argument, optional ? 'optional' : ''];
        if (kinds.some((kind) => [unless].flat().includes(kind))) continue;
        const error = await failure(call, fitting.with(at, value));
        const what = `${name}: ${argument} given ${shown(value)}`;
        assert.ok(error instanceof Error, `${what}: no error`);
        assert.ok(!(error instanceof WebAssembly.RuntimeError), `${what}: ${error}`);
        assert.equal(typeof error.code, 'string', `${what}: ${error.stack}`);
        assert.notEqual(error.code, 'broken', `${what}: ${error}`);
        const named = new RegExp(`\\b(${argument})\\b`);
        assert.match(error.message, named, what);
        tried += 1;
      }
    }
  }
  assert.ok(tried > 1500, `${tried} calls`);
});

test('arguments swapped, missing and none at all are refused', async () => {
  for (const { name, takes, call } of calls()) {
    const required = takes.filter(({ optional }) => !optional);
    const fitting = required.map(({ value }) => value);
    for (let given = 0; given < required.length; given++) {
      const error = await failure(call, fitting.slice(0, given));
      assert.equal(typeof error?.code, 'string', `${name} with ${given} arguments: ${error?.stack}`);
      assert.match(
        error.message,
        new RegExp(`\\b(${required[given].name})\\b`),
        `${name} with ${given} arguments: ${error}`,
      );
    }
    // A box and coordinates are both numbers.
    const family = (kind) => (kind === 'box' ? 'numbers' : [kind].flat().at(-1));
    if (new Set(required.map(({ kind }) => family(kind))).size > 1) {
      const error = await failure(call, fitting.toReversed());
      assert.equal(typeof error?.code, 'string', `${name}, reversed: ${error?.stack}`);
    }
  }
});

test('after all these the module still works', async () => {
  const before = await trainer.checkpoint();
  const twin = await Trainer.resume(before, rows, rows);
  await Promise.all([trainer.epoch(), twin.epoch()]);
  assert.deepEqual(await trainer.checkpoint(), await twin.checkpoint());
  assert.deepEqual(sae.encode(rows.values()).length, 32);
});
