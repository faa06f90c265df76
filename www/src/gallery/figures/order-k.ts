// Order K (fig. 6): one α takes the Voronoi diagram of some sites to their power diagram, and that to order K.

import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { cellAt } from 'splinterp/figures';
import { count } from '../../kit/format';
import { oneOf, real, whole } from '../../kit/properties';
import { cellRows, drawCells, drawMarks, drawProbe, drawWeights, outlineCell } from '../frame/cells';
import { choice, numbered, slider } from '../frame/controls';
import { Cutter, mostOrder, MOST_ORDER, partAt, type Part } from '../frame/cutter';
import { Derived } from '../frame/derived';
import { ownersOf, shareOf } from '../frame/diagram';
import type { CsvTable } from '../frame/export';
import { FigureElement } from '../frame/figure';
import type { Drawing } from '../frame/painter';
import { placeProperty, Probe } from '../frame/probe';
import { ScatteredSites, SEEDS } from '../frame/scattered';
import { SiteEditor } from '../frame/site-editor';
import { editsProperty, type Sites } from '../frame/sites';
import type { Box } from '../frame/view';

/** Numbers of sites offered. */
const counts = [10, 30, 100, 400, 1000, 10_000] as const;

/** Weights spread by this much of the area that falls to one site: most sites keep a cell. */
const SPREAD = 0.45;

/** Sites up to this many carry their number; beyond these many, dots and borders are finer. */
const MOST_NUMBERS = 60;
const MANY = 150;
const CROWD = 2000;

/** At this α the sites have their whole weights; beyond it the order rises. */
const WEIGHTED = 0.5;

/** The part of their weights that sites have. */
function partOf(alpha: number): number {
  return Math.min(1, alpha / WEIGHTED);
}

const table = {
  order: whole('order', 'view', 2, 1, MOST_ORDER),
  count: { ...oneOf('sites', 'sites', counts), initial: 30 as number },
  seed: whole('seed', 'sites', 3, 0, SEEDS - 1),
  alpha: real('alpha', 'view', 1, 0, 1),
  edits: editsProperty('moved'),
  probe: placeProperty('probe', { x: 0.62, y: 0.55 }),
};

/** A cell, and the diagram and sites that it is of. */
interface Found extends Part {
  readonly cell: number;
}

@customElement('splinterp-order-k')
export class OrderK extends FigureElement<typeof table> {
  readonly name = 'order-k';
  readonly table = table;

  private found: Found | undefined;
  private readonly scattered = new ScatteredSites(this, this.box, SPREAD);
  /** A site keeps the weight that it has, whatever part of it counts. */
  private readonly shownSites = new Derived((sites: Sites, part: number) =>
    part === 1 ? sites : { ...sites, weights: sites.weights.map((weight) => part * weight) },
  );
  private readonly cutter = new Cutter(
    () => this.requestUpdate(),
    (error) => this.fail(error),
  );
  private readonly editor = new SiteEditor(this, {
    ...this.scattered.editing,
    sites: () => this.sites,
    weighted: () => this.state.alpha >= WEIGHTED,
    weightRange: () => [-this.space, this.space],
  });
  private readonly probe = new Probe(this, {
    at: () => this.state.probe,
    move: (probe, settled) => this.set({ probe }, settled),
    text: () => this.cellInWords(),
    hover: () => {
      const { diagram, cell } = this.find() ?? {};
      if (diagram !== this.found?.diagram || cell !== this.found?.cell || this.probe.resting) this.requestUpdate();
    },
  });

  private get sites(): Sites {
    return this.shownSites.of(this.scattered.now, partOf(this.state.alpha));
  }

  /** The area that falls to one site: weights are of its size. */
  private get space(): number {
    const [x0, y0, x1, y1] = this.box;
    return ((x1 - x0) * (y1 - y0)) / this.state.count;
  }

  /** The order that α ends at. */
  private get last(): number {
    return Math.min(this.state.order, mostOrder(this.scattered.size));
  }

  /** The order that α has come to. */
  private get order(): number {
    const risen = Math.max(0, (this.state.alpha - WEIGHTED) / (1 - WEIGHTED));
    return 1 + Math.ceil(risen * (this.last - 1));
  }

  protected override derive(): void {
    this.cutter.ask(this.sites, this.order, this.box);
    this.found = this.find();
  }

  protected override forget(): void {
    this.cutter.forget();
  }

  /** The newest diagram at the probe, and its cell there, −1 if none. */
  private find(): Found | undefined {
    const { shown } = this.cutter;
    const { x, y } = this.probe.place;
    const part = shown && partAt(shown, x, y);
    return part && { ...part, cell: cellAt(part.diagram, x, y) };
  }

  // --- what it says ---------------------------------------------------------------------------------------------

  protected override claim(): TemplateResult {
    const { order } = this;
    const { alpha } = this.state;
    if (alpha === 0) {
      return html`At α = 0 no site has a weight: this is the Voronoi diagram, in each cell of which one site is nearest.`;
    }
    if (order === 1) {
      return html`TopK with K = 1 cuts the plane into a power diagram: in each cell one site has the smallest power
      distance, |x − s|² − ${alpha < WEIGHTED ? '2α' : ''}ω.`;
    }
    return html`TopK with K = ${order} cuts the plane into the power diagram of order ${order}: in each cell the same
    ${order} sites have the smallest power distances, |x − s|² − ω.`;
  }

