import { describe, expect, it } from 'vitest';
import {
  cornerOf,
  panned,
  partOf,
  placeAt,
  revealing,
  sizeOf,
  tileAt,
  WHOLE,
  zoomed,
  type View,
} from '../src/labs/mnist/filters/view';

const grid = { count: 10, columns: 4, tileWidth: 28, tileHeight: 20, gap: 2 };

describe('a sheet of filters', () => {
  it('has its tiles in rows, with gaps between them', () => {
    expect(sizeOf(grid)).toEqual({ width: 118, height: 64 });
    expect(cornerOf(grid, 5)).toEqual({ x: 30, y: 22 });
    for (let place = 0; place < grid.count; place++) {
      const { x, y, width, height } = partOf(grid, place);
      expect(tileAt(grid, { x: x + width / 2, y: y + height / 2 })).toBe(place);
    }
  });

  it('has no tile where there is none', () => {
    expect(tileAt(grid, { x: 0.99, y: 0.99 })).toBeUndefined();
    expect(tileAt(grid, { x: 0.5, y: -0.1 })).toBeUndefined();
    expect(tileAt(grid, { x: 1, y: 0 })).toBe(3);
  });

  it('keeps what is under the pointer there while it grows and shrinks', () => {
    let view: View = WHOLE;
    const at = { x: 0.3, y: 0.8 };
    const place = placeAt(view, at);
    for (const factor of [2, 1.3, 0.7, 3]) {
      view = zoomed(view, factor, at, 16);
      expect(placeAt(view, at).x).toBeCloseTo(place.x);
      expect(placeAt(view, at).y).toBeCloseTo(place.y);
    }
    expect(zoomed(view, 100, at, 16).zoom).toBe(16);
    expect(zoomed(view, 0.001, at, 16)).toEqual(WHOLE);
  });

  it('moves with the pointer, and not off the window', () => {
    const view = zoomed(WHOLE, 4, { x: 0.5, y: 0.5 }, 16);
    const moved = panned(view, { x: 0.1, y: -0.2 });
    expect(placeAt(moved, { x: 0.6, y: 0.3 })).toEqual(placeAt(view, { x: 0.5, y: 0.5 }));
    expect(panned(view, { x: 99, y: -99 })).toEqual({ zoom: 4, x: 0, y: 0.75 });
    expect(panned(WHOLE, { x: 0.5, y: 0.5 })).toEqual(WHOLE);
  });

  it('moves as little as shows a tile, and not at all where it is seen', () => {
    const view = { zoom: 2, x: 0, y: 0 };
    expect(revealing(view, partOf(grid, 0))).toEqual(view);
    const last = partOf(grid, 3);
    const seen = revealing(view, last);
    expect(seen.x + 1 / seen.zoom).toBeCloseTo(last.x + last.width);
    expect(seen.y).toBe(0);
  });

  it('shows the middle of a tile that is larger than the window', () => {
    const part = partOf(grid, 5);
    const { x, y } = revealing({ zoom: 8, x: 0, y: 0 }, part);
    expect(x + 1 / 16).toBeCloseTo(part.x + part.width / 2);
    expect(y + 1 / 16).toBeCloseTo(part.y + part.height / 2);
  });
});
