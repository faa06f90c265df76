// What the figures on SAEs in the plane stand on: slices, affine maps, the lifting and the toy SAE, as the package
// offers them.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const folder = new URL('../../pkg/', import.meta.url);
const { Dataset, initSync, kmeans, lift, localPca, powerDiagram, Sae, ToySae, voronoiCells, weightsAt } = await import(
  new URL('splinterp.js', folder).href
);
initSync({ module: await readFile(new URL('splinterp_bg.wasm', folder)) });

/** Park and Miller's generator: the same points in every run. */
function generator(seed) {
  let state = seed;
  return (low, high) => {
    state = (state * 16807) % 2147483647;
    return low + ((high - low) * state) / 2147483647;
  };
}

const activations = [
  { kind: 'relu' },
  { kind: 'jumprelu', threshold: 0.3 },
  { kind: 'topk', k: 3, by: 'value' },
  { kind: 'topk', k: 3, by: 'magnitude' },
  { kind: 'topk', k: 3, by: 'positive' },
];

/** A model whose numbers are multiples of 1/64, so that float32 computes pre-activations without rounding. */
function model(activation, dIn, dSae, next) {
  const draw = (n) => Float32Array.from({ length: n }, () => Math.round(64 * next(-1, 1)) / 64);
  const parts = { W_enc: draw(dIn * dSae), b_enc: draw(dSae), W_dec: draw(dIn * dSae), b_dec: draw(dIn), activation };
  return Sae.fromParts(parts, dIn, dSae);
}

test('the owners of a cell are the latents that encode finds active in it', () => {
  const next = generator(7);
  let tested = 0;
  for (const activation of activations) {
    const [dIn, dSae] = [3, 11];
    const sae = model(activation, dIn, dSae, next);
    const [origin, u, v] = [Float32Array.of(0.25, 0, -0.5), Float32Array.of(1, 0, 0.5), Float32Array.of(0, 1, 0)];
    const partition = sae.slice(origin, u, v, [-2, -2, 2, 2]);
    assert.ok(partition.cells > 10, `${activation.kind} cuts ${partition.cells} cells`);
    for (let i = 0; i < 400; i++) {
      const [p, q] = [Math.fround(next(-2, 2)), Math.fround(next(-2, 2))];
      const row = Float32Array.from(origin, (o, j) => o + p * u[j] + q * v[j]);
      const z = sae.encode(row);
      // Points where rounding of the row itself could decide are left out.
      if (z.some((value) => value !== 0 && Math.abs(value) < 1e-5)) continue;
      const active = [...z.keys()].filter((latent) => z[latent] !== 0);
      assert.deepEqual(
        [...partition.owners(partition.locate(p, q))],
        active,
        `${JSON.stringify(activation)} ${p} ${q}`,
      );
      const { matrix, offset } = sae.affineMap(Uint32Array.from(active));
      const out = sae.forward(row);
      for (let r = 0; r < dIn; r++) {
        const expected = offset[r] + row.reduce((sum, x, c) => sum + matrix[r * dIn + c] * x, 0);
        assert.ok(Math.abs(out[r] - expected) < 1e-4, `${out[r]} for ${expected}`);
      }
      tested++;
    }
  }
  assert.ok(tested > 1900, `${tested} points`);
});

test('another activation may be given to a slice', () => {
  const sae = model({ kind: 'relu' }, 2, 6, generator(3));
  const [origin, u, v] = [new Float32Array(2), Float32Array.of(1, 0), Float32Array.of(0, 1)];
  const own = sae.slice(origin, u, v, [-1, -1, 1, 1]);
  const other = sae.slice(origin, u, v, [-1, -1, 1, 1], { activation: { kind: 'topk', k: 1, by: 'value' } });
  assert.ok([...Array(other.cells).keys()].every((cell) => other.owners(cell).length === 1));
  assert.ok([...Array(own.cells).keys()].some((cell) => own.owners(cell).length !== 1));
  assert.throws(() => sae.slice(origin, u, v, [-1, -1, 1]), /box is 3 numbers/);
  assert.throws(() => sae.affineMap(Uint32Array.of(6)), { code: 'option', message: /active is 6/ });
});

