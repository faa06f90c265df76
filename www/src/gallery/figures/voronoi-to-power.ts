// From Voronoi to power diagrams (fig. 5): four ways to cut the plane by what is nearest, each turning into the next.

import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { count, measured, percent } from '../../kit/format';
import { oneOf, real, whole } from '../../kit/properties';
import { cellRows } from '../frame/cells';
import { choice, numbered, slider } from '../frame/controls';
import { Cutter } from '../frame/cutter';
import { ownersOf, shareOf } from '../frame/diagram';
import type { CsvTable } from '../frame/export';
import { FigureElement } from '../frame/figure';
import type { Drawing } from '../frame/painter';
import { SEEDS } from '../frame/scattered';
import { SiteEditor } from '../frame/site-editor';
import { edit, editsProperty } from '../frame/sites';
import { MorphModel } from './morph-model';
import { drawCentres, drawMorph, drawPoints, drawWanderers, MANY } from './morph-picture';

/** Numbers of points offered. */
const counts = [10, 30, 100, 1000, 10_000] as const;
const classCounts = [2, 3, 4, 5, 6, 7, 8] as const;

/** Seconds from one step to the next. */
const SECONDS = 1.4;

const steps = ['Voronoi', 'Nearest neighbour', 'k-means', 'Power diagram'] as const;

const table = {
  at: real('step', 'view', 0, 0, steps.length - 1),
  count: { ...oneOf('points', 'sites', counts), initial: 30 as number },
  classes: whole('k', 'sites', 5, 2, 8),
  seed: whole('seed', 'sites', 1, 0, SEEDS - 1),
  points: editsProperty('moved'),
  power: editsProperty('sites'),
};

@customElement('splinterp-voronoi-to-power')
export class VoronoiToPower extends FigureElement<typeof table> {
  readonly name = 'voronoi-to-power';
  readonly table = table;

  private readonly model = new MorphModel(
    () => this.state,
    () => this.ready,
    this.box,
  );
  private readonly cutter = new Cutter(
    () => this.requestUpdate(),
    (error) => this.fail(error),
  );
  private readonly pointEditor = new SiteEditor(this, {
    sites: () => this.model.points,
    put: (id, site, settled) => this.set({ points: edit(this.state.points, id, site) }, settled),
    add: (site) => {
      const id = this.model.idFor(site);
      this.set({ points: edit(this.state.points, id, site) });
      return id;
    },
    noun: 'point',
  });
  private readonly powerEditor = new SiteEditor(this, {
    sites: () => this.model.power,
    put: (id, site, settled) => this.set({ power: edit(this.state.power, id, site) }, settled),
    weighted: () => true,
    weightRange: () => [-0.12, 0.12],
    removable: () => false,
  });

  private get editor(): SiteEditor {
    return this.state.at > 2 ? this.powerEditor : this.pointEditor;
  }

  protected override derive(): void {
    this.cutter.ask(this.model.sites, 1, this.box);
  }

  protected override forget(): void {
    this.cutter.forget();
  }

  // --- what it says ---------------------------------------------------------------------------------------------

  /** The step that the morph is at or nearest to. */
  private get step(): number {
    return Math.round(this.state.at);
  }

  protected override claim(): TemplateResult {
    return [
      html`Voronoi diagram: a cell is all that lies nearer to its point than to any other.`,
      html`Nearest neighbour: every place takes the class of its nearest point, so cells of one class merge.`,
      html`k-means: the same partition with few sites, each the mean of the points in its cell.`,
      html`Power diagram: give each site a weight, and heavy cells grow while every border stays straight. Top-1
      autoencoders partition their input space this way.`,
    ][this.step] as TemplateResult;
  }

  protected override attempt(): TemplateResult {
    return [
      html`Drag a point, or add one with a double click; then go on to the next step.`,
      html`Drag a point of one class among those of another.`,
      html`Drag a point: the means are computed anew.`,
      html`Select a site and change its weight until its neighbour’s cell is gone. The circles have the weights as their
      squared radii: a border passes through the points where two circles cross.`,
    ][this.step] as TemplateResult;
  }

