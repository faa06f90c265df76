// What "Between k-means and PCA" compares on the same points: an SAE in training with the means of its own cells and
// local PCA in them, which bound it, or with k-means and local PCA in its clusters.

import {
  clusterMeans,
  clusterProjections,
  Dataset,
  kmeans,
  localPca,
  ToySae,
  type LocalPca,
  type ToyBounds,
  type ToyOptions,
} from 'splinterp/figures';
import { Derived } from '../frame/derived';
import { diagramOf, type Diagram } from '../frame/diagram';
import type { CsvTable } from '../frame/export';
import type { Points } from '../frame/points';
import type { Box } from '../frame/view';

/** The generated points, some 2 from the origin, and room around them. */
export const PANEL: Box = [-2.2, -2.2, 2.2, 2.2];
const GENERATED = 100;

/** Step size of Adam: of 0.003, 0.01 and 0.03 the one that is past k-means soonest without jumping about later. */
const LR = 0.01;

/** Training ends here. */
export const LAST_STEP = 2000;

/** Steps in one call of the module. */
const AT_ONCE = 10;

const MOST_ROUNDS = 200;

/** The experiment's variants of the SAE. */
export const variants = {
  'top-1-soft': { name: 'Top-1 soft', k: 1, code: 'soft', start: 'random' },
  'top-3-soft': { name: 'Top-3 soft', k: 3, code: 'soft', start: 'random' },
  'top-1-hard': { name: 'Top-1 hard', k: 1, code: 'hard', start: 'random' },
  'top-3-hard': { name: 'Top-3 hard', k: 3, code: 'hard', start: 'random' },
  'top-3-hard-kmeans': { name: 'Top-3 hard, sites from k-means', k: 3, code: 'hard', start: 'kmeans' },
} as const satisfies Record<string, { name: string } & Pick<ToyOptions, 'k' | 'code' | 'start'>>;
export type Variant = keyof typeof variants;

/** The cells on which the SAE is compared. */
export const partitions = { sae: 'the SAE’s own cells', kmeans: 'the clusters of k-means' } as const;
export type Partitioned = keyof typeof partitions;

/** The figure's state, as far as it decides what is computed. */
export interface ToyState {
  readonly variant: Variant;
  readonly atoms: number;
  readonly cells: Partitioned;
  readonly clusters: number;
  readonly seed: number;
  readonly generated: boolean;
  readonly drawn: Points;
}

/** The points by their cells: the mean of each, and the best affine space of a dimension in each. */
export interface Reference {
  readonly of: Partitioned;
  readonly diagram: Diagram;
  readonly labels: Uint32Array;
  readonly means: Float64Array;
  readonly meanMse: number;
  readonly rank: number;
  readonly pca: LocalPca;
  /** Each point's mean. */
  readonly own: Float64Array;
  /** Each point's nearest place in the affine space of its cell. */
  readonly projected: Float64Array;
}

/** An SAE in training: its partition and its bounds are those of the last `train`. */
export class Run {
  private readonly toy: ToySae;
  private readonly k: number;
  private known: Reference | undefined;
  cells: Diagram;
  bounds: ToyBounds;

  constructor(
    private readonly points: Float64Array,
    variant: Variant,
    atoms: number,
    seed: number,
  ) {
    const { k, code, start } = variants[variant];
    this.toy = new ToySae(points, { atoms, k, code, start, lr: LR, seed });
    this.k = k;
    this.cells = this.cut();
    this.bounds = this.toy.bounds();
  }

  get steps(): number {
    return this.toy.steps;
  }

  get mse(): number {
    return this.toy.mse;
  }

  /** The sites of the power diagram, where the theory puts them: at the columns of the encoder. */
  get sites(): Float64Array {
    return this.toy.sites();
  }

  reconstruct(points: Float64Array): Float64Array {
    return this.toy.forward(points);
  }

  activeAt(x: number, y: number): Uint32Array {
    return this.toy.active(x, y);
  }

  /** Trains up to a step; after each few it stops if `mayGoOn` says no. */
  train(step: number, mayGoOn: () => boolean = () => true): void {
    const until = Math.min(step, LAST_STEP);
    do this.toy.train(Math.min(AT_ONCE, until - this.toy.steps));
    while (this.toy.steps < until && mayGoOn());
    this.cells = this.cut();
    this.bounds = this.toy.bounds();
    this.known = undefined;
  }

