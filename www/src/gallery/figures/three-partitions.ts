// ReLU, JumpReLU, TopK: what one encoder makes of the plane by three activations.

import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import type { Activation } from 'splinterp/figures';
import { count } from '../../kit/format';
import { real, whole } from '../../kit/properties';
import type { Colours } from '../frame/colours';
import {
  cellAt,
  corners,
  loadGeometry,
  ownersOf,
  plain,
  traceBorders,
  traceCells,
  type Diagram,
} from '../frame/diagram';
import type { CsvTable } from '../frame/export';
import { changed, FigureElement } from '../frame/figure';
import { circle, cross, type Painter } from '../frame/painter';
import { placeProperty, Probe, type Place } from '../frame/probe';
import { SiteEditor } from '../frame/site-editor';
import { applyEdits, edit, editsProperty, scatter, type Site, type Sites } from '../frame/sites';
import type { Box, View } from '../frame/view';
import { heading, layOut, panelAt, traceBox, within, type Layout } from '../frame/panels';
import { cut, encoderOnly } from './plane-sae';

const LEAST = 3;
const MOST = 12;
/** Thresholds of JumpReLU: pre-activations in the box are of this size. */
const MOST_THRESHOLD = 1;

/** Weights spread by this much of the area that falls to one site. */
const SPREAD = 0.15;

const table = {
  count: whole('latents', 'sites', 5, LEAST, MOST),
  k: whole('k', 'view', 2, 1, MOST),
  threshold: real('threshold', 'view', 0.25, -MOST_THRESHOLD, MOST_THRESHOLD),
  seed: whole('seed', 'sites', 5, 0, 2 ** 32 - 1),
  edits: editsProperty('moved'),
  probe: placeProperty('x', { x: 0.35, y: 0.2 }),
};

const noSites: Sites = { ids: new Uint32Array(), at: new Float64Array(), weights: new Float64Array() };

/** The box of each panel; sites may be dragged anywhere in it. */
const PANEL: Box = [-1.2, -1.2, 1.2, 1.2];

@customElement('splinterp-three-partitions')
export class ThreePartitions extends FigureElement<typeof table> {
  protected readonly name = 'three-partitions';
  readonly table = table;

  private base = noSites;
  private sites = noSites;
  private made: readonly unknown[] = [];
  private asked: readonly unknown[] = [];
  private diagrams: readonly Diagram[] = [];

  private readonly editor = new SiteEditor(this, {
    sites: () => this.everywhere(),
    put: (id, site, settled) => this.put(id, site, settled),
    noun: 'latent',
    label: (id) => `Latent ${(id % MOST) + 1}, ${this.names[Math.floor(id / MOST)] ?? ''}`,
    weighted: () => true,
    weightRange: () => [-1, 1],
    removable: () => false,
  });
  private readonly probe = new Probe(this, {
    // Its handle lies in the first panel, whose coordinates are the stage's.
    at: () => this.state.probe,
    move: (place, settled) => this.set({ probe: this.local(place) }, settled),
    text: () => this.inWords(),
    hover: () => this.requestUpdate(),
  });

  private get names(): readonly string[] {
    return ['ReLU', `JumpReLU, θ = ${this.state.threshold.toFixed(2).replace('-', '−')}`, `TopK, K = ${this.k}`];
  }

  private get k(): number {
    return Math.min(this.state.k, this.state.count);
  }

  private get activations(): readonly Activation[] {
    return [
      { kind: 'relu' },
      { kind: 'jumprelu', threshold: this.state.threshold },
      { kind: 'topk', k: this.k, by: 'value' },
    ];
  }

  // --- panels ---------------------------------------------------------------------------------------------------

  private get layout(): Layout {
    return layOut(PANEL, 3, super.view.width);
  }

  override get view(): View {
    return this.layout.view;
  }

  /** The sites as they lie in every panel: id + MOST · panel. */
  private everywhere(): Sites {
    const { ids, at, weights } = this.sites;
    const { panels } = this.layout;
    return {
      ids: Uint32Array.from(panels.flatMap((_, panel) => [...ids].map((id) => id + MOST * panel))),
      at: Float64Array.from(panels.flatMap(({ dx, dy }) => [...at].map((v, i) => v + (i % 2 === 0 ? dx : dy)))),
      weights: Float64Array.from(panels.flatMap(() => [...weights])),
    };
  }

  private put(id: number, site: Site | undefined, settled: boolean): void {
    if (!site) return;
    const { dx, dy } = this.layout.panels[Math.floor(id / MOST)] ?? { dx: 0, dy: 0 };
    const inside = clampTo({ x: site.x - dx, y: site.y - dy });
    this.set({ edits: edit(this.state.edits, id % MOST, { ...inside, weight: site.weight }) }, settled);
  }

