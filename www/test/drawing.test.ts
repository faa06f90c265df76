import { describe, expect, it } from 'vitest';
import { BLANK, centreOfMass, imageOf, penRadius, type Drawing, type Stroke } from '../src/labs/mnist/drawing/digit';
import { settled } from './support/fakes';
import { started } from './support/mnist';

const size = { width: 28, height: 28 };
const drawing = (...strokes: Stroke[]): Drawing => ({ base: undefined, strokes });

/** Rows and columns that have ink of at least half the pen's strength. */
function extent(image: Uint8ClampedArray): { width: number; height: number } {
  const at = [...image.keys()].filter((i) => (image[i] ?? 0) >= 128);
  const range = (values: number[]): number => Math.max(...values) - Math.min(...values) + 1;
  return { width: range(at.map((i) => i % 28)), height: range(at.map((i) => Math.floor(i / 28))) };
}

/** A seven as one draws it: small, or large, anywhere. */
const seven = (scale: number, x: number, y: number): Stroke[] => [
  [
    { x, y },
    { x: x + 8 * scale, y },
    { x: x + 3 * scale, y: y + 14 * scale },
  ],
];

describe('a drawn digit', () => {
  it('has its centre of mass in the middle', () => {
    for (const strokes of [seven(1, 2, 3), seven(1.5, 8, 5), seven(0.6, 15, 0)]) {
      const { x, y } = centreOfMass(imageOf(drawing(...strokes), size), size);
      expect(x).toBeCloseTo(14, 1);
      expect(y).toBeCloseTo(14, 1);
    }
  });

  it('fills a box of 20 × 20, at its own proportions, however large it was drawn', () => {
    for (const scale of [0.7, 1, 1.6]) {
      const { width, height } = extent(imageOf(drawing(...seven(scale, 1, 1)), size));
      expect(height, `at ${scale}`).toBeGreaterThanOrEqual(19);
      expect(height, `at ${scale}`).toBeLessThanOrEqual(21);
      expect(width, `at ${scale}`).toBeLessThan(15);
    }
  });

  it('is the same image wherever it was drawn', () => {
    const image = imageOf(drawing(...seven(1, 2, 3)), size);
    const other = imageOf(drawing(...seven(1, 11.37, 9.81)), size);
    expect(image.every((value, i) => Math.abs(value - (other[i] ?? 0)) <= 1)).toBe(true);
  });

  it('has soft edges and full ink within', () => {
    const image = imageOf(
      drawing([
        { x: 6, y: 4 },
        { x: 6.4, y: 24 },
      ]),
      size,
    );
    const values = new Set(image);
    expect(values.has(0)).toBe(true);
    expect(values.has(255)).toBe(true);
    expect([...values].filter((value) => value > 0 && value < 255).length).toBeGreaterThan(3);
  });

  it('of one dot stays a dot', () => {
    const image = imageOf(drawing([{ x: 3, y: 20 }]), size);
    const area = image.reduce((sum, value) => sum + value, 0) / 255;
    expect(area).toBeCloseTo(Math.PI * penRadius(size) ** 2, 0);
    expect(extent(image).width).toBeLessThanOrEqual(3);
  });

  it('whose mass lies at one end is not pushed off the image', () => {
    const scribble = Array.from({ length: 40 }, (_, i) => ({ x: 4 + (i % 2) * 4, y: 4 + i * 0.05 }));
    const image = imageOf(
      drawing(scribble, [
        { x: 6, y: 6 },
        { x: 6, y: 26 },
      ]),
      size,
    );
    expect(extent(image).height).toBeGreaterThanOrEqual(19);
  });

  it('on a loaded image is drawn where the pen is, and blank is blank', () => {
    const base = new Uint8ClampedArray(784).fill(7);
    const image = imageOf({ base, strokes: [[{ x: 3.5, y: 3.5 }]] }, size);
    expect(image[3 * 28 + 3]).toBe(255);
    expect(image[20 * 28 + 20]).toBe(7);
    expect(base[3 * 28 + 3]).toBe(7);
    expect(imageOf(BLANK, size).every((value) => value === 0)).toBe(true);
  });

  it('fits images of another size', () => {
    const other = { width: 32, height: 16 };
    const { x, y } = centreOfMass(imageOf(drawing(...seven(0.5, 3, 3)), other), other);
    expect(x).toBeCloseTo(16, 1);
    expect(y).toBeCloseTo(8, 1);
  });
});

describe('the pad', () => {
  it('takes a stroke back as a whole, then the loaded image, then clearing', async () => {
    const { lab } = await started();
    const { drawing: pad } = lab;
    const base = new Uint8ClampedArray(784).fill(9);
    pad.load(base);
    pad.begin({ x: 1, y: 1 });
    pad.extend([
      { x: 2, y: 2 },
      { x: 3, y: 3 },
    ]);
    pad.clear();
    expect(pad.isBlank).toBe(true);
    pad.undo();
    expect(pad.shown.strokes[0]).toHaveLength(3);
    pad.undo();
    expect(pad.shown).toEqual({ base, strokes: [] });
    pad.undo();
    expect(pad.isBlank).toBe(true);
    expect(pad.canUndo).toBe(false);
  });

  it('asks for one code at a time, and for that of the newest drawing', async () => {
    const { lab, fake } = await started();
    lab.drawing.begin({ x: 1, y: 1 });
    for (let i = 0; i < 50; i++) lab.drawing.extend([{ x: i / 2, y: 2 }]);
    await settled();
    expect(fake.told.filter((what) => what.startsWith('encode'))).toHaveLength(2);
    await fake.epochs(1, 1, 1);
    expect(fake.told.filter((what) => what.startsWith('encode')).length).toBeGreaterThan(2);
  });
});
