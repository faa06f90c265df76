// What the figure from Voronoi to power diagrams shows at a moment of its morph: points in classes, k-means of them,
// and the sites whose power diagram is on the stage.

import {
  clusterMeans,
  clusterSpreads,
  kmeans,
  labelAgreement,
  nearestPoint,
  scatterClouds,
  type KMeans,
} from 'splinterp/figures';
import { Derived } from '../frame/derived';
import { ownersOf } from '../frame/diagram';
import type { Part } from '../frame/cutter';
import { applyEdits, freeId, NONE, numbered, type Edits, type Site, type Sites } from '../frame/sites';
import type { Box } from '../frame/view';

/** Most rounds of k-means; it rests long before. */
const MOST_ROUNDS = 300;

/** The figure's state. */
export interface Moment {
  /** 0 Voronoi, 1 nearest neighbour, 2 k-means, 3 power diagram, and between. */
  readonly at: number;
  readonly count: number;
  readonly classes: number;
  readonly seed: number;
  readonly points: Edits;
  readonly power: Edits;
}

interface Clustering extends KMeans {
  /** The cluster of each point, by its id. */
  readonly clusterOf: ReadonlyMap<number, number>;
  /** k-means' centres, weighed by their spread: the power diagram before the reader changes it. */
  readonly sites: Sites;
}

export class MorphModel {
  private readonly bases = new Derived((count: number, classes: number, seed: number) =>
    numbered(scatterClouds(count, classes, seed, Float64Array.from(this.box)), new Float64Array(count)),
  );
  private readonly edited = new Derived(applyEdits);
  private readonly labelled = new Derived((points: Sites, classes: number) => points.ids.map((id) => id % classes));
  private readonly clusterings = new Derived((points: Sites, classes: number) => this.cluster(points, classes));
  private readonly powers = new Derived(applyEdits);
  private readonly shown = new Derived(sitesAt);
  private readonly centred = new Derived(sitesAt);

  constructor(
    private readonly state: () => Moment,
    /** Whether the wasm module is there: without it there are no points. */
    private readonly ready: () => boolean,
    private readonly box: Box,
  ) {}

  private get base(): Sites {
    const { count, classes, seed } = this.state();
    return this.bases.of(count, classes, seed);
  }

  get points(): Sites {
    return this.ready() ? this.edited.of(this.base, this.state().points) : NONE;
  }

  /** The class of each point: it goes with the point's id, so that a link need not tell it. */
  get classes(): Uint32Array {
    return this.labelled.of(this.points, this.state().classes);
  }

  /** Up to the second step k-means does not show, and a drag among 10 000 points need not wait for it. */
  get means(): Clustering | undefined {
    const { at, classes } = this.state();
    return this.ready() && at > 1 ? this.clusterings.of(this.points, classes) : undefined;
  }

  /** The sites of the power diagram. */
  get power(): Sites {
    return this.powers.of(this.means?.sites ?? NONE, this.state().power);
  }

  /** The sites whose power diagram is on the stage; up to the second step they stay, and only colours change. */
  get sites(): Sites {
    return this.shown.of(Math.max(this.state().at, 1), this.points, this.means, this.power);
  }

  /** The centres with the weights that they have now. */
  get centres(): Sites {
    return this.centred.of(Math.max(this.state().at, 2), this.points, this.means, this.power);
  }

  private cluster(points: Sites, classes: number): Clustering {
    const [x0, y0, x1, y1] = this.box;
    // A class without points starts in the middle.
    const middle = Array.from({ length: classes }, () => [(x0 + x1) / 2, (y0 + y1) / 2]).flat();
    const start = clusterMeans(points.at, 2, this.classes, middle);
    const means = kmeans(points.at, 2, start, MOST_ROUNDS);
    return {
      ...means,
      clusterOf: new Map([...points.ids].map((id, i) => [id, means.labels[i] ?? 0])),
      sites: {
        ids: Uint32Array.from({ length: classes }, (_, id) => id),
        at: means.centers,
        weights: clusterSpreads(points.at, 2, means.labels, means.centers),
      },
    };
  }

  /** The class and the cluster of what owns a cell. */
  labelsOf({ sites, diagram }: Part, cell: number): readonly [number, number] {
    const id = sites.ids[ownersOf(diagram, cell)[0] ?? 0] ?? 0;
    // From the third step on a cell is that of a centre, and its id is its cluster's.
    return this.state().at >= 2 ? [id, id] : [id % this.state().classes, this.means?.clusterOf.get(id) ?? 0];
  }

  /** The share of points in the cluster of their class. */
  get shareInOwnCluster(): number {
    return this.means ? labelAgreement(this.classes, this.means.labels) : 0;
  }

  /** An id for a new point: the next free one of the nearest point's class. */
  idFor(site: Site): number {
    const { classes: labels, points: now } = this;
    const near = now.ids.length === 0 ? 0 : (labels[nearestPoint(now.at, 2, [site.x, site.y])] ?? 0);
    const { count, classes, points } = this.state();
    const free = freeId(count, points);
    return free + ((near - (free % classes) + classes) % classes);
  }
}

function sitesAt(at: number, points: Sites, means: Clustering | undefined, power: Sites): Sites {
  if (at <= 1 || !means) return points;
  if (at >= 2) {
    const t = at - 2;
    return {
      ids: means.sites.ids,
      at: between(means.sites.at, power.at, t),
      weights: power.weights.map((weight) => weight * t),
    };
  }
  // Each point wanders to its cluster's centre; where all have come, their cells are those of k-means.
  const goals = new Float64Array(points.at.length);
  means.labels.forEach((label, i) => goals.set(means.centers.subarray(2 * label, 2 * label + 2), 2 * i));
  return { ...points, at: between(points.at, goals, at - 1) };
}

/** `from` at 0, `to` at 1. */
function between(from: Float64Array, to: Float64Array, t: number): Float64Array {
  return from.map((value, i) => value + ((to[i] ?? value) - value) * t);
}
