// The cells of a window of a plane, what they are coloured by, and by how much the reconstruction jumps between them.

import type { PlaneAngles, PlaneCut, PlaneView, ViewOptions } from 'splinterp';
import { codeOf, messageOf } from '../../../kit/failure';
import type { Box, NearRow, PlaneChoice, Shade, Slice, SliceRequest, Window } from '../protocol';
import type { Subject } from './subject';

/** Rows near the plane that are drawn. */
const MOST_NEAR = 60;
/** How much wider a window is than what the plane goes through. */
const AROUND = 1.7;
/** Standard deviations to each side that a window on principal components shows. */
const SPREAD = 3;
/** A window with too many cells is halved so many times. */
const MOST_HALVINGS = 8;

/** Places of the rows on a plane and their distances from it, `[n, 3]`. */
type Projected = Float64Array;

export function slice(
  subject: Subject,
  { plane, window: wanted, shape, shade, jumps: withJumps }: SliceRequest,
): Slice {
  const begun = performance.now();
  const { choice, turn, tilt } = plane;
  const view = subject.view(choice);
  const angles = { turn, tilt };
  const projected = view.project(angles);
  const window = wanted ?? windowOf(subject, projected, choice);
  const { cut, box, missing } = cutWithin(view, angles, boxOf(window, shape), {
    leading: shade === 'leading',
    errors: shade === 'error',
    jumps: withJumps,
  });
  const { partition, leading, errors, jumps, ...cells } = cut;
  subject.keepCut({ view, angles, partition, box });
  const diagram = { ...cells, cells: cells.areas.length };
  return {
    diagram,
    values: valuesOf(diagram, { leading, errors }, shade),
    jumps,
    near: nearRows(subject, projected, choice, box),
    window,
    box,
    missing,
    milliseconds: performance.now() - begun,
  };
}

export function boxOf({ x, y, w }: Window, shape: number): Box {
  return [x - w / 2, y - (w * shape) / 2, x + w / 2, y + (w * shape) / 2];
}

/** A window that shows what the plane goes through. */
function windowOf({ rows }: Subject, projected: Projected, choice: PlaneChoice): Window {
  if (choice.kind === 'components') {
    return { x: 0, y: 0, w: 2 * SPREAD * (rows.components.deviations[0] ?? 1) || 1 };
  }
  if (choice.kind === 'latents') {
    return { x: 0, y: 0, w: AROUND * Math.hypot(...rows.at(choice.row)) || 1 };
  }
  const places = choice.rows.map((row) => 3 * (row % rows.count));
  const [xs, ys] = [places.map((at) => projected[at] ?? 0), places.map((at) => projected[at + 1] ?? 0)];
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  // As high as it is wide, and half as much again: stages are wider than high.
  const w = AROUND * Math.max(right - left, 1.4 * (high - low));
  return { x: (left + right) / 2, y: (low + high) / 2, w };
}

/** Cuts the window, or as much of its middle as can be cut; with what is wanted of them. */
function cutWithin(
  view: PlaneView,
  angles: PlaneAngles,
  whole: Box,
  wanted: ViewOptions,
): { cut: PlaneCut; box: Box; missing: string | undefined } {
  let box = whole;
  let missing: string | undefined;
  for (let halvings = 0; ; halvings++) {
    try {
      return { cut: view.cut(angles, Float64Array.from(box), wanted), box, missing };
    } catch (error) {
      if (!isTooMany(error) || halvings === MOST_HALVINGS) throw error;
      const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
      const [w, h] = [(box[2] - box[0]) / 4, (box[3] - box[1]) / 4];
      box = [x - w, y - h, x + w, y + h];
      missing = `${messageOf(error)}. What is drawn in the middle is exact; zoom in for the rest.`;
    }
  }
}

/** Whether a box was refused for its cells alone. */
function isTooMany(error: unknown): boolean {
  return codeOf(error) === 'option' && messageOf(error).includes('cells');
}

function valuesOf(
  { ownerOffsets }: Slice['diagram'],
  { leading, errors }: Pick<PlaneCut, 'leading' | 'errors'>,
  shade: Shade,
): Float64Array {
  switch (shade) {
    case 'identity':
      return new Float64Array();
    case 'leading':
      return Float64Array.from(leading);
    case 'l0':
      return Float64Array.from(ownerOffsets.subarray(1), (end, cell) => end - (ownerOffsets[cell] ?? 0));
    case 'error':
      return errors;
  }
}

/** The rows nearest to the plane that lie in the window, and those that it goes through. */
function nearRows({ rows }: Subject, projected: Projected, choice: PlaneChoice, [x0, y0, x1, y1]: Box): NearRow[] {
  const anchors = new Set(anchorsOf(choice).map((row) => row % rows.count));
  const found: NearRow[] = [];
  for (let row = 0; row < rows.count; row++) {
    const [x = 0, y = 0, distance = 0] = projected.subarray(3 * row, 3 * row + 3);
    if (x < x0 || x > x1 || y < y0 || y > y1) continue;
    const { numbers, labels, tokens } = rows.given;
    const names = { number: numbers[row] ?? row, label: labels[row], token: tokens?.[row]?.token };
    found.push({ row, x, y, distance, anchor: anchors.has(row), ...names });
  }
  return found.sort((a, b) => Number(b.anchor) - Number(a.anchor) || a.distance - b.distance).slice(0, MOST_NEAR);
}

function anchorsOf(choice: PlaneChoice): readonly number[] {
  switch (choice.kind) {
    case 'rows':
      return choice.rows;
    case 'latents':
      return [choice.row];
    case 'components':
      return [];
  }
}
