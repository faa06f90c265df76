// The pure parts of the figures on SAEs in the plane.
import { describe, expect, it } from 'vitest';
import { Camera } from '../src/gallery/figures/lifting-solids';
import { layOut, panelAt, within } from '../src/gallery/frame/panels';
import { MOST_POINTS, pointsProperty } from '../src/gallery/frame/points';
import type { Box } from '../src/gallery/frame/view';

const box: Box = [-2, -1, 2, 1];

describe('points in a link', () => {
  const property = pointsProperty('drawn');

  it('come back as they were written', () => {
    const points = [0.31, -0.5, -1.25, 2];
    expect(property.write(points)).toBe('0.31*-0.5_-1.25*2');
    expect(property.parse(property.write(points))).toEqual({ value: points });
    expect(property.parse('')).toEqual({ value: [] });
  });

  it('are refused where they are no points, or too many', () => {
    for (const text of ['1', '1*2*3', '1*x', '1*2_', '1e9*2', '9999*1', 'NaN*0']) {
      expect(property.parse(text), text).toBeUndefined();
    }
    expect(property.parse(Array(MOST_POINTS).fill('1*1').join('_'))).toBeDefined();
    expect(
      property.parse(
        Array(MOST_POINTS + 1)
          .fill('1*1')
          .join('_'),
      ),
    ).toBeUndefined();
  });
});

describe('panels', () => {
  it('lie beside one another where there is room, and below one another where there is not', () => {
    const wide = layOut(box, 3, 900);
    expect(wide.panels.map(({ dy }) => dy)).toEqual([0, 0, 0].map((y) => -y));
    const narrow = layOut(box, 3, 350);
    expect(narrow.panels.map(({ dx }) => dx)).toEqual([0, 0, 0]);
    expect(narrow.view.height).toBeGreaterThan(3 * 175);
  });

  it.each([900, 350])('hold their own box within a stage %i pixels wide, without touching', (width) => {
    const layout = layOut(box, 3, width);
    const edges = layout.panels.map((panel) => {
      const view = within(layout, panel);
      return { left: view.x(box[0]), right: view.x(box[2]), top: view.y(box[3]), bottom: view.y(box[1]) };
    });
    for (const [i, { left, right, top, bottom }] of edges.entries()) {
      expect(left).toBeGreaterThanOrEqual(-1e-9);
      expect(right).toBeLessThanOrEqual(width + 1e-9);
      expect(top).toBeGreaterThan(20);
      expect(bottom).toBeLessThanOrEqual(layout.view.height + 1e-9);
      const before = edges[i - 1];
      if (before) expect(left > before.right + 5 || top > before.bottom + 20).toBe(true);
    }
  });

  it('are found by a place of the stage', () => {
    const layout = layOut(box, 3, 900);
    const found = layout.panels.map(({ dx, dy }) => panelAt(layout, box, dx + 0.3, dy - 0.2));
    expect(found).toEqual([0, 1, 2]);
    expect(panelAt(layout, box, -9, 0)).toBe(0);
  });
});

describe('the camera', () => {
  it('finds on the ground what it shows', () => {
    const camera = new Camera(37, 28, [0.1, -0.2, 0.4]);
    const place = camera.project([0.7, -0.3, -0.5]);
    const ground = camera.unproject(place, -0.5);
    expect(ground.x).toBeCloseTo(0.7, 12);
    expect(ground.y).toBeCloseTo(-0.3, 12);
  });

  it('keeps lengths across the view, and shows from above what is in the plane', () => {
    const { right, up, eye } = new Camera(64, 17, [0, 0, 0]);
    const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((s, v, i) => s + v * (b[i] ?? 0), 0);
    expect([dot(right, right), dot(up, up), dot(eye, eye)].map((v) => v.toFixed(12))).toEqual(
      Array(3).fill('1.000000000000'),
    );
    expect(Math.abs(dot(right, up)) + Math.abs(dot(right, eye)) + Math.abs(dot(up, eye))).toBeLessThan(1e-12);
    const above = new Camera(0, 90, [0, 0, 0]).project([0.3, 0.8, 5]);
    expect(above.x).toBeCloseTo(0.3, 12);
    expect(above.y).toBeCloseTo(0.8, 12);
  });
});
