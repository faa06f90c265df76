// Cuts the plane as a figure's sites move: small diagrams on the page's own thread, within the frame in which a site
// moves; large ones by a worker, while a coarse one stands in.

import { wrap, type Remote } from 'comlink';
import { outcome, type Outcome } from '../../kit/failure';
import { diagramOf, type Diagram } from './diagram';
import { patchOf, type Patch } from './patch';
import type { Sites } from './sites';
import type { Box } from './view';

/** What the worker of large diagrams does. */
export interface GeometryWorker {
  diagram(at: Float64Array, weights: Float64Array, order: number, box: Box): Promise<Outcome<Diagram>>;
}

/** The worker, and a promise that only ever fails: if it could not be started. */
let remote: { cutter: Remote<GeometryWorker>; broken: Promise<never> } | undefined;

function startWorker(): { cutter: Remote<GeometryWorker>; broken: Promise<never> } {
  const worker = new Worker(new URL('./geometry.worker.ts', import.meta.url), { type: 'module' });
  const broken = new Promise<never>((_, reject) => {
    worker.addEventListener('error', () => reject(new Error('The worker for large diagrams could not be started.')));
  });
  return { cutter: wrap<GeometryWorker>(worker), broken };
}

function cutInWorker(sites: Sites, order: number, box: Box): Promise<Outcome<Diagram>> {
  remote ??= startWorker();
  return Promise.race([remote.cutter.diagram(sites.at, sites.weights, order, box), remote.broken]);
}

/**
 * Sites that the page's thread cuts itself, by order: at order 1 a thousand take about 2 ms, and an order's cost
 * grows about with the number of its cells, order × sites.
 */
export function isSmall(sites: number, order: number): boolean {
  return order === 1 ? sites <= 1500 : sites * order <= 400;
}

/** Orders offered; beyond, cells are too small to be told apart. */
export const MOST_ORDER = 20;

/** Most order × sites: the worker cuts it within a second or two. */
const MOST_WORK = 12_000;

/** The orders that a number of sites allows. */
export function mostOrder(sites: number): number {
  return Math.max(1, Math.min(MOST_ORDER, sites, Math.floor(MOST_WORK / sites)));
}

/** Sites of the coarse diagram that stands in where nothing exact is there yet. */
function coarseCount(order: number): number {
  return order === 1 ? 1000 : Math.max(order, Math.floor(300 / order));
}

/** What a figure shows for its sites: the exact diagram, or for a moment a coarse one. */
export interface Shown {
  readonly diagram: Diagram;
  /** The sites whose diagram it is; owners are places in their list. */
  readonly sites: Sites;
  readonly order: number;
  readonly exact: boolean;
  /** What is newer than `diagram`, to be drawn over it. */
  readonly patch?: Patch | undefined;
}

/** A diagram and the sites whose places own its cells. */
export type Part = Pick<Shown, 'diagram' | 'sites'>;

/** The newest that is shown at a place. */
export function partAt(shown: Shown, x: number, y: number): Part {
  const { patch } = shown;
  const [x0, y0, x1, y1] = patch?.window ?? [0, 0, 0, 0];
  return patch && x >= x0 && x <= x1 && y >= y0 && y <= y1 ? patch : shown;
}

/** Cuts as a figure's sites change: at once if that is quick, else by the worker, the newest wish first. */
export class Cutter {
  shown: Shown | undefined;
  private wanted: { sites: Sites; order: number; box: Box } | undefined;
  private busy = false;

  constructor(
    private readonly changed: () => void,
    private readonly failed: (error: Error) => void,
  ) {}

  /** Asks for the diagram of some sites; what is to be shown now is in `shown`. */
  ask(sites: Sites, order: number, box: Box): void {
    if (isSmall(sites.ids.length, order)) {
      this.wanted = undefined;
      this.shown = { diagram: diagramOf(sites.at, sites.weights, order, box), sites, order, exact: true };
      return;
    }
    this.wanted = { sites, order, box };
    // The last diagram of nearly the same sites stands in better than a coarse one of the new.
    const last = this.shown;
    if (last?.order === order && Math.abs(last.sites.ids.length - sites.ids.length) < 2) {
      this.shown = { ...last, exact: false, patch: patchOf(last.diagram, last.sites, sites, order, box) };
    } else {
      const few = firstSites(sites, coarseCount(order));
      this.shown = { diagram: diagramOf(few.at, few.weights, order, box), sites: few, order, exact: false };
    }
    if (!this.busy) void this.work();
  }

  private isWanted(): boolean {
    return this.wanted !== undefined;
  }

  private async work(): Promise<void> {
    this.busy = true;
    while (this.wanted) {
      const { sites, order, box } = this.wanted;
      const asked = this.wanted;
      const answer = await outcome(() => cutInWorker(sites, order, box)).then((all) => (all.ok ? all.value : all));
      if (answer.ok) {
        // While newer sites wait, this diagram is still the best there is, unless they were cut at once.
        if (this.isWanted()) {
          const patch = patchOf(answer.value, sites, this.wanted.sites, order, box);
          this.shown = { diagram: answer.value, sites, order, exact: this.wanted === asked, patch };
        }
      } else if (this.wanted === asked) this.failed(new Error(answer.message));
      if (this.wanted === asked) this.wanted = undefined;
      this.changed();
    }
    this.busy = false;
  }
}

/** The first sites of a list: they spread over the box, as those of `scatter` do. */
function firstSites({ ids, at, weights }: Sites, count: number): Sites {
  return { ids: ids.subarray(0, count), at: at.slice(0, 2 * count), weights: weights.slice(0, count) };
}