  /** From the stage to a panel's own coordinates. */
  private local({ x, y }: Place): Place {
    const { layout } = this;
    const { dx, dy } = layout.panels[panelAt(layout, PANEL, x, y)] ?? { dx: 0, dy: 0 };
    return clampTo({ x: x - dx, y: y - dy });
  }

  protected override prepare(): Promise<void> {
    return loadGeometry();
  }

  protected override willUpdate(): void {
    const { count: number, seed, edits, threshold } = this.state;
    const made = [number, seed];
    if (changed(this.made, made)) {
      this.base = scatter(number, seed, shrunk(PANEL), SPREAD);
      this.made = made;
    }
    const asked = [this.base, edits, this.k, threshold, this.ready];
    if (!changed(this.asked, asked)) return;
    this.asked = asked;
    this.sites = applyEdits(this.base, edits);
    if (this.ready) this.cut();
  }

  private cut(): void {
    try {
      const sae = encoderOnly(this.sites, { kind: 'relu' });
      try {
        this.diagrams = this.activations.map((activation) => {
          const partition = cut(sae, PANEL, activation);
          try {
            return plain(partition);
          } finally {
            partition.free();
          }
        });
      } finally {
        sae.free();
      }
      this.mended();
    } catch (error) {
      this.fail(error);
    }
  }

  // --- what it says ---------------------------------------------------------------------------------------------

  protected override claim(): TemplateResult {
    return html`One encoder, three partitions: ReLU and JumpReLU cut the plane by a line for each latent, TopK in a
    power diagram.`;
  }

  protected override attempt(): TemplateResult {
    return html`Drag a row s: with weight 0 its ReLU line is the bisector between s and the origin, for ReLU is a
    competition with zero. Then move θ: JumpReLU's lines shift, and the other two partitions stay.`;
  }

  /** What is active at the probe, by panel. */
  private activeAt(diagram: Diagram): string {
    const { x, y } = this.local(this.probe.place);
    const cell = cellAt(diagram, x, y);
    const owners = cell < 0 ? [] : [...ownersOf(diagram, cell)].map((i) => (this.sites.ids[i] ?? 0) + 1);
    return owners.length === 0 ? 'none' : owners.join(', ');
  }

  private inWords(): string {
    const parts = this.diagrams.map((diagram, i) => `${this.names[i] ?? ''}: ${this.activeAt(diagram)}`);
    return `Active latents at the probe: ${parts.join('; ')}`;
  }

  protected override describe(): string {
    if (this.diagrams.length === 0) return 'Not drawn yet';
    const cells = this.diagrams.map(({ cells: n }, i) => `${this.names[i] ?? ''}: ${count(n)} cells`);
    return `Three partitions of the plane by ${this.sites.ids.length} latents. ${cells.join('; ')}. ${this.inWords()}.`;
  }

  protected override readout(): TemplateResult | typeof nothing {
    if (this.diagrams.length === 0) return nothing;
    return html`Active at the pointer:
    ${this.diagrams.map(
      (diagram, i) =>
        html`${i === 0 ? nothing : html`<span class="muted"> · </span>`}<span class="muted"
            >${this.names[i]?.split(',')[0]}</span
          >
          <b data-testid="active-${i}">${this.activeAt(diagram)}</b>`,
    )}`;
  }

  // --- controls -------------------------------------------------------------------------------------------------