test('the plane cuts the power diagram out of the lifted cells, at every height', () => {
  const next = generator(11);
  const sites = Float64Array.from({ length: 24 }, () => next(-1, 1));
  const heights = lift(Float64Array.from({ length: 12 }, () => next(-0.4, 0.4)));
  const points = Float64Array.from([...heights.keys()].flatMap((i) => [sites[2 * i], sites[2 * i + 1], heights[i]]));
  for (const level of [0, 0.2, 0.55, 0.9]) {
    const solid = voronoiCells(points, [-1, -1, level, 1, 1, 1.5]);
    const cut = powerDiagram(sites, weightsAt(heights, level), 1, [-1, -1, 1, 1]);
    const expected = new Float64Array(12);
    for (let cell = 0; cell < cut.cells; cell++) expected[cut.owners(cell)[0]] = cut.area(cell);
    for (let site = 0; site < 12; site++) {
      assert.ok(Math.abs(floorArea(solid, site, level) - expected[site]) < 1e-9, `site ${site} at ${level}`);
    }
  }
});

/** Area of the face of a cell in the plane z = level. */
function floorArea({ cellOffsets, faceOffsets, coordinates }, site, level) {
  let area = 0;
  for (let face = cellOffsets[site]; face < cellOffsets[site + 1]; face++) {
    const corners = [];
    for (let k = faceOffsets[face]; k < faceOffsets[face + 1]; k++) corners.push(coordinates.slice(3 * k, 3 * k + 3));
    if (!corners.every((corner) => Math.abs(corner[2] - level) < 1e-12)) continue;
    for (const [i, [x, y]] of corners.entries()) {
      const [nextX, nextY] = corners[(i + 1) % corners.length];
      area += (x * nextY - nextX * y) / 2;
    }
  }
  return Math.abs(area);
}

test('the toy SAE trains past k-means, on the cells of a power diagram, and never below local PCA of its cells', () => {
  const points = Float64Array.from(Dataset.clusters(100, 1).values());
  const means = kmeans(points, 2, points.slice(0, 6), 100);
  for (const [k, code, start] of [
    [1, 'soft', 'random'],
    [3, 'soft', 'random'],
    [3, 'hard', 'random'],
    [3, 'hard', 'kmeans'],
  ]) {
    const toy = new ToySae(points, { atoms: 40, k, code, start, lr: 0.01, seed: 1 });
    const before = toy.mse;
    const after = toy.train(600);
    assert.equal(after, toy.mse);
    assert.equal(toy.steps, 600);
    assert.ok(before > means.mse && after < means.mse, `${code} ${k}: ${before}, ${after}`);
    const { affine, cells } = toy.bounds();
    assert.ok(affine <= after && cells >= 1);
    const diagram = powerDiagram(toy.sites(), toy.weights(), k, [-2.5, -2.5, 2.5, 2.5]);
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = points.subarray(i, i + 2);
      assert.deepEqual(diagram.owners(diagram.locate(x, y)), toy.active(x, y));
    }
    assert.equal(toy.forward(points).length, points.length);
  }
  assert.ok(localPca(points, 2, means.labels, means.centers, 1).mse < means.mse);
});

test('options of the toy SAE that are out of range are named', () => {
  const options = { atoms: 4, k: 1, code: 'soft', start: 'random', lr: 0.01, seed: 1 };
  assert.throws(() => new ToySae(new Float64Array(), options), { code: 'shape' });
  assert.throws(() => new ToySae(Float64Array.of(1, NaN), options), /NaN at point 0/);
  assert.throws(() => new ToySae(Float64Array.of(1, 2), { ...options, k: 9 }), /k is 9/);
  assert.throws(() => new ToySae(Float64Array.of(1, 2), { ...options, code: 'warm' }), /code/);
});
