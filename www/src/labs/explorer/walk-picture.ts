// The picture of a walk: the squared error along the way, piece by piece as the parabola that it is, the cells that the
// way goes through, and at each face a tick as high as the jump.

import type { Drawing } from '../../gallery/frame/painter';
import type { Walk } from './protocol';

/** Heights of the parts, in pixels, and what is left free at the sides. */
export const HEIGHT = 190;
const CURVE = { top: 22, bottom: 118 };
/** Of the label above it. */
const LABEL = 9;
const TICKS = { top: 124, bottom: 152 };
const STRIP = { top: 154, bottom: 172 };
export const SIDE = 8;
/** Lines for each parabola: their bend is not seen beyond. */
const PIECES = 8;

/** Where the pieces of a walk begin and end, 0 … 1. */
export function boundsOf({ t }: Pick<Walk, 't'>): number[] {
  return [0, ...t, 1];
}

/** The squared error at a part of the way, on the piece that holds it. */
export function errorAt({ t, squaredError }: Pick<Walk, 't' | 'squaredError'>, at: number): number {
  let piece = 0;
  while (piece < t.length && (t[piece] ?? 1) <= at) piece++;
  return onPiece(squaredError, piece, at);
}

function onPiece(squaredError: Float64Array, piece: number, at: number): number {
  const [a = 0, b = 0, c = 0] = squaredError.subarray(3 * piece, 3 * piece + 3);
  return a * at * at + b * at + c;
}

/** Errors along the way, to draw: points of each piece. */
export function curveOf(walk: Pick<Walk, 't' | 'squaredError'>): { t: number; error: number }[][] {
  const bounds = boundsOf(walk);
  return bounds.slice(1).map((to, piece) => {
    const from = bounds[piece] ?? 0;
    return Array.from({ length: PIECES + 1 }, (_, i) => {
      const t = from + ((to - from) * i) / PIECES;
      return { t, error: onPiece(walk.squaredError, piece, t) };
    });
  });
}

export function drawWalk({ painter, colours }: Drawing, walk: Walk, at: number | undefined): void {
  const width = painter.width - 2 * SIDE;
  const x = (t: number): number => SIDE + t * width;
  const curve = curveOf(walk);
  const most = curve.flat().reduce((m, { error }) => Math.max(m, error), 1e-300);
  const y = (error: number): number => CURVE.bottom - ((CURVE.bottom - CURVE.top) * error) / most;
  const bounds = boundsOf(walk);
  for (const parity of [0, 1]) {
    painter.path({ fill: colours.tints[parity === 0 ? 1 : 7] ?? colours.line }, (pen) => {
      for (let piece = parity; piece + 1 < bounds.length; piece += 2) {
        const [from, to] = [x(bounds[piece] ?? 0), x(bounds[piece + 1] ?? 1)];
        pen.moveTo(from, STRIP.top);
        pen.lineTo(to, STRIP.top);
        pen.lineTo(to, STRIP.bottom);
        pen.lineTo(from, STRIP.bottom);
        pen.closePath();
      }
    });
  }
  const jumps = walk.jump.reduce((m, jump) => Math.max(m, jump), 1e-300);
  painter.path({ stroke: colours.alert, width: 1.2 }, (pen) => {
    for (const [i, t] of walk.t.entries()) {
      const height = ((TICKS.bottom - TICKS.top) * (walk.jump[i] ?? 0)) / jumps;
      pen.moveTo(x(t), TICKS.bottom);
      pen.lineTo(x(t), TICKS.bottom - Math.max(1, height));
    }
  });
  painter.path({ stroke: colours.line, width: 1 }, (pen) => {
    pen.moveTo(SIDE, CURVE.bottom);
    pen.lineTo(SIDE + width, CURVE.bottom);
  });
  painter.path({ stroke: colours.accent, width: 1.8 }, (pen) => {
    for (const piece of curve) {
      piece.forEach(({ t, error }, i) => (i === 0 ? pen.moveTo(x(t), y(error)) : pen.lineTo(x(t), y(error))));
    }
  });
  const label = { fill: colours.muted, size: 11, halo: colours.panel };
  painter.text(SIDE + 2, LABEL, `MSE up to ${(most / walk.dims).toPrecision(3)}`, { ...label, anchor: 'start' });
  painter.text(SIDE + 2, HEIGHT - 9, 'A', { ...label, anchor: 'start', bold: true });
  painter.text(SIDE + width - 2, HEIGHT - 9, 'B', { ...label, anchor: 'end', bold: true });
  if (at === undefined) return;
  painter.path({ stroke: colours.ink, width: 1.5 }, (pen) => {
    pen.moveTo(x(at), CURVE.top - 4);
    pen.lineTo(x(at), STRIP.bottom + 3);
  });
}