  protected override controls(): TemplateResult {
    const { state } = this;
    const value = (event: Event): number => Number((event.target as HTMLInputElement).value);
    const slider = (
      key: 'count' | 'k' | 'threshold',
      label: TemplateResult,
      [least, most, step]: readonly [number, number, number],
      current: number,
    ): TemplateResult => {
      const change = (event: Event, settled: boolean): void =>
        this.set({ [key]: value(event), ...(key === 'count' ? { edits: new Map() } : {}) }, settled);
      return html`<div class="field wide">
        <label for=${key}>${label}</label>
        <input
          id=${key}
          type="range"
          min=${least}
          max=${most}
          step=${step}
          .value=${live(String(current))}
          @input=${(event: Event) => change(event, false)}
          @change=${(event: Event) => change(event, true)}
        />
      </div>`;
    };
    const threshold = state.threshold.toFixed(2).replace('-', '−');
    return html`
      ${slider('count', html`Latents: <b class="number">${state.count}</b>`, [LEAST, MOST, 1], state.count)}
      ${slider(
        'threshold',
        html`JumpReLU's threshold θ = <b class="number">${threshold}</b>`,
        [-MOST_THRESHOLD, MOST_THRESHOLD, 0.05],
        state.threshold,
      )}
      ${slider('k', html`TopK's K = <b class="number">${this.k}</b>`, [1, state.count, 1], this.k)}
      <button @click=${() => this.set({ seed: (state.seed + 1) % 2 ** 32, edits: new Map() })}>Another encoder</button>
    `;
  }

  protected override tools(): TemplateResult {
    return this.editor.bar();
  }

  protected override overlay(): TemplateResult {
    return this.probe.layer(this.editor.handles());
  }

  // --- drawing --------------------------------------------------------------------------------------------------

  protected override draw(painter: Painter, _view: View, colours: Colours): void {
    const { layout } = this;
    for (const [i, diagram] of this.diagrams.entries()) {
      const panel = layout.panels[i];
      if (!panel) continue;
      const view = within(layout, panel);
      const cells = `${count(diagram.cells)} ${diagram.cells === 1 ? 'cell' : 'cells'}`;
      heading(painter, view, PANEL, `${this.names[i] ?? ''}: ${cells}`, colours.ink);
      for (const [colour, fill] of colours.tints.entries()) {
        painter.path({ fill }, (pen) => traceCells(pen, diagram, view, (cell) => diagram.colours[cell] === colour));
      }
      painter.path({ stroke: colours.ink, opacity: 0.5 }, (pen) => traceBorders(pen, diagram, view));
      const { x, y } = this.local(this.probe.place);
      const here = cellAt(diagram, x, y);
      painter.path({ stroke: colours.ink, width: 2.5 }, (pen) =>
        traceCells(pen, diagram, view, (cell) => cell === here),
      );
      painter.path({ stroke: colours.line }, (pen) => traceBox(pen, view, PANEL));
      this.drawEncoder(painter, view, colours, here < 0 ? [] : [...ownersOf(diagram, here)]);
      painter.path({ stroke: colours.alert, width: 2 }, (pen) => cross(pen, view.x(x), view.y(y), 7));
    }
  }

  /** The rows of the encoder as arrows from the origin. */
  private drawEncoder(painter: Painter, view: View, colours: Colours, active: readonly number[]): void {
    const { ids, at } = this.sites;
    const dot = (i: number): [number, number] => [view.x(at[2 * i] ?? 0), view.y(at[2 * i + 1] ?? 0)];
    const places = [...ids.keys()];
    painter.path({ stroke: colours.ink, width: 1.2, opacity: 0.55 }, (pen) => {
      for (const i of places) {
        pen.moveTo(view.x(0), view.y(0));
        pen.lineTo(...dot(i));
      }
    });
    painter.path({ fill: colours.panel, stroke: colours.ink, width: 1.2 }, (pen) =>
      circle(pen, view.x(0), view.y(0), 2.5),
    );
    painter.path({ fill: colours.ink }, (pen) => {
      for (const i of places) circle(pen, ...dot(i), 3.5);
    });
    painter.path({ fill: colours.panel, stroke: colours.ink, width: 2.5 }, (pen) => {
      for (const i of active) circle(pen, ...dot(i), 6);
    });
    for (const i of places) {
      const [x, y] = dot(i);
      const bold = active.includes(i);
      painter.text(x, y - 14, String((ids[i] ?? 0) + 1), { fill: colours.ink, halo: colours.panel, bold });
    }
  }

  protected override csv(): CsvTable {
    return {
      header: ['activation', 'cell', 'active', 'area', 'corners'],
      rows: this.diagrams.flatMap((diagram, i) =>
        [...Array(diagram.cells).keys()].map((cell) => [
          ['relu', 'jumprelu', 'topk'][i] ?? '',
          cell,
          [...ownersOf(diagram, cell)].map((site) => (this.sites.ids[site] ?? 0) + 1).join(' '),
          diagram.areas[cell] ?? 0,
          corners(diagram, cell),
        ]),
      ),
    };
  }
}

function clampTo({ x, y }: Place): Place {
  const [x0, y0, x1, y1] = PANEL;
  return { x: Math.min(Math.max(x, x0), x1), y: Math.min(Math.max(y, y0), y1) };
}

/** Where sites start: some way off the edge, so that their lines are in the picture. */
function shrunk([x0, y0, x1, y1]: Box): Box {
  const [mx, my] = [0.15 * (x1 - x0), 0.15 * (y1 - y0)];
  return [x0 + mx, y0 + my, x1 - mx, y1 - my];
}