  /** The points by the SAE's own cells. */
  get reference(): Reference {
    return (this.known ??= this.refer());
  }

  private refer(): Reference {
    const { points, bounds } = this;
    const numbers = new Map<string, number>();
    const labels = Uint32Array.from({ length: points.length / 2 }, (_, i) => {
      const active = this.activeAt(points[2 * i] ?? 0, points[2 * i + 1] ?? 0).join();
      const label = numbers.get(active) ?? numbers.size;
      numbers.set(active, label);
      return label;
    });
    const means = clusterMeans(points, 2, labels, new Float64Array(2 * numbers.size));
    const rank = Math.min(this.k, 2);
    return { of: 'sae', diagram: this.cells, meanMse: bounds.constant, ...within(points, labels, means, rank) };
  }

  private cut(): Diagram {
    return diagramOf(this.toy.sites(), this.toy.weights(), this.k, PANEL);
  }

  free(): void {
    this.toy.free();
  }
}

export class ToyModel {
  private readonly gathered = new Derived(gather);
  private readonly clustered = new Derived(cluster);
  private readonly runs = new Derived(
    (points: Float64Array, variant: Variant, atoms: number, seed: number) =>
      points.length === 0 ? undefined : new Run(points, variant, atoms, seed),
    (run) => run?.free(),
  );

  points: Float64Array = new Float64Array();
  run: Run | undefined;
  private compared: Partitioned = 'sae';
  private clusters: Reference | undefined;

  /** What the SAE is compared with. */
  get reference(): Reference | undefined {
    return this.compared === 'sae' ? this.run?.reference : this.clusters;
  }

  /** Follows the state; an SAE of the same points and settings goes on where it is. */
  follow({ variant, atoms, cells, clusters, seed, generated, drawn }: ToyState): void {
    this.points = this.gathered.of(generated, drawn, seed);
    this.run = this.runs.of(this.points, variant, atoms, seed);
    this.compared = cells;
    this.clusters = cells === 'kmeans' ? this.clustered.of(this.points, clusters) : undefined;
  }

  /** Ends the SAE; the next `follow` makes one anew. */
  restart(): void {
    this.run = undefined;
    this.runs.forget();
  }

  /** Each point, and what each method makes of it. */
  table(): CsvTable {
    const { run, reference, points } = this;
    const header = ['x', 'y', 'cell', 'mean_x', 'mean_y', 'active', 'sae_x', 'sae_y', 'pca_x', 'pca_y'];
    if (!run || !reference) return { header, rows: [] };
    const bySae = run.reconstruct(points);
    const pair = (from: Float64Array, i: number): [number, number] => [from[2 * i] ?? 0, from[2 * i + 1] ?? 0];
    return {
      header,
      rows: [...reference.labels].map((label, i) => [
        ...pair(points, i),
        label,
        ...pair(reference.own, i),
        [...run.activeAt(...pair(points, i))].join(' '),
        ...pair(bySae, i),
        ...pair(reference.projected, i),
      ]),
    };
  }
}

function gather(generated: boolean, drawn: Points, seed: number): Float64Array {
  if (!generated) return Float64Array.from(drawn);
  const data = Dataset.clusters(GENERATED, seed);
  try {
    return Float64Array.from([...data.values(), ...drawn]);
  } finally {
    data.free();
  }
}

function cluster(points: Float64Array, most: number): Reference | undefined {
  const clusters = Math.min(most, points.length / 2);
  if (clusters === 0) return undefined;
  const { labels, centers, mse } = kmeans(points, 2, points.slice(0, 2 * clusters), MOST_ROUNDS);
  const diagram = diagramOf(centers, new Float64Array(clusters), 1, PANEL);
  return { of: 'kmeans', diagram, meanMse: mse, ...within(points, labels, centers, 1) };
}

function within(
  points: Float64Array,
  labels: Uint32Array,
  means: Float64Array,
  rank: number,
): Omit<Reference, 'of' | 'diagram' | 'meanMse'> {
  const pca = localPca(points, 2, labels, means, rank);
  const along = (directions: Float64Array): Float64Array => clusterProjections(points, 2, labels, means, directions);
  return { labels, means, rank, pca, own: along(new Float64Array()), projected: along(pca.directions) };
}
