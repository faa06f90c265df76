// Diagrams and clusters as the package offers them.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const folder = new URL('../../pkg/', import.meta.url);
const splinterp = await import(new URL('splinterp.js', folder).href);
splinterp.initSync({ module: await readFile(new URL('splinterp_bg.wasm', folder)) });
const { Sae, kmeans, lift, localPca, powerDiagram, voronoiCells } = splinterp;

const sites = Float64Array.of(0.25, 0.5, 0.75, 0.5, 0.3, 0.5);
const weights = Float64Array.of(0, 0, -1);

test('a power diagram leaves hidden sites out and locates points', () => {
  const diagram = powerDiagram(sites, weights, 1, [0, 0, 1, 1]);
  assert.equal(diagram.cells, 2);
  assert.deepEqual(diagram.owners(1), Uint32Array.of(1));
  assert.deepEqual(diagram.polygon(0), Float64Array.of(0, 0, 0.5, 0, 0.5, 1, 0, 1));
  assert.deepEqual([diagram.area(0), diagram.locate(0.9, 0.1), diagram.locate(2, 0)], [0.5, 1, -1]);
  const { offsets, coordinates, neighbours, areas, ownerOffsets, owners } = diagram.all();
  assert.deepEqual(offsets, Uint32Array.of(0, 4, 8));
  assert.deepEqual(coordinates.slice(0, 8), diagram.polygon(0));
  assert.deepEqual(neighbours.slice(0, 4), Uint32Array.of(0xffffffff, 1, 0xffffffff, 0xffffffff));
  assert.deepEqual([...areas, ...ownerOffsets, ...owners], [0.5, 0.5, 0, 1, 2, 0, 1]);
  assert.notEqual(...diagram.colours());
});

test('order n is the whole box, and errors name the parameter', () => {
  assert.deepEqual(powerDiagram(sites, weights, 3, [0, 0, 1, 1]).owners(0), Uint32Array.of(0, 1, 2));
  for (const [order, box, message] of [
    [0, [0, 0, 1, 1], /^order is 0, expected 1 to 3/],
    [1.5, [0, 0, 1, 1], /^order is 1.5, expected a whole number/],
    [NaN, [0, 0, 1, 1], /^order is NaN/],
    [1, [0, 0, 0, 1], /^box is \[0, 0, 0, 1\]/],
    [1, [0, 0, 1], /^box is 3 numbers, expected 4/],
  ]) {
    assert.throws(() => powerDiagram(sites, weights, order, box), { code: 'option', message });
  }
  const diagram = powerDiagram(sites, weights, 1, [0, 0, 1, 1]);
  assert.throws(() => diagram.area(2), { code: 'option', message: 'i is 2, expected a cell, below 2' });
  assert.throws(() => diagram.polygon(-1), { code: 'option' });
});

test('an encoder is cut by a plane', () => {
  const activation = { kind: 'relu' };
  const parts = {
    W_enc: Float32Array.of(1, 0, 0, 1),
    b_enc: Float32Array.of(0, 0),
    b_dec: new Float32Array(2),
    activation,
  };
  const sae = Sae.fromParts({ ...parts, W_dec: new Float32Array(4) }, 2, 2);
  const plane = [new Float32Array(2), Float32Array.of(1, 0), Float32Array.of(0, 1), [-1, -1, 1, 1]];
  const relu = sae.slice(...plane);
  assert.equal(relu.cells, 4);
  assert.deepEqual(relu.owners(relu.locate(0.5, -0.5)), Uint32Array.of(0));
  assert.deepEqual(relu.owners(relu.locate(-0.5, -0.5)), new Uint32Array(0));
  const topk = sae.slice(...plane, { activation: { kind: 'topk', k: 1, by: 'value' } });
  assert.equal(topk.cells, 2);
});

test('lifted cells fill their box, and clusters lie between k-means and PCA', () => {
  assert.deepEqual(lift(Float64Array.of(1, 5, -4)), Float64Array.of(2, 0, 3));
  const { volumes, cellOffsets } = voronoiCells([0.25, 0.5, 0.5, 0.75, 0.5, 0.5], [0, 0, 0, 1, 1, 1]);
  assert.deepEqual([...volumes, ...cellOffsets], [0.5, 0.5, 0, 6, 12]);
  const points = Float64Array.of(0, 0, 2, 0, 10, 5, 10, 7);
  const { centers, labels, mse } = kmeans(points, 2, [0, 0, 10, 5], 100);
  assert.deepEqual([...centers, ...labels, mse], [1, 0, 10, 6, 0, 0, 1, 1, 0.5]);
  const pca = localPca(points, 2, labels, centers, 1);
  assert.ok(pca.mse < 1e-30);
  assert.deepEqual(pca.variances, Float64Array.of(1, 1));
});
