// The picture of the lifting as polygons, lines and balls in space, and the way from space to the stage: what three.js
// and the exports draw alike.

import type { Polyhedra } from 'splinterp/figures';
import type { Place } from '../frame/probe';

export type Point3 = readonly [number, number, number];

/** Corners are rounded by some 1e-16 of the figure's units. */
const ROUNDING = 1e-9;

/** Behind a face on the box there is no cell. */
const NO_NEIGHBOUR = 0xffffffff;

/** A convex polygon in the colour of a site. */
export interface Face {
  readonly corners: readonly Point3[];
  readonly colour: number;
  /** 0 … 1. */
  readonly opacity: number;
}

export interface Line {
  readonly from: Point3;
  readonly to: Point3;
  readonly opacity: number;
}

export interface Ball {
  readonly at: Point3;
  readonly colour: number;
}

export interface Solids {
  readonly faces: readonly Face[];
  readonly lines: readonly Line[];
  readonly balls: readonly Ball[];
}

/** Looks from azimuth and elevation, in degrees, without perspective. */
export class Camera {
  /** Across, up, and towards the eye; in space. */
  readonly right: Point3;
  readonly up: Point3;
  readonly eye: Point3;

  constructor(
    azimuth: number,
    elevation: number,
    /** The place in space that is shown at the origin of the stage. */
    readonly target: Point3,
  ) {
    const [a, e] = [(azimuth * Math.PI) / 180, (elevation * Math.PI) / 180];
    this.right = [Math.cos(a), Math.sin(a), 0];
    this.up = [-Math.sin(a) * Math.sin(e), Math.cos(a) * Math.sin(e), Math.cos(e)];
    this.eye = [Math.sin(a) * Math.cos(e), -Math.cos(a) * Math.cos(e), Math.sin(e)];
  }

  private along(axis: Point3, [x, y, z]: Point3): number {
    const [tx, ty, tz] = this.target;
    return axis[0] * (x - tx) + axis[1] * (y - ty) + axis[2] * (z - tz);
  }

  /** The place on the stage. */
  project(point: Point3): Place {
    return { x: this.along(this.right, point), y: this.along(this.up, point) };
  }

  /** Towards the eye: what is larger lies in front. */
  depth(point: Point3): number {
    return this.along(this.eye, point);
  }

  /** The point at height `z` that is shown at a place of the stage; not for an elevation of 0. */
  unproject({ x, y }: Place, z: number): Place {
    const [tx, ty, tz] = this.target;
    const v = y - this.up[2] * (z - tz);
    const [a, b] = [this.right[0], this.right[1]];
    const [c, d] = [this.up[0], this.up[1]];
    const determinant = a * d - b * c;
    return { x: tx + (d * x - b * v) / determinant, y: ty + (a * v - c * x) / determinant };
  }
}

export interface Parts {
  readonly cells: Polyhedra;
  /** x y z of the lifted sites. */
  readonly sites: readonly Point3[];
  /** One for each site. */
  readonly colours: ArrayLike<number>;
  /** Height of the plane that cuts. */
  readonly level: number;
  /** Height to which the cells reach. */
  readonly top: number;
  /** Height at which the cut is shown once more, below. */
  readonly floor: number;
  /** Of the faces of cells. */
  readonly opacity: number;
}

/** The cells above the plane, what the plane cuts out of them, the same below, and the sites with their stems. */
export function solidsOf({ cells, sites, colours, level, top, floor, opacity }: Parts): Solids {
  const faces: Face[] = [];
  const lines: Line[] = [];
  const { cellOffsets, faceOffsets, coordinates, neighbours } = cells;
  for (const site of sites.keys()) {
    const colour = colours[site] ?? 0;
    for (let face = cellOffsets[site] ?? 0; face < (cellOffsets[site + 1] ?? 0); face++) {
      const corners: Point3[] = [];
      for (let k = faceOffsets[face] ?? 0; k < (faceOffsets[face + 1] ?? 0); k++) {
        corners.push([coordinates[3 * k] ?? 0, coordinates[3 * k + 1] ?? 0, coordinates[3 * k + 2] ?? 0]);
      }
      const other = neighbours[face] ?? NO_NEIGHBOUR;
      const flatAt = (height: number): boolean =>
        other === NO_NEIGHBOUR && corners.every(([, , z]) => Math.abs(z - height) < ROUNDING);
      const cut = flatAt(level);
      // A face between two cells is drawn for the first of them; the ceiling would hide what is below it.
      if (cut) faces.push({ corners, colour, opacity: 1 });
      else if (other < site) continue;
      else if (opacity > 0 && !flatAt(top)) faces.push({ corners, colour, opacity });
      if (cut) {
        const below = corners.map(([x, y]): Point3 => [x, y, floor]);
        faces.push({ corners: below, colour, opacity: 1 });
        lines.push(...outline(below, 0.7), ...outline(corners, 0.9));
      } else lines.push(...outline(corners, 0.25));
    }
  }
  for (const [x, y, z] of sites) lines.push({ from: [x, y, floor], to: [x, y, z], opacity: 0.5 });
  const balls = sites.map((at, i) => ({ at, colour: colours[i] ?? 0 }));
  return { faces, lines, balls };
}

function outline(corners: readonly Point3[], opacity: number): Line[] {
  return corners.flatMap((from, i) => {
    const to = corners[(i + 1) % corners.length];
    return to ? [{ from, to, opacity }] : [];
  });
}
