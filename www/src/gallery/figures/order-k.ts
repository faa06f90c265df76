// Order K (fig. 6): the same sites cut the plane by which K of them are nearest.

import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { count } from '../../kit/format';
import { flag, oneOf, whole } from '../../kit/properties';
import type { Colours } from '../frame/colours';
import { Cutter, isSmall, mostOrder, MOST_ORDER, partAt, type Part } from '../frame/cutter';
import { cellAt, corners, loadGeometry, ownersOf, shareOf, traceBorders, traceCells } from '../frame/diagram';
import type { CsvTable } from '../frame/export';
import { changed, FigureElement } from '../frame/figure';
import { cross, Ground, type Painter } from '../frame/painter';
import { placeProperty, Probe } from '../frame/probe';
import { SiteEditor } from '../frame/site-editor';
import { applyEdits, edit, editsProperty, freeId, scatter, type Sites } from '../frame/sites';
import type { Box, View } from '../frame/view';

/** Numbers of sites offered. */
const counts = [10, 30, 100, 400, 1000, 10_000] as const;

/** Weights spread by this much of the area that falls to one site: most sites keep a cell. */
const SPREAD = 0.45;

/** Sites up to this many carry their number. */
const MOST_NUMBERS = 60;

const table = {
  order: whole('order', 'view', 2, 1, MOST_ORDER),
  count: { ...oneOf('sites', 'sites', counts), initial: 30 as number },
  seed: whole('seed', 'sites', 3, 0, 2 ** 32 - 1),
  weighted: flag('weights', 'view', true),
  edits: editsProperty('moved'),
  probe: placeProperty('probe', { x: 0.62, y: 0.55 }),
};

/** A cell, and the diagram and sites that it is of. */
interface Found extends Part {
  readonly cell: number;
}

const noSites: Sites = { ids: new Uint32Array(), at: new Float64Array(), weights: new Float64Array() };

@customElement('splinterp-order-k')
export class OrderK extends FigureElement<typeof table> {
  protected readonly name = 'order-k';
  readonly table = table;

