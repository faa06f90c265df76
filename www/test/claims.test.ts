import { describe, expect, it } from 'vitest';
import { measured } from '../src/kit/format';
import { claimOf, type Comparison } from '../src/lab/claims';

const mse: Comparison = {
  meaning: 'Mean squared error on test rows',
  lowest: 'Lowest test MSE',
  show: measured,
  when: 'after epoch 5',
};
const run = (name: string, value: number, l0 = 15) => ({ name, value, l0 });

describe('a claim', () => {
  it('names what is compared, when, and every run with its value', () => {
    const stands = [run('SGD tied', 0.2933), run('SGD untied', 0.1917), run('PAM-SGD recommended', 0.1542)];
    expect(claimOf(mse, stands)).toBe(
      'Lowest test MSE of these 3 runs after epoch 5: PAM-SGD recommended 0.1542, against SGD untied 0.1917, SGD tied 0.2933',
    );
  });

  it('does not rank errors that are bought with more active latents', () => {
    expect(claimOf(mse, [run('SGD tied', 0.76, 15), run('PAM-SGD recommended', 0.038, 148)])).toBe(
      'Mean squared error on test rows after epoch 5, not to be ranked, since the runs use different numbers of active latents: ' +
        'PAM-SGD recommended 0.038 at L0 148, SGD tied 0.76 at L0 15',
    );
  });

  it('says of a run that is ahead with fewer active latents that it is', () => {
    expect(claimOf(mse, [run('SGD untied', 0.051, 166), run('PAM-SGD recommended', 0.042, 147)])).toBe(
      'Lowest test MSE of these 2 runs after epoch 5, with the fewest active latents: ' +
        'PAM-SGD recommended 0.042 at L0 147, against SGD untied 0.051 at L0 166',
    );
  });

  it('ranks nothing by a metric that is neither good nor bad, nor a single run', () => {
    const l0 = { meaning: 'Mean number of active latents', show: measured, when: 'after epoch 5' };
    expect(claimOf(l0, [run('A', 15), run('B', 15)])).toBe('Mean number of active latents after epoch 5: A 15, B 15');
    expect(claimOf(mse, [run('A', 0.3)])).toBe('Mean squared error on test rows after epoch 5: A 0.3');
    expect(claimOf(mse, [])).toBe('Mean squared error on test rows');
  });

  it('puts a run whose error is not finite last', () => {
    expect(claimOf(mse, [run('A', NaN), run('B', 0.3)])).toBe(
      'Lowest test MSE of these 2 runs after epoch 5: B 0.3, against A not finite',
    );
  });
});
