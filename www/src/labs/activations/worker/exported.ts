// An SAE in the form in which it leaves: its decoder rows of unit norm, TopK by magnitude under a name of its own, and
// what the activations are of written beside it.

import { Sae, type Activation, type NamedFile } from 'splinterp';
import { Failure } from '../../../kit/failure';
import type { About } from '../protocol';

/** The same function with decoder rows of length 1: what a latent's row loses, its encoder and threshold gain. */
export function withUnitDecoder(sae: Sae): Sae {
  const { dIn, dSae } = sae;
  const activation = outsideOfSteps(sae.activation);
  if (activation.kind !== 'relu' && activation.kind !== 'jumprelu') {
    throw new Failure(
      'Decoder rows of unit norm: TopK ranks pre-activations, and scaling them would change which latents are active. Export it as it is',
      'option',
    );
  }
  const { W_enc, b_enc, W_dec, b_dec } = sae.parameters();
  const norms = Float64Array.from({ length: dSae }, (_, latent) => {
    const row = W_dec.subarray(latent * dIn, (latent + 1) * dIn);
    const norm = Math.sqrt(row.reduce((sum, weight) => sum + weight * weight, 0));
    // A latent that writes nothing keeps its encoder.
    return norm > 0 ? norm : 1;
  });
  const norm = (latent: number): number => norms[latent] ?? 1;
  const parts = {
    W_enc: W_enc.map((weight, i) => weight * norm(i % dSae)),
    b_enc: b_enc.map((bias, latent) => bias * norm(latent)),
    W_dec: W_dec.map((weight, i) => weight / norm(Math.floor(i / dIn))),
    b_dec,
  };
  if (activation.kind === 'relu') return Sae.fromParts({ ...parts, activation }, dIn, dSae);
  const { threshold } = activation;
  const thresholds = Float32Array.from(norms, (each, latent) => {
    return each * (typeof threshold === 'number' ? threshold : (threshold[latent] ?? 0));
  });
  return Sae.fromParts({ ...parts, activation: { kind: 'jumprelu', threshold: thresholds } }, dIn, dSae);
}

/** BatchTopK acts on a row by its threshold, as JumpReLU, and leaves as it. */
function outsideOfSteps(activation: Activation): Activation {
  return activation.kind === 'batchtopk' && activation.threshold !== undefined
    ? { kind: 'jumprelu', threshold: activation.threshold }
    : activation;
}

/** SAELens's folder of its architecture `abstopk`, TopK by magnitude with as many latents as it has. */
export function asAbsTopK(sae: Sae): NamedFile[] {
  const { activation, dIn, dSae } = sae;
  if (activation.kind !== 'topk' || activation.by !== 'magnitude') {
    throw new Failure(
      'abstopk is TopK by magnitude, and this SAE has another activation: export it as SAELens',
      'option',
    );
  }
  // The weights are those of `topk`; only the architecture tells by what they are ranked.
  const ranked = Sae.fromParts({ ...sae.parameters(), activation: { ...activation, by: 'positive' } }, dIn, dSae);
  try {
    return withConfig(ranked.write('saelens'), (config) => ({ ...config, architecture: 'abstopk' }));
  } finally {
    ranked.free();
  }
}

/** SAELens's folder with the model and the place in it that the activations are of, as far as they are given. */
export function withAbout(files: readonly NamedFile[], { model, hook, layer }: About): NamedFile[] {
  return withConfig(files, ({ metadata, ...config }) => ({
    ...config,
    metadata: {
      ...(typeof metadata === 'object' ? metadata : {}),
      ...(model === '' ? {} : { model_name: model }),
      ...(hook === '' ? {} : { hook_name: hook }),
      ...(layer === undefined ? {} : { hook_layer: layer }),
    },
  }));
}

/**
 * sparsify's folder with the same, under the names of its own runs. Its SAEs have no such fields; it drops those that it does
 * not know when it loads one (`SparseCoderConfig.from_dict(…, drop_extra_fields=True)`).
 */
export function withAboutSparsify(files: readonly NamedFile[], { model, hook, layer }: About): NamedFile[] {
  return withConfig(files, (config) => ({
    ...config,
    ...(model === '' ? {} : { model }),
    ...(hook === '' ? {} : { hookpoint: hook }),
    ...(layer === undefined ? {} : { layer }),
  }));
}

function withConfig(
  files: readonly NamedFile[],
  change: (config: Record<string, unknown>) => Record<string, unknown>,
): NamedFile[] {
  return files.map(({ name, bytes }) => {
    if (name !== 'cfg.json') return { name, bytes };
    const config = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    return { name, bytes: new TextEncoder().encode(JSON.stringify(change(config), undefined, 2)) };
  });
}
