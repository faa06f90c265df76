// SAEs in the form in which they leave, read again.

import { readFileSync } from 'node:fs';
import { initSync, Sae, type Activation } from 'splinterp';
import { beforeAll, describe, expect, it } from 'vitest';
import { asAbsTopK, withAbout, withAboutSparsify, withUnitDecoder } from '../src/labs/activations/worker/exported';

const D_IN = 5;
const D_SAE = 7;

beforeAll(() => {
  initSync({ module: readFileSync(new URL('../../pkg/splinterp_bg.wasm', import.meta.url)) });
});

const numbers = (length: number, seed: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(seed + 1.7 * i));

function saeOf(activation: Activation): Sae {
  const W_dec = numbers(D_SAE * D_IN, 3);
  // A latent that writes nothing.
  W_dec.fill(0, 2 * D_IN, 3 * D_IN);
  const parts = { W_enc: numbers(D_SAE * D_IN, 1), b_enc: numbers(D_SAE, 2), W_dec, b_dec: numbers(D_IN, 4) };
  return Sae.fromParts({ ...parts, activation }, D_IN, D_SAE);
}

const rows = numbers(40 * D_IN, 5);

function configOf(files: readonly { name: string; bytes: Uint8Array }[]): unknown {
  const config = files.find(({ name }) => name === 'cfg.json');
  return JSON.parse(new TextDecoder().decode(config?.bytes));
}

describe('decoder rows of unit norm', () => {
  it.each<[string, Activation]>([
    ['ReLU', { kind: 'relu' }],
    ['JumpReLU', { kind: 'jumprelu', threshold: 0.4 }],
    ['JumpReLU of many thresholds', { kind: 'jumprelu', threshold: numbers(D_SAE, 6).map(Math.abs) }],
    ['BatchTopK', { kind: 'batchtopk', k: 3, threshold: 0.4 }],
  ])('leave the function as it is: %s', (_, activation) => {
    const sae = saeOf(activation);
    const unit = withUnitDecoder(sae);
    const expected = sae.forward(rows);
    unit.forward(rows).forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 5));
    const { W_dec } = unit.parameters();
    for (let latent = 0; latent < D_SAE; latent++) {
      const norm = Math.hypot(...W_dec.subarray(latent * D_IN, (latent + 1) * D_IN));
      expect(norm).toBeCloseTo(latent === 2 ? 0 : 1, 6);
    }
    // As many latents are active: scaled, not moved.
    expect(unit.encode(rows).map(Math.sign)).toEqual(sae.encode(rows).map(Math.sign));
  });

  it('are refused of TopK, whose ranking they would change', () => {
    expect(() => withUnitDecoder(saeOf({ kind: 'topk', k: 2, by: 'magnitude' }))).toThrow(
      'TopK ranks pre-activations, and scaling them would change which latents are active',
    );
  });
});

describe('abstopk', () => {
  const sae = (by: 'magnitude' | 'positive'): Sae => saeOf({ kind: 'topk', k: 2, by });

  it('keeps the latents of TopK by magnitude, which SAELens’s topk doubles', () => {
    const files = asAbsTopK(sae('magnitude'));
    expect(configOf(files)).toMatchObject({ architecture: 'abstopk', d_sae: D_SAE, k: 2 });
    const read = Sae.read(files);
    expect(read.activation).toEqual({ kind: 'topk', k: 2, by: 'magnitude' });
    expect(read.parameters()).toEqual(sae('magnitude').parameters());
    expect(Sae.read(sae('magnitude').write('saelens')).dSae).toBe(2 * D_SAE);
  });

  it('is refused of other activations', () => {
    expect(() => asAbsTopK(sae('positive'))).toThrow('abstopk is TopK by magnitude');
  });
});

it('the configuration says what the activations are of, as far as it is given', () => {
  const files = saeOf({ kind: 'relu' }).write('saelens');
  const { metadata } = configOf(files) as { metadata: object };
  const about = { model: 'gpt2', hook: 'blocks.6.hook_resid_post', layer: 6 };
  expect(configOf(withAbout(files, about))).toMatchObject({
    architecture: 'standard',
    metadata: { ...metadata, model_name: 'gpt2', hook_name: 'blocks.6.hook_resid_post', hook_layer: 6 },
  });
  expect(configOf(withAbout(files, { model: '', hook: '', layer: undefined }))).toEqual(configOf(files));
});

it('sparsify’s configuration says it beside what it holds, and the folder reads as before', () => {
  const sae = saeOf({ kind: 'topk', k: 2, by: 'positive' });
  const files = sae.write('sparsify');
  const about = { model: 'pythia-160m', hook: 'layers.6', layer: 6 };
  const named = withAboutSparsify(files, about);
  const config = configOf(files) as object;
  expect(configOf(named)).toEqual({ ...config, model: 'pythia-160m', hookpoint: 'layers.6', layer: 6 });
  expect(Sae.read(named).parameters()).toEqual(Sae.read(files).parameters());
  expect(configOf(withAboutSparsify(files, { model: '', hook: '', layer: undefined }))).toEqual(config);
});
