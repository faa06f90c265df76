// The three panels of "Between k-means and PCA": cells, and each point with what a method makes of it.

import { clipSegments } from 'splinterp/figures';
import { count, measured } from '../../kit/format';
import { drawCells } from '../frame/cells';
import { cross, type Drawing } from '../frame/painter';
import { heading, traceBox } from '../frame/panels';
import type { View } from '../frame/view';
import { PANEL, type Reference, type Run, type ToyModel } from './toy-model';

/** An axis of a cell reaches so many standard deviations either way. */
const DEVIATIONS = 2;

const CELLS = { areas: 0.7, lines: 0.4 } as const;

export function drawToy(drawing: Omit<Drawing, 'view'>, views: readonly View[], model: ToyModel): void {
  const { painter, colours } = drawing;
  for (const view of views) {
    painter.path({ fill: colours.well, stroke: colours.line }, (pen) => traceBox(pen, view, PANEL));
  }
  const { reference, run, points } = model;
  const [left, middle, right] = views.map((view) => ({ ...drawing, view }));
  if (!reference || !run || !left || !middle || !right) return;
  const { diagram, own, projected, pca, meanMse } = reference;
  const ofSae = reference.of === 'sae';
  drawCells(left, diagram, CELLS);
  drawErrors(left, points, own);
  drawMeans(left, reference);
  title(left, `${ofSae ? 'Cell means' : 'k-means'} · MSE ${measured(meanMse)}`);

  drawCells(middle, run.cells, CELLS);
  drawErrors(middle, points, run.reconstruct(points));
  drawSites(middle, run);
  title(middle, `SAE · MSE ${measured(run.mse)} · step ${count(run.steps)}`);

  drawCells(right, diagram, CELLS);
  drawAxes(right, reference);
  drawErrors(right, points, projected);
  title(right, `${ofSae ? 'Local PCA' : 'k-means + local PCA'} · MSE ${mseOf(pca.mse)}`);
}

/** What is 0 but for rounding is told as 0. */
export function mseOf(mse: number): string {
  return mse < 1e-12 ? '0' : measured(mse);
}

function title({ painter, view, colours }: Drawing, text: string): void {
  heading(painter, view, PANEL, text, colours.ink);
}

function inPanel(x: number, y: number): boolean {
  const [x0, y0, x1, y1] = PANEL;
  return x >= x0 && x <= x1 && y >= y0 && y <= y1;
}

/** The places of a list that lie in the panel, in pixels. */
function seen(view: View, at: Float64Array): number[] {
  return view.places(at, (i) => inPanel(at[2 * i] ?? 0, at[2 * i + 1] ?? 0));
}

/** Segments of the plane, as far as they lie in the panel. */
function segments(
  { painter, view }: Drawing,
  stroke: string,
  width: number,
  opacity: number,
  ends: Float64Array,
): void {
  painter.path({ stroke, width, opacity }, (pen) => {
    const inside = clipSegments(ends, Float64Array.from(PANEL));
    for (let i = 0; i < inside.length; i += 4) {
      const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = inside.subarray(i, i + 4);
      pen.moveTo(view.x(x0), view.y(y0));
      pen.lineTo(view.x(x1), view.y(y1));
    }
  });
}

/** Each point, what the method makes of it, and a line between. */
function drawErrors(drawing: Drawing, points: Float64Array, images: Float64Array): void {
  const { painter, view, colours } = drawing;
  const ends = new Float64Array(2 * points.length);
  for (let i = 0; i < points.length; i += 2) {
    ends.set(points.subarray(i, i + 2), 2 * i);
    ends.set(images.subarray(i, i + 2), 2 * i + 2);
  }
  segments(drawing, colours.ink, 1, 0.35, ends);
  painter.dots({ fill: colours.ink }, view.places(points), 2);
  painter.dots({ fill: colours.alert }, seen(view, images), 2);
}

function drawMeans({ painter, view, colours }: Drawing, { means }: Reference): void {
  painter.dots({ fill: colours.panel, stroke: colours.alert, width: 2.5 }, view.places(means), 5);
}

function drawSites({ painter, view, colours }: Drawing, run: Run): void {
  const places = seen(view, run.sites);
  painter.path({ stroke: colours.accent, width: 1.5 }, (pen) => {
    for (let i = 0; i < places.length; i += 2) cross(pen, places[i] ?? 0, places[i + 1] ?? 0, 4);
  });
}

function drawAxes(drawing: Drawing, { means, rank, pca }: Reference): void {
  const ends: number[] = [];
  pca.variances.forEach((variance, axis) => {
    const cell = Math.floor(axis / rank);
    const [x, y] = [means[2 * cell] ?? 0, means[2 * cell + 1] ?? 0];
    const reach = DEVIATIONS * Math.sqrt(variance);
    const [dx, dy] = [reach * (pca.directions[2 * axis] ?? 0), reach * (pca.directions[2 * axis + 1] ?? 0)];
    ends.push(x - dx, y - dy, x + dx, y + dy);
  });
  segments(drawing, drawing.colours.accent, 3, 1, Float64Array.from(ends));
}
