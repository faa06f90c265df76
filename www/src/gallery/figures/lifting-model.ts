// What the lifting shows: sites lifted by their weights, their Voronoi cells in space, and the plane's cut through them.

import { lift, voronoiCells, weightsAt } from 'splinterp/figures';
import { diagramOf, type Diagram } from '../frame/diagram';
import type { Sites } from '../frame/sites';
import type { Box } from '../frame/view';
import { solidsOf, type Point3, type Solids } from './lifting-solids';

/** Where sites lie, below the space of the cells. */
export const GROUND: Box = [-1.2, -0.9, 1.2, 0.9];

/** The cells reach from the plane to here; the plane goes up to `MOST_LEVEL`. */
export const TOP = 1.1;
export const MOST_LEVEL = 1;

/** Height at which the cut is shown once more. */
export const FLOOR = -0.65;

/** Opacity of the cells' faces, where they are filled. */
const SHEER = 0.22;

/** What follows from the sites and the height of the plane. */
export interface Model {
  readonly heights: Float64Array;
  readonly cut: Diagram;
  readonly solids: Solids;
}

export function modelOf({ at, weights }: Sites, level: number, filled: boolean): Model {
  const heights = lift(weights);
  const sites = [...heights].map((h, i): Point3 => [at[2 * i] ?? 0, at[2 * i + 1] ?? 0, h]);
  const points = Float64Array.from(sites.flat());
  const [x0, y0, x1, y1] = GROUND;
  const whole = voronoiCells(points, [x0, y0, 0, x1, y1, TOP]);
  const cells = level === 0 ? whole : voronoiCells(points, [x0, y0, level, x1, y1, TOP]);
  const opacity = filled ? SHEER : 0;
  return {
    heights,
    cut: diagramOf(at, weightsAt(heights, level), 1, GROUND),
    solids: solidsOf({ cells, sites, colours: whole.colours, level, top: TOP, floor: FLOOR, opacity }),
  };
}
