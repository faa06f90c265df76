import { readFileSync } from 'node:fs';
import { initSync, scatterClouds, scatterSites } from 'splinterp/figures';
import { beforeAll, describe, expect, it } from 'vitest';
import { MorphModel } from '../src/gallery/figures/morph-model';
import { isSmall } from '../src/gallery/frame/cutter';
import { corners, diagramOf, ownersOf, shareOf, traceBorders, traceCells } from '../src/gallery/frame/diagram';
import { csvText, embedCode, pageOf } from '../src/gallery/frame/export';
import { SvgPainter, type Pen } from '../src/gallery/frame/painter';
import { changedBox, patchOf } from '../src/gallery/frame/patch';
import { placeProperty } from '../src/gallery/frame/probe';
import {
  applyEdits,
  edit,
  editsProperty,
  freeId,
  numbered,
  sizeOf,
  type Site,
  type Sites,
} from '../src/gallery/frame/sites';
import { View, type Box } from '../src/gallery/frame/view';
import { figureNames, isFigure } from '../src/gallery/registry';
import { mostOrder } from '../src/gallery/frame/cutter';

const box: Box = [0, 0, 1.5, 1];

function scatter(count: number, seed: number, spread: number): Sites {
  const { sites, weights } = scatterSites(count, seed, Float64Array.from(box), spread);
  return numbered(sites, weights);
}

beforeAll(() => {
  initSync({ module: readFileSync(new URL('../../target/modules/figures/splinterp_bg.wasm', import.meta.url)) });
});

/** Writes down what is traced. */
function recorded(trace: (pen: Pen) => void): string {
  const steps: string[] = [];
  const two = (letter: string) => (x: number, y: number) => void steps.push(`${letter}${x},${y}`);
  trace({ moveTo: two('M'), lineTo: two('L'), closePath: () => steps.push('Z'), arc: two('A') });
  return steps.join(' ');
}

describe('sites', () => {
  it('come back from a link as they were edited', () => {
    const property = editsProperty('moved');
    const edits = new Map<number, Site | undefined>([
      [7, { x: 0.25, y: -0.5, weight: 0.00001234 }],
      [2, undefined],
      [0, { x: 1, y: 0, weight: 0 }],
    ]);
    const text = property.write(edits);
    expect(text).toBe('0*1*0*0_2_7*0.25*-0.5*0.00001234');
    expect(property.parse(text)?.value).toEqual(edits);
    expect(property.write(property.initial)).toBe('');
    expect(new URLSearchParams({ moved: text }).toString()).toBe(`moved=${text}`);
  });

  it('refuse a link that is no list of sites', () => {
    for (const text of ['x', '1*2', '1*2*3', '1*2*3*4*5', '1*a*2*3', '-1', '1.5', '1*1e999*0*0', '1_', '9999999']) {
      expect(editsProperty('moved').parse(text), text).toBeUndefined();
    }
  });

  it('are moved, removed and added by edits, and keep their numbers', () => {
    const base = scatter(5, 1, 0.4);
    const edits = edit(edit(edit(new Map(), 3, { x: 9, y: 8, weight: 7 }), 1, undefined), 5, { x: 6, y: 5, weight: 4 });
    const sites = applyEdits(base, edits);
    expect([...sites.ids]).toEqual([0, 2, 3, 4, 5]);
    expect([...sites.at.subarray(4, 6), sites.weights[2]]).toEqual([9, 8, 7]);
    expect([...sites.at.subarray(8), sites.weights[4]]).toEqual([6, 5, 4]);
    expect(sites.at[0]).toBe(base.at[0]);
    expect(freeId(5, edits)).toBe(6);
    expect(sizeOf(5, edits)).toBe(5);
    expect(sizeOf(3, edits), 'an edit of a site that never was adds it').toBe(4);
    expect(applyEdits(base, new Map())).toBe(base);
  });
});

