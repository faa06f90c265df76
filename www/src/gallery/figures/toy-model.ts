// What "Between k-means and PCA" compares on the same points: an SAE in training, k-means, and k-means with local PCA.

import {
  Dataset,
  kmeans,
  localPca,
  ToySae,
  type KMeans,
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

/** The figure's state, as far as it decides what is computed. */
export interface ToyState {
  readonly variant: Variant;
  readonly atoms: number;
  readonly clusters: number;
  readonly seed: number;
  readonly generated: boolean;
  readonly drawn: Points;
}

/** k-means, and the best line through each cluster. */
export interface Means extends KMeans {
  readonly cells: Diagram;
  readonly pca: LocalPca;
}

/** An SAE in training: its partition and its bounds are those of the last `train`. */
export class Run {
  private readonly toy: ToySae;
  private readonly k: number;
  cells: Diagram;
  bounds: ToyBounds;

  constructor(points: Float64Array, variant: Variant, atoms: number, seed: number) {
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

  /** The sites of the power diagram, where the theory puts them: at the rows of the encoder. */
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
  means: Means | undefined;

  /** Follows the state; an SAE of the same points and settings goes on where it is. */
  follow({ variant, atoms, clusters, seed, generated, drawn }: ToyState): void {
    this.points = this.gathered.of(generated, drawn, seed);
    this.run = this.runs.of(this.points, variant, atoms, seed);
    this.means = this.clustered.of(this.points, clusters);
  }

  /** Ends the SAE; the next `follow` makes one anew. */
  restart(): void {
    this.run = undefined;
    this.runs.forget();
  }

  /** Each point, and what each method makes of it. */
  table(): CsvTable {
    const { run, means, points } = this;
    const header = ['x', 'y', 'cluster', 'kmeans_x', 'kmeans_y', 'active', 'sae_x', 'sae_y', 'pca_x', 'pca_y'];
    if (!run || !means) return { header, rows: [] };
    const [byMeans, bySae, byPca] = [centresOf(means), run.reconstruct(points), projectionsOf(means, points)];
    const pair = (from: Float64Array, i: number): [number, number] => [from[2 * i] ?? 0, from[2 * i + 1] ?? 0];
    return {
      header,
      rows: [...means.labels].map((label, i) => [
        ...pair(points, i),
        label,
        ...pair(byMeans, i),
        [...run.activeAt(...pair(points, i))].join(' '),
        ...pair(bySae, i),
        ...pair(byPca, i),
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

function cluster(points: Float64Array, most: number): Means | undefined {
  const clusters = Math.min(most, points.length / 2);
  if (clusters === 0) return undefined;
  const found = kmeans(points, 2, points.slice(0, 2 * clusters), MOST_ROUNDS);
  const pca = localPca(points, 2, found.labels, found.centers, 1);
  return { ...found, pca, cells: diagramOf(found.centers, new Float64Array(clusters), 1, PANEL) };
}

/** Each point's centre. */
export function centresOf({ centers, labels }: KMeans): Float64Array {
  return Float64Array.from({ length: 2 * labels.length }, (_, i) => centers[2 * (labels[i >> 1] ?? 0) + (i % 2)] ?? 0);
}

/** Each point's nearest place on the line of its cluster. */
export function projectionsOf({ centers, labels, pca }: Means, points: Float64Array): Float64Array {
  const out = new Float64Array(points.length);
  for (const [i, label] of labels.entries()) {
    const [cx, cy] = [centers[2 * label] ?? 0, centers[2 * label + 1] ?? 0];
    const [dx, dy] = [pca.directions[2 * label] ?? 0, pca.directions[2 * label + 1] ?? 0];
    const along = ((points[2 * i] ?? 0) - cx) * dx + ((points[2 * i + 1] ?? 0) - cy) * dy;
    out[2 * i] = cx + along * dx;
    out[2 * i + 1] = cy + along * dy;
  }
  return out;
}