  private base = noSites;
  private sites = noSites;
  /** What `base` and the diagram were made from. */
  private made: readonly unknown[] = [];
  private asked: readonly unknown[] = [];
  private found: Found | undefined;
  private readonly cutter = new Cutter(
    () => this.requestUpdate(),
    (error) => this.fail(error),
  );
  private readonly ground = new Ground();
  private readonly editor = new SiteEditor(this, {
    sites: () => this.sites,
    put: (id, site, settled) => this.set({ edits: edit(this.state.edits, id, site) }, settled),
    add: (site) => {
      const id = freeId(this.base, this.state.edits);
      this.set({ edits: edit(this.state.edits, id, site) });
      return id;
    },
    weighted: () => this.state.weighted,
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

  /** The area that falls to one site: weights are of its size. */
  private get space(): number {
    const [x0, y0, x1, y1] = this.box;
    return ((x1 - x0) * (y1 - y0)) / this.state.count;
  }

  private get order(): number {
    return Math.min(this.state.order, mostOrder(this.sites.ids.length));
  }

  protected override prepare(): Promise<void> {
    return loadGeometry();
  }

  protected override willUpdate(): void {
    const { count: number, seed, edits, weighted } = this.state;
    const made = [number, seed];
    if (changed(this.made, made)) {
      this.base = scatter(number, seed, this.box, SPREAD);
      this.made = made;
    }
    const asked = [this.base, edits, weighted, this.state.order, this.ready];
    if (changed(this.asked, asked)) {
      this.asked = asked;
      const sites = applyEdits(this.base, edits);
      // Without weights a site keeps the weight that it has, for when they count again.
      this.sites = weighted ? sites : { ...sites, weights: new Float64Array(sites.weights.length) };
      this.cut();
    }
    this.found = this.find();
  }

  private cut(): void {
    if (!this.ready) return;
    try {
      this.cutter.ask(this.sites, this.order, this.box);
      this.mended();
    } catch (error) {
      this.fail(error);
    }
  }

  // --- what it says ---------------------------------------------------------------------------------------------

  protected override claim(): TemplateResult {
    return this.order === 1
      ? html`TopK with K = 1 cuts the plane in a power diagram: a cell is where the same site is nearest.`
      : html`TopK with K = ${this.order} cuts the plane in the power diagram of order ${this.order}: a cell is where the
        same ${this.order} sites are nearest.`;
  }

  protected override attempt(): TemplateResult {
    return html`Raise K and watch the cells split; point at a cell to see its sites; drag a site, or give it weight:
    only cells near it change.`;
  }

  /** The newest diagram at the probe, and its cell there, −1 if none. */
  private find(): Found | undefined {
    const { shown } = this.cutter;
    const { x, y } = this.probe.place;
    if (!shown) return undefined;
    const part = partAt(shown, x, y);
    return { ...part, cell: cellAt(part.diagram, x, y) };
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
    const what = this.state.weighted ? 'Power diagram' : 'Voronoi diagram';
    const { cells } = shown.diagram;
    return `${what} of order ${this.order} of ${count(this.sites.ids.length)} sites: ${count(cells)} cells. ${this.cellInWords()}.`;
  }

  protected override readout(): TemplateResult | typeof nothing {
    const { shown } = this.cutter;
    if (!shown) return nothing;
    return html`<span data-testid="cells">${count(shown.diagram.cells)} cells</span> <span class="muted"> · </span
      ><span data-testid="cell">${this.cellInWords()}</span>
      ${shown.exact ? nothing : html`<span class="muted" data-testid="coarse"> · exact diagram on its way …</span>`}`;
  }

  // --- controls -------------------------------------------------------------------------------------------------

  protected override controls(): TemplateResult {
    const { state } = this;
    const most = mostOrder(this.sites.ids.length);
    const order = (event: Event): number => Number((event.target as HTMLInputElement).value);
    return html`
      <div class="field wide">
        <label for="order">Order K = <b class="number">${this.order}</b></label>
        <input
          id="order"
          type="range"
          min="1"
          max=${most}
          .value=${live(String(this.order))}
          @input=${(event: Event) => this.set({ order: order(event) }, false)}
          @change=${(event: Event) => this.set({ order: order(event) })}
        />
      </div>
      <div class="field">
        <label for="count">Sites</label>
        <select
          id="count"
          @change=${(event: Event) =>
            this.set({ count: Number((event.target as HTMLSelectElement).value), edits: new Map() })}
        >
          ${counts.map(
            (value) => html`<option value=${value} .selected=${live(value === state.count)}>${count(value)}</option>`,
          )}
        </select>
      </div>
      <div class="check">
        <input
          id="weighted"
          type="checkbox"
          .checked=${live(state.weighted)}
          @change=${(event: Event) => this.set({ weighted: (event.target as HTMLInputElement).checked })}
        />
        <label for="weighted">Weights</label>
      </div>
      <button @click=${() => this.set({ seed: (state.seed + 1) % 2 ** 32, edits: new Map() })}>Other sites</button>
    `;
  }

  protected override tools(): TemplateResult {
    return this.editor.bar();
  }

  protected override overlay(): TemplateResult {
    return this.probe.layer(this.editor.handles());
  }

  // --- drawing --------------------------------------------------------------------------------------------------

  protected override draw(painter: Painter, view: View, colours: Colours): void {
    const { shown } = this.cutter;
    if (!shown) return;
    const whole = (on: Painter): void => this.drawPart(on, view, colours, shown);
    // What the worker has cut takes longer to draw than a drag allows, and stays the same between its answers.
    if (isSmall(this.sites.ids.length, this.order)) whole(painter);
    else this.ground.paint(painter, [shown.diagram, colours.panel], whole);
    const { patch } = shown;
    if (patch) this.drawPart(painter, view, colours, patch, patch.window);
    this.drawNames(painter, view, colours);
  }

  /** Cells, their borders, and the sites, those in `window` if it is given. */
  private drawPart(painter: Painter, view: View, colours: Colours, { diagram, sites }: Part, window?: Box): void {
    for (const [colour, fill] of colours.tints.entries()) {
      painter.path({ fill }, (pen) => traceCells(pen, diagram, view, (cell) => diagram.colours[cell] === colour));
    }
    const width = this.sites.ids.length > 2000 ? 0.5 : 1;
    painter.path({ stroke: colours.ink, width, opacity: 0.45 }, (pen) => traceBorders(pen, diagram, view));
    const [x0, y0, x1, y1] = window ?? this.box;
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
    return length > 2000 ? 1 : length > 150 ? 1.8 : 3.5;
  }

  /** What the cell at the probe is and whose, and the probe. */
  private drawNames(painter: Painter, view: View, colours: Colours): void {
    const { ids, at } = this.sites;
    const { radius, found } = this;
    if (found) {
      painter.path({ stroke: colours.ink, width: 2.5 }, (pen) =>
        traceCells(pen, found.diagram, view, (cell) => cell === found.cell),
      );
    }
    const owners = new Set(this.owners());
    const chosen = (i: number): boolean => owners.has(ids[i] ?? -1);
    painter.dots({ fill: colours.panel, stroke: colours.ink, width: 2.5 }, view.places(at, chosen), radius + 3);
    for (const [i, id] of ids.entries()) {
      if (ids.length > MOST_NUMBERS && !chosen(i)) continue;
      const [x, y] = [view.x(at[2 * i] ?? 0), view.y(at[2 * i + 1] ?? 0)];
      const style = { fill: colours.ink, halo: colours.panel, bold: chosen(i) };
      painter.text(x, y < 20 ? y + 14 : y - 14, String(id + 1), style);
    }
    if (this.probe.resting) {
      const { x, y } = this.state.probe;
      painter.path({ stroke: colours.alert, width: 2 }, (pen) => cross(pen, view.x(x), view.y(y), 7));
    }
  }

  protected override csv(): CsvTable {
    const { shown } = this.cutter;
    const cells = shown ? Array.from({ length: shown.diagram.cells }, (_, cell) => cell) : [];
    return {
      header: ['cell', 'sites', 'area', 'corners'],
      rows: cells.map((cell) => {
        if (!shown) return [];
        const { diagram, sites } = shown;
        const owners = [...ownersOf(diagram, cell)].map((i) => (sites.ids[i] ?? 0) + 1);
        return [cell, owners.join(' '), diagram.areas[cell] ?? 0, corners(diagram, cell)];
      }),
    };
  }
}