describe('diagrams', () => {
  it('are traced cell by cell and border by border, y upwards', () => {
    const diagram = diagramOf(Float64Array.of(0.5, 0.5, 1, 0.5), Float64Array.of(0, 0), 1, box);
    const view = new View(box, 150);
    expect(recorded((pen) => traceBorders(pen, diagram, view))).toMatch(/^M75,(0|100) L75,(100|0)$/);
    const cell = recorded((pen) => traceCells(pen, diagram, view, (each) => each === 0));
    // A fill closes it.
    expect(cell.split(' ').map((step) => step.charAt(0))).toEqual(['M', 'L', 'L', 'L']);
    expect(cell).toContain('75,100');
    expect(corners(diagram, 0).split(';')).toHaveLength(4);
    expect([...ownersOf(diagram, 1)]).toEqual([1]);
    expect(shareOf(diagram.areas[0] ?? 0, box)).toBe('50\u00a0%');
    expect(shareOf(0.00001234 * 1.5, box)).toBe('0.0012\u00a0%');
  });

  it('say which are small enough for the thread of the page', () => {
    expect([isSmall(1000, 1), isSmall(100, 3), isSmall(10_000, 1), isSmall(400, 10)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('offer orders that end within reach', () => {
    expect([10, 30, 400, 1000, 10_000].map(mostOrder)).toEqual([10, 20, 20, 12, 1]);
  });
});

describe('the patch around a moved site', () => {
  let order1: Sites;
  beforeAll(() => {
    order1 = scatter(4000, 2, 0.4);
  });

  it('lies around what has changed', () => {
    const id = 17;
    const [x = 0, y = 0] = order1.at.subarray(2 * id);
    const moved = applyEdits(order1, edit(new Map(), id, { x: x + 0.01, y: y - 0.02, weight: 0 }));
    expect(changedBox(order1, moved)).toEqual([x, y - 0.02, x + 0.01, y]);
    expect(changedBox(order1, applyEdits(order1, edit(new Map(), id, undefined)))).toEqual([x, y, x, y]);
    expect(changedBox(order1, order1)).toBeUndefined();
  });

  it.each([
    [4000, 1],
    [400, 3],
  ])('cuts the cells of the moved site as the whole does: %i sites, order %i', (count, order) => {
    const before = scatter(count, 2, 0.4);
    const whole = diagramOf(before.at, before.weights, order, box);
    const id = before.ids.findIndex(
      (_, i) => Math.hypot((before.at[2 * i] ?? 0) - 0.7, (before.at[2 * i + 1] ?? 0) - 0.5) < 0.05,
    );
    const [x = 0, y = 0] = before.at.subarray(2 * id);
    const after = applyEdits(
      before,
      edit(new Map(), id, { x: x + 0.004, y: y + 0.003, weight: before.weights[id] ?? 0 }),
    );
    const patch = patchOf(whole, before, after, order, box);
    const exact = diagramOf(after.at, after.weights, order, box);
    if (!patch) throw new Error('there is no patch');
    const areas = (diagram: typeof exact): string[] =>
      Array.from({ length: diagram.cells }, (_, cell) => cell)
        .filter((cell) => ownersOf(diagram, cell).includes(id))
        .map((cell) => `${ownersOf(diagram, cell).join(' ')}: ${(diagram.areas[cell] ?? 0).toFixed(10)}`)
        .sort();
    expect(areas(patch.diagram).length).toBeGreaterThan(0);
    expect(areas(patch.diagram)).toEqual(areas(exact));
  });

  it('is left to the worker where everything changes', () => {
    const other = scatter(4000, 3, 0.4);
    const whole = diagramOf(order1.at, order1.weights, 1, box);
    expect(patchOf(whole, order1, other, 1, box)).toBeUndefined();
  });
});

describe('the way from points to a power diagram', () => {
  const moment = { at: 2.5, count: 50, classes: 4, seed: 1, points: new Map(), power: new Map() };
  let ready = true;
  const model = new MorphModel(
    () => moment,
    () => ready,
    box,
  );

  it('begins with the points of the seed and ends with their means, weighed by their spread', () => {
    expect(model.points.at).toEqual(scatterClouds(50, 4, 1, Float64Array.from(box)));
    const { means } = model;
    if (!means) throw new Error('there are no means');
    const own = [...means.labels.keys()].filter((i) => means.labels[i] === 2);
    const mean = (axis: number): number =>
      own.reduce((sum, i) => sum + (model.points.at[2 * i + axis] ?? 0), 0) / own.length;
    expect(means.centers[4]).toBeCloseTo(mean(0), 12);
    expect(means.centers[5]).toBeCloseTo(mean(1), 12);
    const spread = own.reduce(
      (sum, i) =>
        sum + ((model.points.at[2 * i] ?? 0) - mean(0)) ** 2 + ((model.points.at[2 * i + 1] ?? 0) - mean(1)) ** 2,
      0,
    );
    expect(model.power.weights[2]).toBeCloseTo(spread / own.length, 12);
    expect(model.sites.weights[2]).toBeCloseTo(spread / own.length / 2, 12);
    expect(model.shareInOwnCluster).toBeGreaterThan(0.5);
  });

  it('gives a new point the class of its nearest, with an id that no point has', () => {
    const [x = 0, y = 0] = model.points.at.subarray(2 * 6);
    const id = model.idFor({ x: x + 1e-4, y, weight: 0 });
    expect([id >= 50, id % 4]).toEqual([true, 6 % 4]);
  });

  it('has no points before the module is loaded', () => {
    ready = false;
    expect(model.points.ids).toHaveLength(0);
    ready = true;
  });
});

describe('what a figure gives away', () => {
  it('is SVG that escapes what it quotes', () => {
    const painter = new SvgPainter(10, 20);
    painter.dots({ fill: 'red' }, [1, 2], 3);
    painter.path({ stroke: 'a"b', opacity: 0.5, dash: [1, 2] }, (pen) => {
      pen.moveTo(0, 0.123456);
      pen.lineTo(5, 5);
    });
    painter.text(1, 1, 'a < b & c', { fill: 'black' });
    const text = painter.document('T<', 'D', 'white');
    expect(text).toContain('<title>T&lt;</title>');
    expect(text).toContain('M4 2A3 3 0 0 1 -2 2A3 3 0 0 1 4 2Z');
    expect(text).toContain('d="M0 0.12L5 5" fill="none" stroke="a&quot;b"');
    expect(text).toContain('stroke-dasharray="1 2" opacity="0.5"');
    expect(text).toContain('a &lt; b &amp; c');
  });

  it('is CSV that quotes where it must', () => {
    expect(csvText({ header: ['a', 'b'], rows: [[1, 'x,"y"']] })).toBe('a,b\r\n1,"x,""y"""\r\n');
  });

  it('is code that embeds it', () => {
    const code = embedCode(
      'order-k',
      'Order "K"',
      'http://x/figure.html?name=order-k#a=1&b=2',
      'http://x/still.webp',
      700,
    );
    expect(code).toContain('src="http://x/figure.html?name=order-k#a=1&amp;b=2" title="Order &quot;K&quot;"');
    expect(code).toContain('height="700"');
    expect(code).toContain('<noscript><img src="http://x/still.webp" alt="Order &quot;K&quot;"');
    const linked = embedCode('explorer', 'Cells', 'http://x/figure.html?name=explorer#a=1&b=2', undefined, 700);
    expect(linked).toContain('<noscript><a href="http://x/figure.html?name=explorer#a=1&amp;b=2">Cells</a></noscript>');
  });
});

describe('the rest of the frame', () => {
  it('goes from figure units to pixels and back', () => {
    const view = new View(box, 300);
    expect([view.height, view.x(0.75), view.y(1), view.fromX(150), view.fromY(0)]).toEqual([200, 150, 0, 0.75, 1]);
    expect(view.clamp(2, -1)).toEqual({ x: 1.5, y: 0 });
    expect(view.places(Float64Array.of(0, 0, 1.5, 1), (i) => i === 1)).toEqual([300, 0]);
  });

  it('reads a probe from a link', () => {
    const probe = placeProperty('probe', { x: 1, y: 2 });
    expect(probe.parse('0.5*-0.25')?.value).toEqual({ x: 0.5, y: -0.25 });
    expect(probe.parse('0.5')).toBeUndefined();
    expect(probe.write({ x: 0.12345, y: 1 })).toBe('0.123*1');
  });

  it('knows its figures and no others', () => {
    expect(figureNames).toContain('order-k');
    expect(isFigure('order-k')).toBe(true);
    expect(isFigure('toString')).toBe(false);
  });

  it('writes the address of a figure, with a colour scheme where one is wanted', () => {
    expect(pageOf('order-k', 'order=3')).toBe('figure.html?name=order-k#order=3');
    expect(pageOf('order-k', '', 'dark')).toBe('figure.html?name=order-k&scheme=dark');
  });
});
