// Clipped cells of random weighted sites beside d3-delaunay's unweighted ones and d3-weighted-voronoi's, and order K at
// 200 sites, in Node, in one run. Ours includes the way into wasm and back, with all polygons in flat arrays;
// d3-delaunay's polygons go through its renderer into one flat array, which is faster than its cellPolygon.
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { Delaunay } from 'd3-delaunay';
import { weightedVoronoi } from 'd3-weighted-voronoi';
import * as splinterp from '../../pkg/splinterp.js';

const WARM_UP = 3;
const BOX = [0, 0, 1, 1];

splinterp.initSync({ module: await readFile(new URL('../../pkg/splinterp_bg.wasm', import.meta.url)) });

/** Marsaglia's xorshift32, so that every run has the same sites. */
function random(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}

/** n uniform sites; weights uniform up to a quarter of the squared spacing: borders shift, few sites are hidden. */
function input(n) {
  const next = random(n);
  const sites = Float64Array.from({ length: 2 * n }, next);
  return { sites, weights: Float64Array.from({ length: n }, () => next() / (4 * n)) };
}

function ours(sites, weights, order) {
  const diagram = splinterp.powerDiagram(sites, weights, order, BOX);
  const { offsets } = diagram.all();
  diagram.free();
  return offsets.length - 1;
}

function d3Delaunay(sites) {
  const voronoi = new Delaunay(sites).voronoi(BOX);
  let corners = new Float64Array(16 * sites.length);
  let used = 0;
  const sink = {
    moveTo(x, y) {
      corners[used++] = x;
      corners[used++] = y;
    },
    lineTo(x, y) {
      corners[used++] = x;
      corners[used++] = y;
    },
    closePath() {},
  };
  for (let i = 0; i < sites.length / 2; i += 1) voronoi.renderCell(i, sink);
  return used;
}

function d3WeightedVoronoi(sites, weights) {
  const data = Array.from(weights, (weight, i) => ({ x: sites[2 * i], y: sites[2 * i + 1], weight }));
  const clip = [
    [0, 0],
    [0, 1],
    [1, 1],
    [1, 0],
  ];
  return weightedVoronoi().clip(clip)(data).length;
}

/** Median milliseconds of each of the functions, which take turns. */
function race(rounds, ...runs) {
  const times = runs.map(() => []);
  for (let round = -Math.min(WARM_UP, rounds); round < rounds; round += 1) {
    runs.forEach((run, i) => {
      const start = performance.now();
      run();
      if (round >= 0) times[i].push(performance.now() - start);
    });
  }
  return times.map((list) => list.sort((a, b) => a - b)[list.length >> 1]);
}

const ms = (time) => `${time.toPrecision(3)} ms`;
const row = (what, time, other, target) =>
  console.log(`${what.padEnd(34)} ${ms(time).padStart(9)}  ${other.padEnd(36)} ${target}`);

console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; medians`);
for (const [n, rounds] of [
  [1e3, 101],
  [1e4, 31],
  [1e5, 11],
]) {
  const { sites, weights } = input(n);
  const cells = ours(sites, weights, 1);
  const [we, they] = race(
    rounds,
    () => ours(sites, weights, 1),
    () => d3Delaunay(sites),
  );
  row(
    `order 1, ${n} sites, ${cells} cells`,
    we,
    `d3-delaunay ${ms(they)}`,
    `ratio ${(we / they).toFixed(2)}, target ≤ 1`,
  );
}
{
  const { sites, weights } = input(1e4);
  const [we, they] = race(
    3,
    () => ours(sites, weights, 1),
    () => d3WeightedVoronoi(sites, weights),
  );
  row(
    'order 1, 10000 sites',
    we,
    `d3-weighted-voronoi ${ms(they)}`,
    `${(they / we).toFixed(0)} times faster, target ≥ 20`,
  );
}
for (const [order, target] of [
  [2, ''],
  [5, 1],
  [10, 2],
  [20, ''],
]) {
  const { sites, weights } = input(200);
  const many = input(1e4).sites;
  const cells = ours(sites, weights, order);
  const [we, they] = race(
    31,
    () => ours(sites, weights, order),
    () => d3Delaunay(many),
  );
  const ratio = `ratio ${(we / they).toFixed(2)}${target && `, target ≤ ${target}`}`;
  row(`order ${order}, 200 sites, ${cells} cells`, we, `d3-delaunay at 10000 ${ms(they)}`, ratio);
}
// A drag: new sites in, all polygons and colours out.
for (const [n, order] of [
  [1000, 1],
  [100, 3],
]) {
  const { sites, weights } = input(n);
  const drag = () => {
    sites[0] = (sites[0] + 0.001) % 1;
    const diagram = splinterp.powerDiagram(sites, weights, order, BOX);
    diagram.all();
    diagram.colours();
    diagram.free();
  };
  row(`a drag, ${n} sites, order ${order}`, race(101, drag)[0], 'with polygons and colours', 'target ≤ 8 ms');
}
