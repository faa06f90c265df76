// Changes to a code: the values that some latents are given in the place of their own.

export type Edits = ReadonlyMap<number, number>;

/** The code with the changes. */
export function edited(codes: Float32Array, edits: Edits): Float32Array {
  const changed = Float32Array.from(codes);
  for (const [latent, value] of edits) if (latent < changed.length) changed[latent] = value;
  return changed;
}

/** Latents by falling |z|, those that are not 0. */
export function strongest(codes: Float32Array): number[] {
  const size = (latent: number): number => Math.abs(codes[latent] ?? 0);
  return Array.from(codes.keys())
    .filter((latent) => codes[latent] !== 0)
    .sort((a, b) => size(b) - size(a) || a - b);
}

/** Latents to show: the `most` strongest of the code, and all that were changed. */
export function editable(codes: Float32Array, edits: Edits, most: number): number[] {
  const shown = strongest(codes).slice(0, most);
  const more = [...edits.keys()].filter((latent) => latent < codes.length && !shown.includes(latent));
  return [...shown, ...more];
}

/** A value may be turned up to so many times the strongest of the code. */
const HEADROOM = 1.5;

/** Range of the sliders: from 0, or from below it where the code has negative values. */
export function rangeOf(codes: Float32Array, edits: Edits): { least: number; most: number } {
  const values = [...codes, ...edits.values()];
  const size = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const most = size > 0 ? Math.max(HEADROOM * codes.reduce((a, z) => Math.max(a, Math.abs(z)), 0), size) : 1;
  return { least: values.some((value) => value < 0) ? -most : 0, most };
}
