// Cuts the plane as a figure's sites move: small diagrams on the page's own thread, within the frame in which a site
// moves; large ones by a worker, while a coarse one stands in.

import { codeOf, messageOf, outcome } from '../../kit/failure';
import { connect, LOST, type Connection } from '../../kit/remote';
import { diagramOf, type Diagram } from './diagram';
import { Ground, type Drawing } from './painter';
import type { GeometryWorker } from './geometry-protocol';
import { patchOf, type Patch } from './patch';
import type { Sites } from './sites';
import type { Box } from './view';
import script from './geometry.worker?worker&url';

/** The worker, once it is needed, until it dies. */
let cutter: Connection<GeometryWorker> | undefined;

async function cutInWorker(sites: Sites, order: number, box: Box): Promise<Diagram> {
  const mine = (cutter ??= connect<GeometryWorker>(script));
  try {
    return await mine.api.diagram(sites.at, sites.weights, order, box);
  } catch (error) {
    if (codeOf(error) !== LOST) throw error;
    if (cutter === mine) cutter = undefined;
    throw new Error(`The worker for large diagrams stopped: ${messageOf(error)}. The picture is a coarse one.`, {
      cause: error,
    });
  }
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

interface Wanted {
  readonly sites: Sites;
  readonly order: number;
  readonly box: Box;
}

/** Cuts as a figure's sites change: at once if that is quick, else by the worker, the newest wish first. */
export class Cutter {
  shown: Shown | undefined;
  private wanted: Wanted | undefined;
  private asked: Pick<Wanted, 'sites' | 'order'> | undefined;
  private busy = false;
  private readonly ground = new Ground();

  constructor(
    private readonly changed: () => void,
    private readonly failed: (error: Error) => void,
  ) {}

  /** Sees to the diagram of some sites, if it was not asked for last; what is to be shown now is in `shown`. */
  ask(sites: Sites, order: number, box: Box): void {
    if (this.asked?.sites === sites && this.asked.order === order) return;
    this.forget();
    if (isSmall(sites.ids.length, order)) {
      this.wanted = undefined;
      this.shown = { diagram: diagramOf(sites.at, sites.weights, order, box), sites, order, exact: true };
    } else {
      this.wanted = { sites, order, box };
      this.shown = this.standIn(sites, order, box);
      if (!this.busy) void this.work();
    }
    this.asked = { sites, order };
  }

  /** Draws what is shown part by part, the newest last; what depends on `key` too is drawn anew when it changes. */
  draw(drawing: Drawing, key: readonly unknown[], part: (on: Drawing, part: Part, window?: Box) => void): void {
    const { shown } = this;
    if (!shown) return;
    // What the worker has cut takes longer to draw than a drag allows, and stays the same between its answers.
    if (isSmall(shown.sites.ids.length, shown.order)) part(drawing, shown);
    else {
      this.ground.paint(drawing.painter, [shown.diagram, drawing.colours.panel, ...key], (painter) =>
        part({ ...drawing, painter }, shown),
      );
    }
    if (shown.patch) part(drawing, shown.patch, shown.patch.window);
  }

  /** Asks again for what was asked for last: it failed. */
  forget(): void {
    this.asked = undefined;
  }

  /** Whether the worker is still to answer. */
  get waiting(): boolean {
    return this.wanted !== undefined;
  }

  /** What is shown while the worker is at work. */
  private standIn(sites: Sites, order: number, box: Box): Shown {
    // The last diagram of nearly the same sites stands in better than a coarse one of the new.
    const last = this.shown;
    if (last?.order === order && Math.abs(last.sites.ids.length - sites.ids.length) < 2) {
      return { ...last, exact: false, patch: patchOf(last.diagram, last.sites, sites, order, box) };
    }
    const few = firstSites(sites, coarseCount(order));
    return { diagram: diagramOf(few.at, few.weights, order, box), sites: few, order, exact: false };
  }

  private async work(): Promise<void> {
    this.busy = true;
    while (this.wanted) {
      const asked = this.wanted;
      const answer = await outcome(async () => {
        this.take(await cutInWorker(asked.sites, asked.order, asked.box), asked);
      });
      if (this.wanted === asked) {
        this.wanted = undefined;
        if (!answer.ok) this.failed(new Error(answer.message));
      }
      this.changed();
    }
    this.busy = false;
  }

  /** While newer sites wait, this diagram is still the best there is, unless they were cut at once. */
  private take(diagram: Diagram, asked: Wanted): void {
    const { wanted } = this;
    if (!wanted) return;
    const { sites, order, box } = asked;
    const patch = patchOf(diagram, sites, wanted.sites, order, box);
    this.shown = { diagram, sites, order, exact: wanted === asked, patch };
  }
}

/** The first sites of a list: they spread over the box, as those of `scatter` do. */
function firstSites({ ids, at, weights }: Sites, count: number): Sites {
  return { ids: ids.subarray(0, count), at: at.slice(0, 2 * count), weights: weights.slice(0, count) };
}
