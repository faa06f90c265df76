// From Voronoi to power diagrams (fig. 5): four ways to cut the plane by what is nearest, each turning into the next.

import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { kmeans, type KMeans } from 'splinterp/figures';
import { count, measured, percent } from '../../kit/format';
import { oneOf, real, whole } from '../../kit/properties';
import type { Colours } from '../frame/colours';
import { Cutter, isSmall, type Part } from '../frame/cutter';
import { corners, loadGeometry, ownersOf, shareOf } from '../frame/diagram';
import type { CsvTable } from '../frame/export';
import { changed, FigureElement } from '../frame/figure';
import { Ground, type Painter } from '../frame/painter';
import { SiteEditor } from '../frame/site-editor';
import { applyEdits, edit, editsProperty, freeId, type Site, type Sites } from '../frame/sites';
import type { View } from '../frame/view';
import { drawCells, drawCentres, drawPoints, drawWanderers, MANY } from './morph-picture';
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
  /** The cluster of each point, by its number. */
  private clusterOf: ReadonlyMap<number, number> = new Map();
  /** The sites last asked for, if they are centres and not points. */
  private centres: Sites | undefined;
  /** The sites of the power diagram before the reader changed them: k-means' centres, weighed by their spread. */
  private powerBase = none;
  private power = none;
  private madeBase: readonly unknown[] = [];
  private madePoints: readonly unknown[] = [];
  private madeMeans: readonly unknown[] = [];
  private madePower: readonly unknown[] = [];
  private asked: readonly unknown[] = [];
  private readonly cutter = new Cutter(
    () => this.requestUpdate(),
    (error) => this.fail(error),
  );

  private readonly ground = new Ground();
  private readonly pointEditor = new SiteEditor(this, {
    sites: () => this.points,
    put: (id, site, settled) => this.set({ points: edit(this.state.points, id, site) }, settled),
    add: (site) => this.addPoint(site),
    noun: 'point',
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
    const points = [this.base, this.state.points];
    if (changed(this.madePoints, points)) {
      this.madePoints = points;
      this.points = applyEdits(this.base, this.state.points);
      // A point's class goes with its number, so that a link need not tell it.
      this.classes = this.points.ids.map((id) => id % classes);
    }
    // Up to the second step k-means does not show, and a drag among 10 000 points need not wait for it.
    const means = [this.points, classes];
    if (this.ready && at > 1 && changed(this.madeMeans, means)) {
      this.madeMeans = means;
      this.cluster();
    }
    const power = [this.powerBase, this.state.power];
    if (changed(this.madePower, power)) {
      this.madePower = power;
      this.power = applyEdits(this.powerBase, this.state.power);
    }
    // Up to the second step only colours change.
    const asked = [this.points, this.power, this.ready, Math.max(at, 1)];
    if (!this.ready || !changed(this.asked, asked)) return;
    this.asked = asked;
    try {
      const sites = this.sitesAt(at);
      this.centres = at >= 2 ? sites : undefined;
      this.cutter.ask(sites, 1, this.box);
      this.mended();
    } catch (error) {
      this.fail(error);
    }
  }

  private cluster(): void {
    const start = classMeans(this.points, this.classes, this.state.classes, this.box);
    const means = kmeans(this.points.at, 2, start, MOST_ROUNDS);
    this.means = means;
    this.clusterOf = new Map([...this.points.ids].map((id, i) => [id, means.labels[i] ?? 0]));
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
    means.labels.forEach((label, i) => goals.set(means.centers.subarray(2 * label, 2 * label + 2), 2 * i));
    return { ...points, at: between(points.at, goals, at - 1) };
  }

  /** The class and the cluster of what owns a cell. */
  private labelsOf(shown: Part, cell: number): readonly [number, number] {
    const id = shown.sites.ids[ownersOf(shown.diagram, cell)[0] ?? 0] ?? 0;
    return shown.sites === this.centres ? [id, id] : [id % this.state.classes, this.clusterOf.get(id) ?? 0];
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

  // --- what it says ---------------------------------------------------------------------------------------------

  /** The step that the morph is at or nearest to. */
  private get step(): number {
    return Math.round(this.state.at);
  }

  protected override claim(): TemplateResult {
    return [
      html`Voronoi: a cell is all that lies nearer to its point than to any other.`,
      html`One nearest neighbour: every place takes the class of its nearest point, so cells of a class merge.`,
      html`k-means: the same cut with few sites, each the mean of the points in its cell.`,
      html`Power diagram: give each site a weight, and heavy cells grow while every border stays straight. Top-1
      autoencoders cut like this.`,
    ][this.step] as TemplateResult;
  }

  protected override attempt(): TemplateResult {
    return [
      html`Drag a point, or add one with a double click; then go on to the next step.`,
      html`Drag a point of one class among those of another.`,
      html`Drag a point: the centres settle anew.`,
      html`Choose a site and change its weight until its neighbour's cell is gone. The circles have the weights as their
      squared radii: a border passes through where two circles cross.`,
    ][this.step] as TemplateResult;
  }

  private facts(): string {
    const { shown } = this.cutter;
    const { means, classes, points } = this;
    if (!shown) return '';
    if (this.step === 0) {
      const largest = shown.diagram.areas.reduce((most, area) => Math.max(most, area), 0);
      const share = shareOf(largest, this.box);
      return `${count(shown.diagram.cells)} cells, one for each point; the largest takes ${share} of the area`;
    }
    if (this.step === 1) return `${count(points.ids.length)} points in ${this.state.classes} classes`;
    if (this.step === 3) return `${count(shown.diagram.cells)} of ${this.state.classes} sites have a cell`;
    const alike = percent(shareAlike(classes, means?.labels ?? new Uint32Array()));
    const rounds = means?.rounds === 1 ? 'one round' : `${count(means?.rounds ?? 0)} rounds`;
    return (
      `${this.state.classes} means, mean squared error ${measured(means?.mse)} after ${rounds}; ` +
      `${alike} of the points lie in the cluster of their class`
    );
  }

  protected override readout(): TemplateResult | typeof nothing {
    return html`<span data-testid="facts">${this.facts()}</span> ${
        this.cutter.shown?.exact === false
          ? html`<span class="muted" data-testid="coarse"> · exact diagram on its way …</span>`
          : nothing
      }`;
  }

  protected override describe(): string {
    return `${steps[this.step] ?? ''}: ${this.facts()}.`;
  }

  // --- controls -------------------------------------------------------------------------------------------------

  private goTo(step: number): void {
    const from = this.state.at;
    const seconds = SECONDS * Math.abs(step - from);
    // At rest at both ends (smoothstep).
    this.play(seconds, (t) => {
      const at = t === 1 ? step : from + (step - from) * t * t * (3 - 2 * t);
      this.set({ at: Math.round(at * 1000) / 1000 }, t === 1);
    });
  }

  private slide(event: Event, settled: boolean): void {
    this.stop();
    this.set({ at: Number((event.target as HTMLInputElement).value) }, settled);
  }

  protected override controls(): TemplateResult {
    const { state } = this;
    const value = (event: Event): number => Number((event.target as HTMLInputElement | HTMLSelectElement).value);
    const anew = { points: new Map(), power: new Map() } as const;
    return html`
      <div class="segments" role="group" aria-label="Step">
        ${steps.map(
          (name, step) =>
            html`<button aria-pressed=${step === state.at ? 'true' : 'false'} @click=${() => this.goTo(step)}>
              ${name}
            </button>`,
        )}
      </div>
      <div class="field wide">
        <label for="morph">From one to the next</label>
        <input
          id="morph"
          type="range"
          min="0"
          max=${steps.length - 1}
          step="0.01"
          aria-valuetext=${steps[this.step] ?? ''}
          .value=${live(String(state.at))}
          @input=${(event: Event) => this.slide(event, false)}
          @change=${(event: Event) => this.slide(event, true)}
        />
      </div>
      <div class="field">
        <label for="count">Points</label>
        <select id="count" @change=${(event: Event) => this.set({ count: value(event), ...anew })}>
          ${counts.map(
            (each) => html`<option value=${each} .selected=${live(each === state.count)}>${count(each)}</option>`,
          )}
        </select>
      </div>
      <div class="field">
        <label for="classes">Classes, k</label>
        <select id="classes" @change=${(event: Event) => this.set({ classes: value(event), ...anew })}>
          ${[2, 3, 4, 5, 6, 7, 8].map(
            (each) => html`<option value=${each} .selected=${live(each === state.classes)}>${each}</option>`,
          )}
        </select>
      </div>
      <button @click=${() => this.set({ seed: (state.seed + 1) % 2 ** 32, ...anew })}>Other points</button>
    `;
  }

  protected override tools(): TemplateResult {
    return this.editor.bar();
  }

  protected override overlay(): TemplateResult {
    return this.editor.handles();
  }

  // --- drawing --------------------------------------------------------------------------------------------------

  protected override draw(painter: Painter, view: View, colours: Colours): void {
    const { shown } = this.cutter;
    if (!shown) return;
    const { at, classes } = this.state;
    const { points, means } = this;
    const drawing = { painter, view, colours };
    const many = points.ids.length > MANY;
    const cells = (on: Painter, part: Part): void => {
      const labels = Array.from({ length: part.diagram.cells }, (_, cell) => this.labelsOf(part, cell));
      drawCells({ painter: on, view, colours }, part.diagram, labels, at, many);
    };
    // What the worker has cut takes longer to draw than a drag allows, and stays the same between its answers.
    const key = [shown.diagram, at, classes, at > 1 ? this.clusterOf : undefined, colours.panel];
    if (isSmall(shown.sites.ids.length, 1)) cells(painter, shown);
    else this.ground.paint(painter, key, (on) => cells(on, shown));
    if (shown.patch) cells(painter, shown.patch);
    drawPoints(drawing, points, this.classes, classes, at);
    if (at > 1 && at < 2) drawWanderers(drawing, shown.sites);
    if (at > 1 && means) drawCentres(drawing, this.sitesAt(Math.max(at, 2)), Math.min(at - 1, 1));
  }

  protected override csv(): CsvTable {
    const { shown } = this.cutter;
    const cells = shown ? Array.from({ length: shown.diagram.cells }, (_, cell) => cell) : [];
    const clustered = this.state.at > 1;
    return {
      header: ['cell', 'site', 'x', 'y', 'weight', 'class', 'cluster', 'area', 'corners'],
      rows: cells.map((cell) => {
        if (!shown) return [];
        const { sites, diagram } = shown;
        const i = ownersOf(diagram, cell)[0] ?? 0;
        const [own, cluster] = this.labelsOf(shown, cell);
        const site = [(sites.ids[i] ?? 0) + 1, sites.at[2 * i] ?? 0, sites.at[2 * i + 1] ?? 0, sites.weights[i] ?? 0];
        const labels = [own + 1, clustered ? cluster + 1 : ''];
        return [cell, ...site, ...labels, diagram.areas[cell] ?? 0, corners(diagram, cell)];
      }),
    };
  }
}