  protected override attempt(): TemplateResult {
    return html`Move α from 0 to 1: Voronoi diagram, power diagram, order K. Raise K and watch the cells split. Drag a
    site or change its weight: only cells near it change. A circle’s squared radius is a weight; where it is below 0 the
    circle is dotted.`;
  }

  /** Numbers of what owns the cell at the probe. */
  private owners(): number[] {
    const { found } = this;
    return found && found.cell >= 0 ? [...ownersOf(found.diagram, found.cell)].map((i) => found.sites.ids[i] ?? 0) : [];
  }

  private cellInWords(): string {
    const { found } = this;
    if (!found || found.cell < 0) return 'No cell here';
    const names = this.owners().map((id) => String(id + 1));
    const list = names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
    const share = shareOf(found.diagram.areas[found.cell] ?? 0, this.box);
    return `Cell of ${names.length === 1 ? 'site' : 'sites'} ${list}, ${share} of the area`;
  }

  protected override describe(): string {
    const { shown } = this.cutter;
    if (!shown) return 'Not drawn yet';
    const what = this.state.alpha > 0 ? 'Power diagram' : 'Voronoi diagram';
    const { cells } = shown.diagram;
    return `${what} of order ${this.order} of ${count(this.sites.ids.length)} sites: ${count(cells)} cells. ${this.cellInWords()}.`;
  }

  protected override readout(): TemplateResult | typeof nothing {
    const { shown, waiting } = this.cutter;
    if (!shown) return nothing;
    return html`<span data-testid="cells">${count(shown.diagram.cells)} cells</span> <span class="muted"> · </span
      ><span data-testid="cell">${this.cellInWords()}</span>
      ${waiting ? html`<span class="muted" data-testid="coarse"> · computing the exact diagram …</span>` : nothing}`;
  }

  // --- controls -------------------------------------------------------------------------------------------------

  protected override controls(): TemplateResult {
    const { last, scattered } = this;
    const { count: sites, alpha } = this.state;
    return html`
      ${slider({
        id: 'alpha',
        label: 'α =',
        shown: alpha.toFixed(2),
        value: alpha,
        range: [0, 1, 0.01],
        change: (value, settled) => this.set({ alpha: value }, settled),
      })}
      ${slider({
        id: 'order',
        label: 'Order K =',
        shown: String(last),
        value: last,
        range: [1, mostOrder(scattered.size), 1],
        change: (value, settled) => this.set({ order: value }, settled),
      })}
      ${choice({
        id: 'count',
        label: 'Sites',
        value: sites,
        options: numbered(counts, count),
        change: (value) => scattered.recount(value),
      })}
      <button @click=${() => scattered.renew()}>New random sites</button>
    `;
  }

  protected override tools(): TemplateResult {
    return this.editor.bar();
  }

  protected override overlay(): TemplateResult {
    return this.probe.layer(this.editor.handles());
  }

  // --- drawing --------------------------------------------------------------------------------------------------

  protected override draw(drawing: Drawing): void {
    this.cutter.draw(drawing, [], (on, part, window) => this.drawPart(on, part, window));
    this.drawFound(drawing);
  }

  /** Cells, their borders, and the sites, those in `window` if it is given. */
  private drawPart(drawing: Drawing, { diagram, sites }: Part, window: Box = this.box): void {
    const { painter, view, colours } = drawing;
    drawCells(drawing, diagram, { width: this.sites.ids.length > CROWD ? 0.5 : 1 });
    const [x0, y0, x1, y1] = window;
    const { at } = sites;
    const inside = (i: number): boolean => {
      const [x, y] = [at[2 * i] ?? 0, at[2 * i + 1] ?? 0];
      return x >= x0 && x <= x1 && y >= y0 && y <= y1;
    };
    painter.dots({ fill: colours.ink }, view.places(at, inside), this.radius);
  }

  /** Of the sites' dots, in pixels. */
  private get radius(): number {
    const { length } = this.sites.ids;
    return length > CROWD ? 1 : length > MANY ? 1.8 : 3.5;
  }

  /** The cell at the probe, whose it is, and the probe. */
  private drawFound(drawing: Drawing): void {
    const { ids, at } = this.sites;
    const { found } = this;
    if (ids.length <= MOST_NUMBERS) drawWeights(drawing, this.sites);
    if (found) outlineCell(drawing, found.diagram, found.cell);
    const owners = new Set(this.owners());
    const active = new Set([...ids.keys()].filter((i) => owners.has(ids[i] ?? -1)));
    drawMarks(drawing, {
      at,
      active,
      name: (i) => String((ids[i] ?? 0) + 1),
      named: (i) => ids.length <= MOST_NUMBERS || active.has(i),
      radius: this.radius,
      bare: true,
    });
    if (this.probe.resting) drawProbe(drawing, this.state.probe);
  }

  override csv(): CsvTable {
    const { shown } = this.cutter;
    return {
      header: ['cell', 'sites', 'area', 'corners'],
      rows: cellRows(shown?.diagram, (_, owners) => [[...owners].map((i) => (shown?.sites.ids[i] ?? 0) + 1).join(' ')]),
    };
  }
}
