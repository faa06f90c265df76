// From Voronoi to power diagrams (fig. 5): four ways to cut the plane by what is nearest, each turning into the next.

import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { kmeans, type KMeans } from 'splinterp';
import { count, measured, percent } from '../shell/format';
import { oneOf, real, whole } from '../shell/properties';
import { mix, type Colours } from './frame/colours';
import { Cutter, type Shown } from './frame/cutter';
import { corners, loadGeometry, ownersOf, traceBorders, traceCells } from './frame/diagram';
import type { CsvTable } from './frame/export';
import { changed, FigureElement } from './frame/figure';
import { circle, cross, type Painter } from './frame/painter';
import { SiteEditor } from './frame/site-editor';
import { applyEdits, edit, editsProperty, freeId, type Site, type Sites } from './frame/sites';
import type { View } from './frame/view';
import { classMeans, clouds, meanSquares, shareAlike } from './clouds';

/** Numbers of points offered. */
const counts = [10, 30, 100, 1000, 10_000] as const;

/** Most rounds of k-means; it rests long before. */
const MOST_ROUNDS = 300;

/** Seconds from one step to the next. */
const SECONDS = 1.4;

const steps = ['Voronoi', 'Nearest neighbour', 'k-means', 'Power diagram'] as const;

const table = {
  at: real('step', 'view', 0, 0, steps.length - 1),
  count: { ...oneOf('points', 'sites', counts), initial: 30 as number },
  classes: whole('k', 'sites', 5, 2, 8),
  seed: whole('seed', 'sites', 1, 0, 2 ** 32 - 1),
  points: editsProperty('moved'),
  power: editsProperty('sites'),
};

const none: Sites = { ids: new Uint32Array(), at: new Float64Array(), weights: new Float64Array() };

/** `from` at 0, `to` at 1. */
function between(from: Float64Array, to: Float64Array, t: number): Float64Array {
  return from.map((value, i) => value + ((to[i] ?? value) - value) * t);
}

@customElement('splinterp-voronoi-to-power')
export class VoronoiToPower extends FigureElement<typeof table> {
  protected readonly name = 'voronoi-to-power';
  readonly table = table;

  private base = none;
  private points = none;
  /** The class of each point. */
  private classes = new Uint32Array();
  private means: KMeans | undefined;
  /** The sites of the power diagram before the reader changed them: k-means' centres, weighed by their spread. */
  private powerBase = none;
  private power = none;
  private madeBase: readonly unknown[] = [];
  private madePoints: readonly unknown[] = [];
  private madePower: readonly unknown[] = [];
  private asked: readonly unknown[] = [];
  private readonly cutter = new Cutter(
    () => this.requestUpdate(),
    (error) => this.fail(error),
  );

  private readonly pointEditor = new SiteEditor(this, {
    sites: () => this.points,
    put: (id, site, settled) => this.set({ points: edit(this.state.points, id, site) }, settled),
    add: (site) => this.addPoint(site),
    label: (id) => `Point ${id + 1}`,
  });
  private readonly powerEditor = new SiteEditor(this, {
    sites: () => this.power,
    put: (id, site, settled) => this.set({ power: edit(this.state.power, id, site) }, settled),
    weighted: () => true,
    weightRange: () => [-0.12, 0.12],
    removable: () => false,
  });

  private get editor(): SiteEditor {
    return this.state.at > 2 ? this.powerEditor : this.pointEditor;
  }

  protected override prepare(): Promise<void> {
    return loadGeometry();
  }

  // --- what is shown --------------------------------------------------------------------------------------------

  protected override willUpdate(): void {
    const { count: number, classes, seed, at } = this.state;
    const base = [number, classes, seed];
    if (changed(this.madeBase, base)) {
      this.madeBase = base;
      this.base = clouds(number, classes, seed, this.box);
    }
    const points = [this.base, this.state.points, this.ready];
    if (changed(this.madePoints, points)) {
      this.madePoints = points;
      this.points = applyEdits(this.base, this.state.points);
      // A point's class goes with its number, so that a link need not tell it.
      this.classes = this.points.ids.map((id) => id % classes);
      if (this.ready) this.cluster();
    }
    const power = [this.powerBase, this.state.power];
    if (changed(this.madePower, power)) {
      this.madePower = power;
      this.power = applyEdits(this.powerBase, this.state.power);
    }
    const asked = [this.points, this.power, this.ready, at];
    // Between the first two steps only colours change.
    if (asked[3] !== undefined && at <= 1) asked[3] = 0;
    if (!this.ready || !changed(this.asked, asked)) return;
    this.asked = asked;
    try {
      this.cutter.ask(this.sitesAt(at), 1, this.box);
      this.mended();
    } catch (error) {
      this.fail(error);
    }
  }

  private cluster(): void {
    const start = classMeans(this.points, this.classes, this.state.classes, this.box);
    const means = kmeans(this.points.at, 2, start, MOST_ROUNDS);
    this.means = means;
    this.powerBase = {
      ids: Uint32Array.from({ length: this.state.classes }, (_, id) => id),
      at: means.centers,
      weights: meanSquares(this.points.at, means.labels, means.centers),
    };
  }

  /** The sites whose power diagram is on the stage at a moment of the morph. */
  private sitesAt(at: number): Sites {
    const { points, power, powerBase, means } = this;
    if (at <= 1 || !means) return points;
    if (at >= 2) {
      const t = at - 2;
      return {
        ids: powerBase.ids,
        at: between(powerBase.at, power.at, t),
        weights: power.weights.map((weight) => weight * t),
      };
    }
    // Each point wanders to its cluster's centre; where all have come, their cells are those of k-means.
    const goals = new Float64Array(points.at.length);
    means.labels.forEach((label, i) =>
      goals.set(means.centers.subarray(2 * label, 2 * label + 2), 2 * i),
    );
    return { ...points, at: between(points.at, goals, at - 1) };
  }

  /** The class and the cluster of a shown cell's owner. */
  private labelsOf(shown: Shown, cell: number): [number, number] {
    const id = shown.sites.ids[ownersOf(shown.diagram, cell)[0] ?? 0] ?? 0;
    if (shown.sites.ids.length === this.powerBase.ids.length && this.state.at >= 2) return [id, id];
    return [id % this.state.classes, this.clusterById.get(id) ?? 0];
  }

  private get clusterById(): Map<number, number> {
    return new Map([...this.points.ids].map((id, i) => [id, this.means?.labels[i] ?? 0]));
  }

  private addPoint(site: Site): number {
    const { ids, at } = this.points;
    let nearest = 0;
    let least = Infinity;
    for (let i = 0; i < ids.length; i++) {
      const distance = ((at[2 * i] ?? 0) - site.x) ** 2 + ((at[2 * i + 1] ?? 0) - site.y) ** 2;
      if (distance < least) [least, nearest] = [distance, i];
    }
    // The next free number of the nearest point's class.
    const { classes } = this.state;
    const free = freeId(this.base, this.state.points);
    const id = free + (((this.classes[nearest] ?? 0) - (free % classes) + classes) % classes);
    this.set({ points: edit(this.state.points, id, site) });
    return id;
  }
}
