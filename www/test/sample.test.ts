import { describe, expect, it } from 'vitest';
import { makeSample, SAMPLE_COLS, SAMPLE_ROWS } from '../src/labs/activations/worker/sample';

describe('the bundled sample', () => {
  const sample = makeSample(3);

  it('has a word for every row, with those around it', () => {
    expect(sample.values).toHaveLength(SAMPLE_ROWS * SAMPLE_COLS);
    expect(sample.tokens.count).toBe(SAMPLE_ROWS);
    const [first, second] = [sample.tokens.at(0), sample.tokens.at(1)];
    expect(first?.before).toBe('');
    expect(second?.before).toBe(first?.token);
    expect(first?.after.split(' ')[0]).toBe(second?.token);
  });

  it('has more known features than dimensions, each of length 1', () => {
    const { names, directions } = sample.known;
    expect(names.length).toBeGreaterThan(SAMPLE_COLS);
    expect(new Set(names).size).toBe(names.length);
    for (let i = 0; i < names.length; i++) {
      const direction = directions.subarray(i * SAMPLE_COLS, (i + 1) * SAMPLE_COLS);
      expect(direction.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
    }
  });

  it('adds up what holds of a word: a row lies near the sum of its features', () => {
    expect(sample.active).toBeGreaterThan(1);
    expect(sample.active).toBeLessThan(5);
    const squares = sample.values.reduce((sum, value) => sum + value * value, 0) / SAMPLE_ROWS;
    // Directions are nearly at right angles, so a row's squared length is about the sum of its squared strengths.
    expect(squares).toBeGreaterThan(0.6 * sample.active);
    expect(squares).toBeLessThan(1.8 * sample.active);
  });

  it('follows from its seed', () => {
    expect(makeSample(3).values).toEqual(sample.values);
    expect(makeSample(4).values).not.toEqual(sample.values);
  });
});
