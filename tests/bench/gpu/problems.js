// What is timed: the encoder's product with its bias, and a whole training step. Sizes of MNIST and of a language model.

/** `[rows, dIn] · [dIn, dSae]` for 1 024 rows, and a step on 128 rows with TopK. */
export const problems = [
  { dIn: 784, dSae: 256, k: 15 },
  { dIn: 2304, dSae: 4096, k: 320 },
];
export const rowsOf = { encoder: 1024, step: 128 };

/** Values in −1 … 1 that are the same in every library. */
export function values(length, seed) {
  let state = seed >>> 0 || 1;
  return Float32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2147483648 - 1;
  });
}

/** Rows and parameters of a problem: an untied model, scaled so that codes and reconstructions are of order 1. */
export function tensors({ rows, dIn, dSae }) {
  const scaled = (length, seed, scale) => values(length, seed).map((value) => value * scale);
  return {
    x: values(rows * dIn, 1),
    wEnc: scaled(dIn * dSae, 2, 1 / Math.sqrt(dIn)),
    bEnc: scaled(dSae, 3, 0.1),
    wDec: scaled(dSae * dIn, 4, 1 / Math.sqrt(dSae)),
    bDec: scaled(dIn, 5, 0.1),
  };
}

/** Largest difference of the positive part from the reference, relative to the reference's largest value. */
export function error(found, expected) {
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i += 1) {
    difference = Math.max(difference, Math.abs(Math.max(found[i], 0) - expected[i]));
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return found.length === expected.length ? difference / largest : Infinity;
}
