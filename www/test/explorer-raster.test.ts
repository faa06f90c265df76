// Cells as pixels, held against the diagram itself at the centre of each pixel.

import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { initSync, powerDiagram, type Partition } from 'splinterp/figures';
import { plain, spent } from '../src/gallery/frame/diagram';
import { View, type Box } from '../src/gallery/frame/view';
import { drawBorders, fillCells, wordOf } from '../src/labs/explorer/raster';

const [width, height] = [150, 100];
const box = Float64Array.of(-1, -1, 2, 1);

function diagram(): Partition {
  const sites = Float64Array.from({ length: 80 }, (_, i) => ((i * 7919) % 1000) / 400 - 0.9);
  const weights = Float64Array.from({ length: 40 }, (_, i) => ((i * 104729) % 100) / 2000);
  return powerDiagram(sites, weights, 2, box);
}

function rasterOf(seen: Box) {
  return { words: new Uint32Array(width * height), width, height, view: new View(seen, width / 2) };
}

beforeAll(() => {
  initSync({ module: readFileSync(new URL('../../target/modules/figures/splinterp_bg.wasm', import.meta.url)) });
});

describe('pixels', () => {
  it.each<{ what: string; seen: Box }>([
    { what: 'the whole box', seen: [-1, -1, 2, 1] },
    { what: 'a part of it', seen: [-0.5, -0.4, 1, 0.6] },
    { what: 'more than it', seen: [-4, -3, 5, 3] },
  ])('of $what are those of the cell that holds their centre', ({ seen }) => {
    const partition = diagram();
    const flat = plain(partition);
    const raster = rasterOf(seen);
    // Each cell a group of its own.
    const groups = Uint8Array.from({ length: flat.cells }, (_, cell) => cell);
    expect(flat.cells).toBeGreaterThan(30);
    expect(flat.cells).toBeLessThan(256);
    fillCells(
      raster,
      flat,
      groups,
      Uint32Array.from(groups, (cell) => cell + 1),
    );
    const found = Array.from(raster.words, (_, at) => {
      const x = seen[0] + (((at % width) + 0.5) / width) * (seen[2] - seen[0]);
      const y = seen[3] - ((Math.floor(at / width) + 0.5) / height) * (seen[3] - seen[1]);
      return partition.locate(x, y) + 1;
    });
    expect(new Set(found).size).toBeGreaterThan(3);
    expect([...raster.words]).toEqual(found);
    partition.free();
  });

  it('of a border take its colour, shared by the two beside it, and none lies outside the cells', () => {
    // Two cells whose border is the line x = 0.5 of a box that is narrower than the view.
    const flat = spent(powerDiagram(Float64Array.of(0, 0, 1, 0), new Float64Array(2), 1, Float64Array.of(0, 0, 1, 1)));
    const seen: Box = [-1, -0.5, 2, 1.5];
    const [ground, ink] = [wordOf('#ffffff'), { word: wordOf('rgb(0, 100, 200)'), opacity: 1 }];
    const raster = rasterOf(seen);
    fillCells(raster, flat, new Uint8Array(2), Uint32Array.of(ground));
    drawBorders(raster, flat, ink);
    // x = 0.5 is the edge between the columns 74 and 75, each of which takes half of the colour.
    const row = raster.words.subarray(50 * width, 51 * width);
    const half = wordOf('rgb(127, 177, 227)');
    expect([...row.subarray(50, 100)]).toEqual([
      ...Array.from({ length: 24 }, () => ground),
      ...[half, half],
      ...Array.from({ length: 24 }, () => ground),
    ]);
    expect([...row.subarray(0, 50), ...row.subarray(100)].every((word) => word === 0)).toBe(true);
    // The lines of pixels above the box are empty too.
    expect(raster.words.subarray(0, 25 * width).every((word) => word === 0)).toBe(true);
  });

  it('are written in the byte order of image data', () => {
    expect([...new Uint8Array(Uint32Array.of(wordOf('rgb(1, 2, 3)')).buffer)]).toEqual([1, 2, 3, 255]);
    expect(wordOf('#fde725')).toBe(wordOf('rgb(253, 231, 37)'));
  });
});
