// The three panels of "Between k-means and PCA": cells, and each point with what a method makes of it.

import { count, measured } from '../../kit/format';
import { drawCells } from '../frame/cells';
import { cross, type Drawing } from '../frame/painter';
import { clipped, heading, traceBox } from '../frame/panels';
import type { View } from '../frame/view';
import { centresOf, PANEL, projectionsOf, type Means, type Run, type ToyModel } from './toy-model';

/** A line through a cluster reaches so many standard deviations either way. */
const DEVIATIONS = 2;

const CELLS = { areas: 0.7, lines: 0.4 } as const;

export function drawToy(drawing: Omit<Drawing, 'view'>, views: readonly View[], model: ToyModel): void {
  const { painter, colours } = drawing;
  for (const view of views) {
    painter.path({ fill: colours.well, stroke: colours.line }, (pen) => traceBox(pen, view, PANEL));
  }
  const { means, run, points } = model;
  const [left, middle, right] = views.map((view) => ({ ...drawing, view }));
  if (!means || !run || !left || !middle || !right) return;
  drawCells(left, means.cells, CELLS);
  drawErrors(left, points, centresOf(means));
  drawCentres(left, means);
  title(left, `k-means · MSE ${measured(means.mse)}`);

  drawCells(middle, run.cells, CELLS);
  drawErrors(middle, points, run.reconstruct(points));
  drawSites(middle, run);
  title(middle, `SAE · MSE ${measured(run.mse)} · step ${count(run.steps)}`);

  drawCells(right, means.cells, CELLS);
  drawLines(right, means);
  drawErrors(right, points, projectionsOf(means, points));
  title(right, `k-means + local PCA · MSE ${measured(means.pca.mse)}`);
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

/** A segment of the plane, as far as it lies in the panel. */
function segment({ painter, view }: Drawing, stroke: string, width: number, opacity: number, ends: Float64Array): void {
  painter.path({ stroke, width, opacity }, (pen) => {
    for (let i = 0; i < ends.length; i += 4) {
      const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = ends.subarray(i, i + 4);
      const line = clipped(PANEL, [x0, y0], [x1, y1]);
      if (!line) continue;
      pen.moveTo(view.x(line[0]), view.y(line[1]));
      pen.lineTo(view.x(line[2]), view.y(line[3]));
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
  segment(drawing, colours.ink, 1, 0.35, ends);
  painter.dots({ fill: colours.ink }, view.places(points), 2);
  painter.dots({ fill: colours.alert }, seen(view, images), 2);
}

function drawCentres({ painter, view, colours }: Drawing, { centers }: Means): void {
  painter.dots({ fill: colours.panel, stroke: colours.alert, width: 2.5 }, view.places(centers), 5);
}

function drawSites({ painter, view, colours }: Drawing, run: Run): void {
  const places = seen(view, run.sites);
  painter.path({ stroke: colours.accent, width: 1.5 }, (pen) => {
    for (let i = 0; i < places.length; i += 2) cross(pen, places[i] ?? 0, places[i + 1] ?? 0, 4);
  });
}

function drawLines(drawing: Drawing, { centers, pca }: Means): void {
  const ends = new Float64Array(2 * centers.length);
  for (let i = 0; 2 * i < centers.length; i++) {
    const [x, y] = [centers[2 * i] ?? 0, centers[2 * i + 1] ?? 0];
    const reach = DEVIATIONS * Math.sqrt(pca.variances[i] ?? 0);
    const [dx, dy] = [reach * (pca.directions[2 * i] ?? 0), reach * (pca.directions[2 * i + 1] ?? 0)];
    ends.set([x - dx, y - dy, x + dx, y + dy], 4 * i);
  }
  segment(drawing, drawing.colours.accent, 3, 1, ends);
}
