// The picture of a slice as a document, without a browser.

import { describe, expect, it, vi } from 'vitest';
import { SvgPainter } from '../src/gallery/frame/painter';
import { View } from '../src/gallery/frame/view';
import type { NearRow } from '../src/labs/explorer/protocol';

vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
const { drawRows } = await import('../src/labs/explorer/picture');

describe('names of rows', () => {
  it('are written where they do not lie over another, the nearest first', () => {
    const view = new View([0, 0, 100, 50], 100);
    const painter = new SvgPainter(100, 50);
    const row = (label: number, x: number, y: number): NearRow => ({
      ...{ row: label, number: label, x, y, distance: label, anchor: false, label, token: undefined },
    });
    const plain = {
      ink: '#000',
      muted: '#000',
      panel: '#fff',
      well: '#fff',
      line: '#000',
      accent: '#000',
      alert: '#000',
    };
    const colours = { ...plain, tints: [], marks: [] };
    drawRows({ painter, view, colours }, [row(1, 20, 20), row(2, 22, 21), row(3, 80, 20)]);
    const written = [...painter.document('', '', '').matchAll(/<text[^>]*>([^<]*)</g)].map(([, name]) => name);
    expect(written).toEqual(['1', '3']);
  });
});
