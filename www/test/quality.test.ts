// The measures of models as a page shows and writes them, against those of the crate.

import { readFileSync } from 'node:fs';
import { Dataset, initSync, Sae, type Quality } from 'splinterp';
import { beforeAll, describe, expect, it } from 'vitest';
import { codeFigures, qualityCsv, reconstructionFigures } from '../src/lab/quality/figures';
import type { Model } from '../src/labs/mnist/protocol';
import { measure } from '../src/labs/mnist/worker/quality';

const D_SAE = 24;

beforeAll(() => {
  initSync({ module: readFileSync(new URL('../../pkg/splinterp_bg.wasm', import.meta.url)) });
});

function modelOf(cols: number): Model {
  const numbers = (length: number, seed: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => 0.1 * Math.sin(seed + 1.7 * i));
  return {
    ...{ W_enc: numbers(D_SAE * cols, 1), b_enc: numbers(D_SAE, 2), W_dec: numbers(D_SAE * cols, 3) },
    ...{ b_dec: numbers(cols, 4), activation: { kind: 'topk', k: 3, by: 'magnitude' }, dIn: cols, dSae: D_SAE },
  };
}

/** The crate's measures of a model on digits, and the page's way to them from the same rows. */
async function both(): Promise<{ crate: Quality; page: Quality; mse: number }> {
  const digits = Dataset.digits(60, 3);
  const { rows, cols } = digits;
  const all = Uint32Array.from({ length: rows }, (_, row) => row);
  const images = digits.normalised('mnist');
  const model = modelOf(cols);
  const sae = Sae.fromParts(model, cols, D_SAE);
  const crate = await sae.quality(images);
  const values = images.values();
  const forward = sae.forward(values);
  const mse = forward.reduce((sum, value, i) => sum + (value - (values[i] ?? 0)) ** 2, 0) / values.length;
  const page = await measure(model, images.undoNormalisation(images.rowsAt(all)), cols);
  for (const each of [digits, images, sae]) each.free();
  return { crate, page, mse };
}

describe('the measures of a run on images', () => {
  it('are those of the crate on the images that the lab trains with, in both units', async () => {
    const { crate, page, mse } = await both();
    expect(crate.normalised.mse).toBeCloseTo(mse, 5);
    for (const units of ['normalised', 'stored'] as const) {
      for (const [key, value] of Object.entries(crate[units]) as [keyof Quality['stored'], number][]) {
        expect(Math.abs(page[units][key] / value - 1), `${units} ${key}`).toBeLessThan(1e-5);
      }
    }
    expect({ ...page, normalised: 0, stored: 0 }).toEqual({ ...crate, l1: page.l1, normalised: 0, stored: 0 });
    expect(page.l1 / crate.l1).toBeCloseTo(1, 5);
    // MNIST's normalisation is one scale and one shift: errors scale by it, and the variance too.
    expect(crate.stored.mse / crate.normalised.mse).toBeCloseTo((255 * 0.3081) ** 2, -1);
    expect(crate.stored.fvu).toBeCloseTo(crate.normalised.fvu, 5);
  });

  it('are written as the crate gives them, a line for each units', async () => {
    const { crate: quality } = await both();
    const model = { name: 'pam', title: 'PAM-SGD', epoch: 3, units: 'normalised', quality };
    const [header = '', ...lines] = qualityCsv([model]).trim().split('\r\n');
    const names = header.split(',');
    expect(names.slice(0, 3)).toEqual(['model', 'epoch', 'units']);
    expect(lines).toHaveLength(2);
    for (const [at, units] of (['normalised', 'stored'] as const).entries()) {
      const fields = new Map((lines[at] ?? '').split(',').map((value, i) => [names[i] ?? '', value]));
      expect(fields.get('units')).toBe(units === 'stored' ? 'as stored' : units);
      for (const [key, value] of Object.entries(quality[units])) expect(Number(fields.get(key)), key).toBe(value);
      for (const key of ['rows', 'l0', 'l1', 'deadShare', 'denseShare1', 'denseShare10'] as const) {
        expect(Number(fields.get(key)), key).toBe(quality[key]);
      }
    }
  });

  it('of a model that reads rows as they are stored are written once', async () => {
    const { crate: quality } = await both();
    const model = { name: 'imported', title: 'imported', epoch: undefined, units: 'as stored', quality };
    expect(qualityCsv([model]).trim().split('\r\n')).toHaveLength(2);
  });

  it('are all shown, each once', async () => {
    const { crate: quality } = await both();
    const keys = [...reconstructionFigures, ...codeFigures].map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(reconstructionFigures.map(({ key }) => key)).toEqual(Object.keys(quality.stored));
    // All but the number of rows, which stands with the model, and the two groups themselves.
    expect(codeFigures).toHaveLength(Object.keys(quality).length - 3);
    const shown = codeFigures.map(({ show }) => show(quality));
    expect(shown.every((text) => /\d/.test(text))).toBe(true);
  });
});
