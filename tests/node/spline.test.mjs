// Margins, paths, local maps, census, bounds, certificates and audit through the package, against float64 reference
// values by brute force that lie beside the checkout.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const folder = new URL('../../pkg/', import.meta.url);
const { initSync, Dataset, Sae, Trainer } = await import(new URL('splinterp.js', folder).href);
initSync({ module: await readFile(new URL('splinterp_bg.wasm', folder)) });

const golden = new URL('../../../shared/golden/', import.meta.url);
const missing = !existsSync(golden) && `${golden.pathname} is missing`;
assert.ok(!missing || process.env.CI !== 'true', missing);
/** As the reference values ask; jumps less closely. */
const [CLOSE, CLOSE_JUMP] = [1e-5, 1e-4];

/** The cases whose file names begin so: the index's entry, and the tensors, as float64. */
async function* cases(prefix) {
  const index = JSON.parse(await readFile(new URL('spline_index.json', golden), 'utf8'));
  const found = index.cases.filter(({ file }) => file.startsWith(prefix));
  assert.ok(found.length >= 5, prefix);
  for (const about of found) yield { about, tensors: await readSafetensors(new URL(about.file, golden)) };
}

async function readSafetensors(url) {
  const bytes = await readFile(url);
  const end = 8 + Number(bytes.readBigUInt64LE());
  const tensors = {};
  for (const [name, { dtype, data_offsets: offsets }] of Object.entries(JSON.parse(bytes.toString('utf8', 8, end)))) {
    const data = bytes.buffer.slice(...offsets.map((offset) => bytes.byteOffset + end + offset));
    if (dtype === 'F32') tensors[name] = Float64Array.from(new Float32Array(data));
    else if (dtype === 'I64') tensors[name] = Float64Array.from(new BigInt64Array(data), Number);
    else tensors[name] = new Float64Array(data);
  }
  return tensors;
}

function model({ about, tensors }) {
  const { kind, k } = about;
  const [, by] = kind.split('_');
  const activation = by ? { kind: 'topk', k, by } : { kind };
  if (kind === 'jumprelu') activation.threshold = Float32Array.from(tensors.threshold);
  const parts = Object.fromEntries(
    ['W_enc', 'b_enc', 'W_dec', 'b_dec'].map((name) => [name, Float32Array.from(tensors[name])]),
  );
  return Sae.fromParts({ ...parts, activation }, parts.b_dec.length, parts.b_enc.length);
}

function close(found, expected, what, tolerance = CLOSE) {
  // Brute force finds some 1e-17 in place of 0.
  const slack = tolerance * Math.abs(expected) + 1e-12;
  assert.ok(Math.abs(found - expected) <= slack, `${what}: ${found}, expected ${expected}`);
}

function allClose(found, expected, what, tolerance) {
  assert.equal(found.length, expected.length, what);
  found.forEach((value, i) => close(value, expected[i], `${what} ${i}`, tolerance));
}

const rowsOf = (values, cols) =>
  Array.from({ length: values.length / cols }, (_, row) =>
    Float32Array.from(values.slice(row * cols, (row + 1) * cols)),
  );

test('margins are those of brute force', { skip: missing }, async () => {
  for await (const { about, tensors } of cases('spline_margins_')) {
    const sae = model({ about, tensors });
    const margins = sae.margins(Float32Array.from(tensors.x));
    allClose(margins.distance, tensors.distance, about.file);
    allClose(margins.jump, tensors.jump, about.file, CLOSE_JUMP);
    assert.deepEqual([...margins.leaving], [...tensors.leaving], about.file);
    assert.deepEqual([...margins.entering], [...tensors.entering], about.file);
  }
});

test('paths are those of brute force, and their errors those of the model', { skip: missing }, async () => {
  for await (const { about, tensors } of cases('spline_path_')) {
    const sae = model({ about, tensors });
    const ends = rowsOf(tensors.end, sae.dIn);
    const paths = rowsOf(tensors.start, sae.dIn).map((start, i) => sae.path(start, ends[i]));
    assert.deepEqual(
      paths.map(({ t }) => t.length),
      about.counts,
    );
    const all = (name) => paths.flatMap((path) => [...path[name]]);
    allClose(all('t'), tensors.t, about.file);
    allClose(all('jump'), tensors.jump, about.file, CLOSE_JUMP);
    assert.deepEqual(all('leaving'), [...tensors.leaving], about.file);
    assert.deepEqual(all('entering'), [...tensors.entering], about.file);
    const [first] = paths;
    const [start] = rowsOf(tensors.start, sae.dIn);
    const error = sae.forward(start).reduce((sum, value, j) => sum + (value - start[j]) ** 2, 0);
    close(first.squaredError[2], error, about.file);
    assert.equal(first.squaredError.length, 3 * (first.t.length + 1));
  }
});