  private facts(): string {
    const { shown } = this.cutter;
    const { means, points } = this.model;
    const { classes } = this.state;
    if (!shown) return '';
    if (this.step === 0) {
      const largest = shown.diagram.areas.reduce((most, area) => Math.max(most, area), 0);
      const share = shareOf(largest, this.box);
      return `${count(shown.diagram.cells)} cells, one for each point; the largest takes ${share} of the area`;
    }
    if (this.step === 1) return `${count(points.ids.length)} points in ${classes} classes`;
    if (this.step === 3) return `${count(shown.diagram.cells)} of ${classes} sites have a cell`;
    const rounds = means?.rounds === 1 ? 'one round' : `${count(means?.rounds ?? 0)} rounds`;
    return (
      `${classes} means, mean squared error ${measured(means?.mse)} after ${rounds}; ` +
      `${percent(this.model.shareInOwnCluster)} of the points lie in the cluster of their class`
    );
  }

  protected override readout(): TemplateResult | typeof nothing {
    return html`<span data-testid="facts">${this.facts()}</span> ${
        this.cutter.waiting
          ? html`<span class="muted" data-testid="coarse"> · computing the exact diagram …</span>`
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

  /** Other points: what was moved among the old ones is no more. */
  private renew(changes: Partial<VoronoiToPower['state']>): void {
    this.set({ ...changes, points: new Map(), power: new Map() });
  }

  protected override controls(): TemplateResult {
    const { at, count: points, classes, seed } = this.state;
    return html`
      <div class="segments" role="group" aria-label="Step">
        ${steps.map(
          (name, step) =>
            html`<button aria-pressed=${step === at ? 'true' : 'false'} @click=${() => this.goTo(step)}>
              ${name}
            </button>`,
        )}
      </div>
      ${slider({
        id: 'morph',
        label: 'From one to the next',
        said: steps[this.step] ?? '',
        value: at,
        range: [0, steps.length - 1, 0.01],
        change: (value, settled) => {
          this.stop();
          this.set({ at: value }, settled);
        },
      })}
      ${choice({
        id: 'count',
        label: 'Points',
        value: points,
        options: numbered(counts, count),
        change: (value) => this.renew({ count: value }),
      })}
      ${choice({
        id: 'classes',
        label: 'Classes, k',
        value: classes,
        options: numbered(classCounts, count),
        change: (value) => this.renew({ classes: value }),
      })}
      <button @click=${() => this.renew({ seed: (seed + 1) % SEEDS })}>New random points</button>
    `;
  }

  protected override tools(): TemplateResult {
    return this.editor.bar();
  }

  protected override overlay(): TemplateResult {
    return this.editor.handles();
  }

  // --- drawing --------------------------------------------------------------------------------------------------

  protected override draw(drawing: Drawing): void {
    const { shown } = this.cutter;
    if (!shown) return;
    const { model } = this;
    const { at, classes } = this.state;
    const { points, means } = model;
    const many = points.ids.length > MANY;
    this.cutter.draw(drawing, [at, classes, means?.clusterOf], (on, part) => {
      const labels = Array.from({ length: part.diagram.cells }, (_, cell) => model.labelsOf(part, cell));
      drawMorph(on, part.diagram, labels, at, many);
    });
    drawPoints(drawing, points, model.classes, classes, at);
    if (at > 1 && at < 2) drawWanderers(drawing, shown.sites);
    if (means) drawCentres(drawing, model.centres, Math.min(at - 1, 1));
  }

  override csv(): CsvTable {
    const { shown } = this.cutter;
    const clustered = this.state.at > 1;
    return {
      header: ['cell', 'site', 'x', 'y', 'weight', 'class', 'cluster', 'area', 'corners'],
      rows: cellRows(shown?.diagram, (cell) => {
        if (!shown) return [];
        const { ids, at, weights } = shown.sites;
        const i = ownersOf(shown.diagram, cell)[0] ?? 0;
        const [own, cluster] = this.model.labelsOf(shown, cell);
        const labels = [own + 1, clustered ? cluster + 1 : ''];
        return [(ids[i] ?? 0) + 1, at[2 * i] ?? 0, at[2 * i + 1] ?? 0, weights[i] ?? 0, ...labels];
      }),
    };
  }
}
