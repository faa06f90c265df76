// What the lab's worker draws pictures of, with the lab's part of the module itself.

import { existsSync, readFileSync } from 'node:fs';
import { Dataset, initSync, Trainer, type Sae } from 'splinterp/lab';
import { describe, expect, it, vi } from 'vitest';
import { ModelHistory } from '../src/labs/mnist/worker/history';
import { decodeCodes, encodeImage, imagePictures, reconstructionsOf } from '../src/labs/mnist/worker/pictures';

const module = new URL('../../target/modules/lab/splinterp_bg.wasm', import.meta.url);
const rows = Uint32Array.of(0, 3, 5);

vi.mock('../src/labs/mnist/worker/crate', async () => {
  const all = await import('splinterp/lab');
  return { crate: () => all };
});

function largest(values: Iterable<number>): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

describe.skipIf(process.env.CI === undefined && !existsSync(module))('pictures of a trained model', () => {
  const setUp = (): { train: Dataset; test: Dataset } => {
    initSync({ module: readFileSync(module) });
    const train = Dataset.digits(300, 1).normalised('mnist');
    return { train, test: Dataset.digits(20, 2).normalisedLike(train) };
  };

  it.each([true, false])('of the past are what they were, tied: %s', async (tied) => {
    const { train, test } = setUp();
    const activation = { kind: 'relu' } as const;
    const trainer = await Trainer.create(train, test, {
      dSae: 24,
      activation,
      method: 'sgd',
      tied,
      seed: 3,
      backend: 'cpu',
    });
    const history = new ModelHistory();
    const then: Float32Array[] = [];
    const inputs = test.rowsAt(rows);
    for (let epoch = 0; epoch <= 3; epoch++) {
      if (epoch > 0) await trainer.epoch();
      const sae: Sae = await trainer.sae();
      history.add('run', epoch, sae, tied);
      then.push(sae.forward(inputs));
    }
    expect(history.epochs).toEqual([0, 1, 2, 3]);
    for (const [epoch, before] of then.entries()) {
      const now = history.at('run', epoch)?.sae.forward(inputs) ?? new Float32Array();
      const error = largest(now.map((value, i) => value - (before[i] ?? 0)));
      expect(error, `epoch ${epoch}`).toBeLessThan(2e-3 * largest(before));
    }
    expect(then[0]).not.toEqual(then[3]);
  });

  it('of a drawn image are those of the same image among the test rows', async () => {
    const { train, test } = setUp();
    const activation = { kind: 'topk', k: 4, by: 'magnitude' } as const;
    const trainer = await Trainer.create(train, test, { dSae: 24, activation, method: 'pam', seed: 3, backend: 'cpu' });
    await trainer.epoch();
    const sae = await trainer.sae();
    const image = new Uint8ClampedArray(test.undoNormalisation(test.rowsAt(rows.subarray(1, 2))));
    const drawn = encodeImage(sae, test, image);
    const pictures = imagePictures(sae, test, rows);
    expect([...drawn.codes]).toEqual([...pictures.codes.subarray(24, 48)]);
    expect([...drawn.reconstruction]).toEqual([...pictures.reconstructions.subarray(784, 2 * 784)]);
    expect(drawn.mse).toBeCloseTo(reconstructionsOf(sae, test, rows).mses[1] ?? NaN);

    // The decoder is affine: a latent that is switched off takes its filter with it.
    const latent = drawn.codes.findIndex((value) => value !== 0);
    const both = new Float32Array(48);
    both.set(drawn.codes);
    both.set(drawn.codes, 24);
    both[24 + latent] = 0;
    const { images, mses } = decodeCodes(sae, test, both, image);
    expect([...images.subarray(0, 784)]).toEqual([...drawn.reconstruction]);
    expect(mses[0]).toBeCloseTo(drawn.mse);
    const filter = sae.parameters().W_dec.subarray(latent * 784, (latent + 1) * 784);
    const [plain, without] = [sae.decode(both.subarray(0, 24)), sae.decode(both.subarray(24))];
    const left = plain.map((value, i) => value - (without[i] ?? 0) - (drawn.codes[latent] ?? 0) * (filter[i] ?? 0));
    expect(largest(left)).toBeLessThan(1e-4);
    expect(mses[1]).not.toBe(mses[0]);
  });
});