test('local maps are those of brute force', { skip: missing }, async () => {
  for await (const { about, tensors } of cases('spline_local_map_')) {
    const sae = model({ about, tensors });
    const maps = rowsOf(tensors.x, sae.dIn).map((row) => sae.localMap(row));
    assert.deepEqual(
      maps.map(({ active }) => [...active]),
      about.active,
    );
    allClose(
      maps.map(({ trace }) => trace),
      tensors.trace,
      about.file,
    );
    const gram = maps.flatMap((map) => [...map.gram]);
    assert.equal(gram.length, tensors.gram.length);
    gram.forEach((value, i) =>
      assert.ok(Math.abs(value - tensors.gram[i]) < CLOSE * (1 + Math.abs(value)), about.file),
    );
    for (const { eigenvalues, trace, active } of maps) {
      const sum = (part) => eigenvalues.filter((_, i) => i % 2 === part).reduce((a, b) => a + b, 0);
      assert.equal(eigenvalues.length, 2 * active.length);
      assert.ok(Math.abs(sum(0) - trace) < 1e-9 * (1 + Math.abs(trace)) && Math.abs(sum(1)) < 1e-9, about.file);
    }
  }
});

test('what concerns data is that of brute force', { skip: missing }, async () => {
  for await (const { about, tensors } of cases('spline_data_')) {
    const sae = model({ about, tensors });
    const data = Dataset.fromRows(Float32Array.from(tensors.x), sae.dIn);
    const others = Dataset.fromRows(Float32Array.from(tensors.x_test), sae.dIn);
    const census = await sae.census(data, others);
    assert.deepEqual([census.cells, [...census.prefixCells]], [about.cells, about.prefix_cells], about.file);
    close(census.entropy, about.entropy_nats, about.file);
    close(census.unseenShare, about.unseen_test_share, about.file);
    assert.equal((await sae.census(data)).unseenShare, null);
    const bounds = await sae.bounds(data);
    assert.equal(bounds.coveredRows, about.covered_rows, about.file);
    for (const name of ['sae', 'mean', 'refit', 'pca']) close(bounds[`${name}Mse`], about[`${name}_mse`], about.file);
    assert.deepEqual([bounds.kmeansMse, bounds.globalPcaMse], [null, null]);
    const beside = await sae.bounds(data, { peers: true });
    assert.ok(beside.kmeansMse <= bounds.meanMse * (1 + CLOSE) && beside.globalPcaMse > 0, about.file);
    const dead = await sae.deadLatents(data);
    assert.deepEqual([[...dead.dead], [...dead.certified]], [about.dead, about.certified], about.file);
    close(dead.radius, about.radius, about.file);
    assert.equal(dead.distance.length, dead.dead.length);
    const audit = await sae.audit(data);
    close(audit.mse, about.mse, about.file);
    close(audit.decoderRefitMse, about.decoder_refit_mse, about.file);
    close(audit.supportMse, about.support_mse, about.file);
    close((await (await sae.refitted(data)).audit(data)).mse, about.decoder_refit_mse, about.file);
  }
});

test('passes over data report progress and end when their signal is aborted', async () => {
  const data = Dataset.digits(300, 1).normalised('mnist');
  const activation = { kind: 'topk', k: 4, by: 'magnitude' };
  const trainer = await Trainer.create(data, data, { dSae: 32, activation, method: 'sgd', seed: 1 });
  const sae = await trainer.sae();
  const passes = {
    census: (options) => sae.census(data, data, options),
    bounds: (options) => sae.bounds(data, { depth: 1, ...options }),
    deadLatents: (options) => sae.deadLatents(data, options),
    audit: (options) => sae.audit(data, options),
    refitted: (options) => sae.refitted(data, options),
  };
  for (const [name, pass] of Object.entries(passes)) {
    const heard = [];
    await pass({ onProgress: (...progress) => heard.push(progress) });
    assert.ok(heard.length > 1 && heard.every(([done, total]) => done <= total && total === heard[0][1]), name);
    const controller = new AbortController();
    const running = pass({ signal: controller.signal });
    controller.abort();
    await assert.rejects(running, { code: 'cancelled' }, name);
    const mine = new RangeError('mine');
    const fail = () => {
      throw mine;
    };
    await assert.rejects(pass({ onProgress: fail }), (error) => error === mine, name);
  }
  const controller = new AbortController();
  await assert.rejects(sae.bounds(data, { depth: 5, signal: controller.signal }), {
    code: 'option',
    message: 'depth is 5, expected from 1 to k, here 4',
  });
});

test('input that does not fit is named', async () => {
  const activation = { kind: 'topk', k: 2, by: 'value' };
  const parts = { W_enc: new Float32Array(6).fill(0.5), b_enc: new Float32Array(3), W_dec: new Float32Array(6) };
  const sae = Sae.fromParts({ ...parts, b_dec: new Float32Array(2), activation }, 2, 3);
  const nan = Float32Array.of(0, NaN);
  assert.throws(() => sae.margins(new Float32Array(3)), { code: 'shape', message: /rows: found 3/ });
  assert.throws(() => sae.margins(nan), { code: 'not-finite' });
  assert.throws(() => sae.path(nan, new Float32Array(2)), { code: 'option', message: /^from is NaN at 1/ });
  assert.throws(() => sae.localMap(new Float32Array(4)), { code: 'shape', message: /row: found 4/ });
  const wide = Dataset.fromRows(new Float32Array(6), 3);
  for (const pass of ['census', 'bounds', 'deadLatents', 'audit', 'refitted']) {
    await assert.rejects(sae[pass](wide), { code: 'shape', message: /columns of the data: found 3/ });
  }
});
