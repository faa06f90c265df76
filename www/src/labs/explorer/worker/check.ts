// The theorem, tested on the SAE's own plane: at random points the latents that own the cell of the slice, those that
// the encoder activates, and those that own the cell of the power diagram of the latents' sites must be the same.

import { powerDiagram, type Partition } from 'splinterp';
import type { Tally } from '../protocol';
import type { Cut, Subject } from './subject';

/** Nearer to a face than this part of the point's length, float32 may take the point for one beyond it. */
const ROUNDING = 1e-5;

/** The owners of a point by one of the ways to find them; nothing where that way has no answer. */
type Owners = (x: number, y: number, point: Float32Array) => string | undefined;

export function check(subject: Subject, points: number, next: () => number): Tally {
  const { cut, sae } = subject;
  const tally: Tally = { tested: 0, mismatches: 0, ties: 0 };
  if (!cut) return tally;
  const { box, view, angles, partition } = cut;
  const byPower = powerOwners(subject, cut);
  const ways: Owners[] = [(x, y) => ownersAt(partition, x, y), ...(byPower ? [byPower] : [])];
  const at = Array.from({ length: points }, () => ({
    x: box[0] + next() * (box[2] - box[0]),
    y: box[1] + next() * (box[3] - box[1]),
  }));
  for (const { x, y } of at) {
    const point = view.point(angles, x, y);
    const codes = sae.encode(point);
    const active = [...codes.keys()].filter((latent) => codes[latent] !== 0).join();
    tally.tested++;
    if (ways.every((way) => way(x, y, point) === active)) continue;
    const length = Math.sqrt(point.reduce((sum, value) => sum + value * value, 0));
    if ((sae.margins(point).distance[0] ?? 0) <= ROUNDING * (1 + length)) tally.ties++;
    else tally.mismatches++;
  }
  return tally;
}

function ownersAt(partition: Partition, x: number, y: number): string | undefined {
  const cell = partition.locate(x, y);
  return cell < 0 ? undefined : partition.owners(cell).join();
}

/**
 * By the power diagram: latent i has the site s_i = (a_i, b_i) with the weight |s_i|² + 2 c_i; by magnitude its negative
 * has one too. The owners are sorted latents, of positive pre-activation where a ReLU follows.
 */
function powerOwners(subject: Subject, cut: Cut): Owners | undefined {
  const { activation, dSae } = subject.model;
  if (activation.kind !== 'topk') return undefined;
  const functions = cut.view.functions(cut.angles);
  const [a, b, c] = [0, 1, 2].map((part) =>
    Float64Array.from({ length: dSae }, (_, i) => functions[3 * i + part] ?? 0),
  );
  if (!a || !b || !c) return undefined;
  if (!cut.power) {
    const signs = activation.by === 'magnitude' ? [1, -1] : [1];
    const sites = signs.flatMap((sign) => [...a].flatMap((x, i) => [sign * x, sign * (b[i] ?? 0)]));
    const weights = signs.flatMap((sign) => [...c].map((at, i) => (a[i] ?? 0) ** 2 + (b[i] ?? 0) ** 2 + 2 * sign * at));
    cut.power = powerDiagram(sites, weights, activation.k, Float64Array.from(cut.box));
  }
  const known = cut.power;
  const positive = activation.by === 'positive';
  return (x, y) => {
    const cell = known.locate(x, y);
    if (cell < 0) return undefined;
    const latents = [...known.owners(cell)].map((site) => site % dSae).sort((p, q) => p - q);
    const pre = (i: number): number => (a[i] ?? 0) * x + (b[i] ?? 0) * y + (c[i] ?? 0);
    return latents.filter((latent) => !positive || pre(latent) > 0).join();
  };
}
