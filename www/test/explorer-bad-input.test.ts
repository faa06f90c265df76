// What the explorer's worker makes of input that does not fit, and of views at the ends of what numbers allow.

import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { initSync, type Activation, type PlaneChoice } from 'splinterp';
import type { Slice, SliceRequest, Window } from '../src/labs/explorer/protocol';
import { slice } from '../src/labs/explorer/worker/cells';
import { check } from '../src/labs/explorer/worker/check';
import { read } from '../src/labs/explorer/worker/point';
import type { Subject } from '../src/labs/explorer/worker/subject';
import { randomOf, subjectOf } from './support/subject';

const relu: Activation = { kind: 'relu' };
const threeRows: PlaneChoice = { kind: 'rows', rows: [0, 1, 2] };

function requestOf(choice: PlaneChoice, window?: Window): SliceRequest {
  const plane = { choice, turn: 0, tilt: 0 };
  return { model: '', plane, window, shape: 0.7, shade: 'error', jumps: true };
}

const cut = (subject: Subject, choice: PlaneChoice, window?: Window): Slice =>
  slice(subject, requestOf(choice, window));

function mismatches(subject: Subject): number {
  const next = randomOf(3);
  const { tested, mismatches } = check(subject, 300, () => next() + 0.5);
  expect(tested).toBe(300);
  return mismatches;
}

function expectWhole({ diagram, box, values, jumps }: Slice): void {
  const area = diagram.areas.reduce((sum, each) => sum + each, 0);
  expect(area / ((box[2] - box[0]) * (box[3] - box[1]))).toBeCloseTo(1, 9);
  expect([...values, ...jumps].every(Number.isFinite)).toBe(true);
}

beforeAll(() => {
  initSync({ module: readFileSync(new URL('../../pkg/splinterp_bg.wasm', import.meta.url)) });
});

describe('what is none', () => {
  it('rows of another width than the SAE reads are refused by both numbers', () => {
    expect(() => subjectOf({ activation: relu, cols: 5 })).toThrow(
      'The SAE reads rows of 6 values, expected 5 as the rows have',
    );
  });

  it.each<{ what: string; choice: PlaneChoice; sentence: RegExp }>([
    {
      what: 'three rows of which two are one',
      choice: { kind: 'rows', rows: [1, 1, 2] },
      sentence: /which is 0 or not/,
    },
    { what: 'a latent twice', choice: { kind: 'latents', row: 0, latents: [3, 3] }, sentence: /parallel to/ },
    { what: 'a latent that is not there', choice: { kind: 'latents', row: 0, latents: [0, 20] }, sentence: /below 20/ },
  ])('$what: a sentence says so, and the plane before stays', ({ choice, sentence }) => {
    const subject = subjectOf({ activation: relu });
    cut(subject, threeRows);
    expect(() => cut(subject, choice)).toThrow(sentence);
    expect(mismatches(subject)).toBe(0);
    expectWhole(cut(subject, threeRows));
  });

  it('rows that span no plane are refused by each kind of plane', () => {
    const subject = subjectOf({ activation: relu, rows: 1 });
    expect(() => cut(subject, threeRows)).toThrow(/which is 0 or not/);
    expect(() => cut(subject, { kind: 'components' })).toThrow(/the first principal component, which is 0 or not/);
  });

  it.each([1e-300, 1e300])('a window of width %f is refused with its box', (w) => {
    const subject = subjectOf({ activation: relu });
    expect(() => cut(subject, threeRows, { x: 0.5, y: 0, w })).toThrow(/^box is \[.*expected /);
  });
});

describe.each<Activation>([
  { kind: 'topk', k: 20, by: 'value' },
  { kind: 'topk', k: 20, by: 'magnitude' },
  { kind: 'topk', k: 20, by: 'positive' },
])('all latents allowed to be active, $by', (activation) => {
  it('the cells are those of the encoder', () => {
    const subject = subjectOf({ activation });
    const found = cut(subject, threeRows);
    expectWhole(found);
    if (activation.kind === 'topk' && activation.by === 'value') expect(found.diagram.cells).toBe(1);
    expect(mismatches(subject)).toBe(0);
  });
});

describe('one latent', () => {
  it.each<Activation>([relu, { kind: 'topk', k: 1, by: 'magnitude' }, { kind: 'topk', k: 1, by: 'positive' }])(
    'is cut, read and compared: $kind $by',
    (activation) => {
      const subject = subjectOf({ activation, dSae: 1 });
      const found = cut(subject, threeRows);
      expectWhole(found);
      const { x, y } = found.window;
      const { l0, crossTalk } = read(subject, { choice: threeRows, turn: 0, tilt: 0 }, x, y);
      expect(crossTalk.length).toBe(l0);
      expect(mismatches(subject)).toBe(0);
    },
  );
});

describe('windows', () => {
  it.each([1e-9, 1e9])('of width %f are cut exactly', (w) => {
    const subject = subjectOf({ activation: { kind: 'topk', k: 3, by: 'magnitude' } });
    const found = cut(subject, threeRows, { x: 0, y: 0, w });
    expectWhole(found);
    expect(found.missing).toBeUndefined();
    expect(found.box[2] - found.box[0]).toBeCloseTo(w, 12);
    expect(mismatches(subject)).toBe(0);
  });

  it('with more cells than can be cut: a sentence, and the middle exactly', { timeout: 60_000 }, () => {
    // Some 100 000 cells of 320 owners: more owners together than there is room for.
    const subject = subjectOf({ activation: relu, dSae: 640 });
    const window = { x: 0, y: 0, w: 6 };
    const found = slice(subject, { ...requestOf(threeRows, window), shade: 'l0' });
    expect(found.missing).toMatch(
      /more than 262144 cells, or cells of more than \d+ owners together.*What is drawn in the middle is exact; zoom in/,
    );
    expect(found.window).toEqual(window);
    [-1.5, -1.05, 1.5, 1.05].forEach((side, i) => expect(found.box[i]).toBeCloseTo(side, 12));
    expectWhole(found);
    expect(found.diagram.cells).toBeGreaterThan(10_000);
    expect(mismatches(subject)).toBe(0);
  });
});
