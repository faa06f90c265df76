// What the SAE makes of single points: under the pointer, and along a walk.

import type { ActiveLatent, PlaneRequest, Readout, Walk, WalkFrame } from '../protocol';
import type { Subject } from './subject';

/** Latents whose gains and cross-talk are listed. */
const MOST_LISTED = 16;
/** Rows by whose tokens a reconstruction is known. */
const NEAREST = 5;

export function read(subject: Subject, { choice, turn, tilt }: PlaneRequest, x: number, y: number): Readout {
  const { sae, rows } = subject;
  const input = subject.view(choice).point({ turn, tilt }, x, y);
  const { latents, z, output, squaredError, ...found } = sae.reading(input, MOST_LISTED);
  const gain = (place: number): number => found.crossTalk[place * (latents.length + 1)] ?? 0;
  return {
    ...found,
    x,
    y,
    active: Array.from(latents, (latent, place) => activeLatent(subject, latent, z[place] ?? 0, gain(place))),
    mse: squaredError / input.length,
    input: rows.pixels(input),
    output: rows.pixels(output),
    nearest: rows.nearest(output, NEAREST),
  };
}

function activeLatent(subject: Subject, latent: number, z: number, gain: number): ActiveLatent {
  const filter = subject.rows.given.image ? signedBytes(subject.decoderRow(latent)) : undefined;
  return { latent, z, gain, filter, words: subject.wordsOf(latent) };
}

/** A filter on a scale of its own, −127 … 127. */
function signedBytes(values: Float32Array): Int8Array {
  const most = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return Int8Array.from(values, (value) => (most > 0 ? Math.round((127 * value) / most) : 0));
}

export function walk({ sae, rows }: Subject, from: number, to: number): Walk {
  const [start, end] = [rows.at(from), rows.at(to)];
  return {
    ...sae.path(start.slice(), end.slice()),
    from: rows.shown(from),
    to: rows.shown(to),
    length: Math.hypot(...start.map((value, i) => (end[i] ?? 0) - value)),
    dims: start.length,
  };
}

/** What lies at parts 0 … 1 of the way from one row to another. */
export function frames({ sae, rows }: Subject, from: number, to: number, at: readonly number[]): WalkFrame[] {
  const [start, end] = [rows.at(from), rows.at(to)];
  return at.map((t) => {
    const input = start.map((value, i) => value + t * ((end[i] ?? 0) - value));
    const output = sae.forward(input);
    const codes = sae.encode(input);
    const active = [...codes.keys()].filter((latent) => codes[latent] !== 0);
    return {
      t,
      input: rows.pixels(input),
      output: rows.pixels(output),
      nearest: rows.nearest(output, NEAREST),
      active,
    };
  });
}
