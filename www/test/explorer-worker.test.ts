// What the explorer's worker says of cells, faces and rows, held against the SAE itself at the same points.

import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { initSync, type Activation } from 'splinterp';
import type { PlaneRequest } from '../src/labs/explorer/protocol';
import { slice } from '../src/labs/explorer/worker/cells';
import { check } from '../src/labs/explorer/worker/check';
import { dIn, randomOf, subjectOf } from './support/subject';

const activations: Activation[] = [
  { kind: 'topk', k: 3, by: 'magnitude' },
  { kind: 'topk', k: 3, by: 'value' },
  { kind: 'topk', k: 3, by: 'positive' },
  { kind: 'jumprelu', threshold: 0.4 },
  { kind: 'relu' },
];
const [turn, tilt] = [25, -40];
const plane: PlaneRequest = { choice: { kind: 'rows', rows: [0, 1, 2] }, turn, tilt };

beforeAll(() => {
  initSync({ module: readFileSync(new URL('../../pkg/splinterp_bg.wasm', import.meta.url)) });
});

describe.each(activations)('on a turned plane of an SAE with $kind $by', (activation) => {
  const made = () => {
    const subject = subjectOf({ activation });
    const cut = slice(subject, { model: '', plane, window: undefined, shape: 0.7, shade: 'error', jumps: true });
    const view = subject.view(plane.choice);
    return { subject, cut, pointAt: (x: number, y: number) => view.point({ turn, tilt }, x, y) };
  };

  it('cells have the error that the SAE has at their centres', () => {
    const { subject, cut, pointAt } = made();
    expect(cut.diagram.cells).toBeGreaterThan(5);
    for (let cell = 0; cell < cut.diagram.cells; cell++) {
      const corners = cut.diagram.coordinates.subarray(
        2 * (cut.diagram.offsets[cell] ?? 0),
        2 * (cut.diagram.offsets[cell + 1] ?? 0),
      );
      let [x, y] = [0, 0];
      for (let k = 0; k < corners.length; k += 2) {
        x += (2 * (corners[k] ?? 0)) / corners.length;
        y += (2 * (corners[k + 1] ?? 0)) / corners.length;
      }
      const point = pointAt(x, y);
      const out = subject.sae.forward(point);
      const mse = point.reduce((sum, value, i) => sum + (value - (out[i] ?? 0)) ** 2, 0) / dIn;
      expect(Math.abs((cut.values[cell] ?? NaN) - mse)).toBeLessThan(1e-4 * (1 + mse));
    }
  });

  it('faces jump as far as the reconstruction does from one side to the other', () => {
    const { subject, cut, pointAt } = made();
    const { offsets, coordinates, neighbours, cells, areas } = cut.diagram;
    let faces = 0;
    for (let cell = 0; cell < cells; cell++) {
      const [from, to] = [offsets[cell] ?? 0, offsets[cell + 1] ?? 0];
      for (let k = from; k < to; k++) {
        const other = neighbours[k] ?? 0;
        const next = k + 1 < to ? k + 1 : from;
        const [ax = 0, ay = 0] = coordinates.subarray(2 * k);
        const [bx = 0, by = 0] = coordinates.subarray(2 * next);
        const length = Math.hypot(bx - ax, by - ay);
        // A step must stay within the two cells.
        const large = Math.min(areas[cell] ?? 0, areas[other] ?? 0) > 1e-3 && length > 0.05;
        if (other === 0xffffffff || other < cell || !large) continue;
        const step = 1e-4;
        const [nx, ny] = [((by - ay) / length) * step, (-(bx - ax) / length) * step];
        const side = (sign: number): Float32Array =>
          subject.sae.forward(pointAt((ax + bx) / 2 + sign * nx, (ay + by) / 2 + sign * ny));
        const [here, across] = [side(-1), side(1)];
        const jump = Math.sqrt(here.reduce((sum, value, i) => sum + (value - (across[i] ?? 0)) ** 2, 0));
        expect(Math.abs((cut.jumps[k] ?? NaN) - jump)).toBeLessThan(5e-3);
        faces++;
      }
    }
    expect(faces).toBeGreaterThan(5);
  });

  it('near rows lie where they are projected', () => {
    const { subject, cut, pointAt } = made();
    expect(cut.near.length).toBeGreaterThan(2);
    for (const { row, x, y, distance } of cut.near) {
      const foot = pointAt(x, y);
      const away = Math.hypot(...subject.rows.at(row).map((value, i) => value - (foot[i] ?? 0)));
      expect(Math.abs(away - distance)).toBeLessThan(1e-5);
    }
  });

  it('slice, encoder and, for TopK, the power diagram agree at random points', () => {
    const { subject } = made();
    const next = randomOf(3);
    expect(check(subject, 500, () => next() + 0.5)).toMatchObject({ tested: 500, mismatches: 0 });
  });
});
