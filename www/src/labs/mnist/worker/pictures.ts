// Pictures of a model: reconstructions, codes and filters, made small enough to send and quick to draw.

import type { Dataset, Sae } from 'splinterp/lab';
import { scratch } from '../../../lab/worker/memory';
import type { Decoded, Encoded, Filters, Image, ModelPictures, RunPictures } from '../protocol';
import { crate } from './crate';

/** Test images on which the activity of a latent is counted. */
const ACTIVITY_ROWS = 512;

/** Share of the weights that the colour scale covers; the few beyond take its end colours. */
const SCALE_PERCENTILE = 0.995;

/** Reconstructions and codes of a few test images. */
export function imagePictures(
  sae: Sae,
  test: Dataset,
  rows: Uint32Array,
): Pick<RunPictures, 'reconstructions' | 'codes'> {
  const inputs = test.rowsAt(rows);
  return {
    reconstructions: shown(test, sae.forward(inputs)),
    codes: sae.encode(inputs),
  };
}

/** Values as they are shown: back in the units of the file, clamped to 0 … 255. */
function shown(test: Dataset, values: Float32Array): Image {
  return new Uint8ClampedArray(test.undoNormalisation(values));
}

/** An image as models see it: normalised like the test images. */
function seen(test: Dataset, image: Image): Float32Array {
  return scratch((hold) =>
    hold(hold(crate().Dataset.fromRows(Float32Array.from(image), image.length)).normalisedLike(test)).values(),
  );
}

/** Mean squared error of an output. */
function mseOf(input: Float32Array, output: Float32Array): number {
  return input.reduce((sum, value, i) => sum + (value - (output[i] ?? 0)) ** 2, 0) / input.length;
}

/** What a model makes of one image. */
export function encodeImage(sae: Sae, test: Dataset, image: Image): Omit<Encoded, 'name' | 'epoch'> {
  const input = seen(test, image);
  const codes = sae.encode(input);
  const output = sae.decode(codes);
  return { codes, reconstruction: shown(test, output), mse: mseOf(input, output) };
}

/** What codes decode to, and how far each is from an image. */
export function decodeCodes(sae: Sae, test: Dataset, codes: Float32Array, image: Image): Decoded {
  const input = seen(test, image);
  const outputs = sae.decode(codes);
  const cols = input.length;
  const mses = Array.from({ length: outputs.length / cols }, (_, i) =>
    mseOf(input, outputs.subarray(i * cols, (i + 1) * cols)),
  );
  return { images: shown(test, outputs), mses };
}

/** Reconstructions of test images with the error of each. */
export function reconstructionsOf(sae: Sae, test: Dataset, rows: Uint32Array): ModelPictures {
  const inputs = test.rowsAt(rows);
  const outputs = sae.forward(inputs);
  const { cols } = test;
  const mses = Array.from(rows, (_, i) =>
    mseOf(inputs.subarray(i * cols, (i + 1) * cols), outputs.subarray(i * cols, (i + 1) * cols)),
  );
  return { reconstructions: shown(test, outputs), mses };
}

/** Share of a sample of test images on which each latent is active. */
export function firingShares(sae: Sae, test: Dataset): Pick<Filters, 'rows' | 'firing'> {
  const n = Math.min(ACTIVITY_ROWS, test.rows);
  const codes = sae.encode(test.rowsAt(Uint32Array.from({ length: n }, (_, row) => row)));
  const shares = new Float32Array(sae.dSae);
  for (let at = 0; at < codes.length; at += sae.dSae) {
    for (let latent = 0; latent < sae.dSae; latent++) {
      if (codes[at + latent] !== 0) shares[latent] = (shares[latent] ?? 0) + 1 / n;
    }
  }
  return { rows: n, firing: shares };
}

/** Latents by descending activity, ties by their number. */
export function byActivity(firing: Float32Array): Uint32Array {
  return Uint32Array.from(firing.keys()).sort((a, b) => (firing[b] ?? 0) - (firing[a] ?? 0) || a - b);
}

/** Encoder and decoder weights of every latent, one byte a pixel. */
export function filterPictures(sae: Sae): Pick<Filters, 'encoder' | 'decoder' | 'encoderScale' | 'decoderScale'> {
  const { W_enc, W_dec } = sae.parameters();
  const encoderScale = colourScale(W_enc);
  const decoderScale = colourScale(W_dec);
  return {
    encoder: toBytes(transposed(W_enc, sae.dIn, sae.dSae), encoderScale),
    decoder: toBytes(W_dec, decoderScale),
    encoderScale,
    decoderScale,
  };
}

/** `[rows, cols]` to `[cols, rows]`. */
export function transposed(values: Float32Array, rows: number, cols: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) out[col * rows + row] = values[row * cols + col] ?? 0;
  }
  return out;
}

/** Weight at the end of the colour scale; a sample of about 20 000 weights is plenty for a percentile. */
export function colourScale(weights: Float32Array): number {
  const stride = Math.max(1, Math.floor(weights.length / 20_000));
  const sample = Float32Array.from({ length: Math.ceil(weights.length / stride) }, (_, i) =>
    Math.abs(weights[i * stride] ?? 0),
  ).sort();
  return sample[Math.min(sample.length - 1, Math.floor(sample.length * SCALE_PERCENTILE))] ?? 0;
}

/** −`scale` … `scale` to −127 … 127, clamped. */
export function toBytes(values: Float32Array, scale: number): Int8Array {
  const factor = scale > 0 ? 127 / scale : 0;
  return Int8Array.from(values, (value) => Math.max(-127, Math.min(127, Math.round(value * factor))));
}
