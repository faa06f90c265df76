// float32 as IEEE half precision and back: half the memory for models that are kept to draw pictures of.

/** Moves the exponents of half precision, which end 112 lower, to those of float32. */
const SHIFT = 2 ** -112;
const SHIFT_BACK = 2 ** 112;
/** The largest finite half; what is beyond it is written as it. */
const MOST = 65_504;
/** Bits of the fraction of float32 that a half has not. */
const DROPPED = 13;

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** Halves nearest to the values, ties to even. */
export function toHalf(values: Float32Array): Uint16Array {
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    float[0] = Math.min(Math.abs(value), MOST) * SHIFT;
    const bits = word[0] ?? 0;
    const even = (bits >>> DROPPED) & 1;
    halves[i] = ((bits + (1 << (DROPPED - 1)) - 1 + even) >>> DROPPED) | (value < 0 ? 0x8000 : 0);
  }
  return halves;
}

export function fromHalf(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i] ?? 0;
    word[0] = (half & 0x7fff) << DROPPED;
    const size = (float[0] ?? 0) * SHIFT_BACK;
    values[i] = half & 0x8000 ? -size : size;
  }
  return values;
}
