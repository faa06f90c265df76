// How the figure from Voronoi to power diagrams draws a moment between its steps.

import { drawWeights } from '../frame/cells';
import { mix } from '../frame/colours';
import { traceBorders, traceCells, type Diagram } from '../frame/diagram';
import { cross, type Drawing } from '../frame/painter';
import type { Sites } from '../frame/sites';

/** Up to so many points are drawn large, above so many small and with fine borders. */
const FEW = 150;
export const MANY = 2000;

/**
 * Cells and their borders at a moment `at` of the morph, 0 … 3; `labels` are class and cluster of each cell's owner.
 */
export function drawMorph(
  { painter, view, colours }: Drawing,
  diagram: Diagram,
  labels: readonly (readonly [number, number])[],
  at: number,
  fine: boolean,
): void {
  const t = at <= 1 ? at : Math.min(at - 1, 1);
  // Cells of equal colours, now and in the next step, are one path: far fewer than cells.
  const groups = new Map<number, Set<number>>();
  labels.forEach(([own, cluster], cell) => {
    const [from, to] = at <= 1 ? [diagram.colours[cell] ?? 0, own] : [own, cluster];
    const key = from * colours.tints.length + to;
    const group = groups.get(key);
    if (group) group.add(cell);
    else groups.set(key, new Set([cell]));
  });
  for (const [key, cells] of groups) {
    const [from, to] = [Math.floor(key / colours.tints.length), key % colours.tints.length];
    const fill = mix(colours.tints[from] ?? '', colours.tints[to] ?? '', t);
    painter.path({ fill }, (pen) => traceCells(pen, diagram, view, (cell) => cells.has(cell)));
  }
  // How a border counts in the step before and in the step after.
  const differ = (cell: number, other: number): readonly [boolean, boolean] => {
    const [a, b] = [labels[cell], labels[other]];
    const [byClass, byCluster] = [a?.[0] !== b?.[0], a?.[1] !== b?.[1]];
    return at <= 1 ? [true, byClass] : [byClass, byCluster];
  };
  const width = fine ? 0.5 : 1;
  for (const [before, after] of [
    [true, true],
    [true, false],
    [false, true],
  ] as const) {
    const strength = (before ? 1 - t : 0) + (after ? t : 0);
    if (strength === 0) continue;
    painter.path({ stroke: colours.ink, width, opacity: 0.6 * strength }, (pen) =>
      traceBorders(pen, diagram, view, (cell, other) => {
        const [was, is] = differ(cell, other);
        return was === before && is === after;
      }),
    );
  }
}

/** The points in the colours of their classes; at first they have none, and at last they step back. */
export function drawPoints(
  { painter, view, colours }: Drawing,
  points: Sites,
  labels: Uint32Array,
  classes: number,
  at: number,
): void {
  const { length } = points.ids;
  const few = length <= FEW;
  for (let label = 0; label < classes; label++) {
    const fill = mix(colours.ink, colours.marks[label] ?? '', Math.min(at, 1));
    const opacity = at > 2 ? 1 - 0.6 * (at - 2) : 1;
    const style = few ? { fill, opacity, stroke: colours.panel, width: 1.5 } : { fill, opacity };
    const places = view.places(points.at, (i) => labels[i] === label);
    painter.dots(style, places, radiusOf(length));
  }
}

/** The sites on their way from the points to the centres. */
export function drawWanderers({ painter, view, colours }: Drawing, sites: Sites): void {
  painter.dots({ stroke: colours.ink }, view.places(sites.at), radiusOf(sites.ids.length));
}

/** Of a point's dot, in pixels. */
function radiusOf(points: number): number {
  return points > MANY ? 1 : points > FEW ? 2 : 4;
}

/** The centres as crosses, and their weights as circles. */
export function drawCentres(drawing: Drawing, sites: Sites, opacity: number): void {
  const { painter, view, colours } = drawing;
  const place = (i: number): [number, number] => [view.x(sites.at[2 * i] ?? 0), view.y(sites.at[2 * i + 1] ?? 0)];
  for (const [stroke, width] of [
    [colours.panel, 6],
    [colours.ink, 2.5],
  ] as const) {
    painter.path({ stroke, width, opacity }, (pen) => sites.ids.forEach((_, i) => cross(pen, ...place(i), 7)));
  }
  drawWeights(drawing, sites, opacity);
}
