// ReLU, JumpReLU, TopK: what one encoder makes of the plane by three activations.

import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { cellAt } from 'splinterp/figures';
import { count, fixed } from '../../kit/format';
import { real, whole } from '../../kit/properties';
import { cellRows, drawCells, drawMarks, drawProbe, outlineCell } from '../frame/cells';
import { slider } from '../frame/controls';
import { Derived } from '../frame/derived';
import { ownersOf, type Diagram } from '../frame/diagram';
import type { CsvTable } from '../frame/export';
import type { Drawing } from '../frame/painter';
import { clampTo, PanelFigure } from '../frame/panel-figure';
import { heading, traceBox } from '../frame/panels';
import { placeProperty, Probe } from '../frame/probe';
import { ScatteredSites, SEEDS } from '../frame/scattered';
import { SiteEditor } from '../frame/site-editor';
import { editsProperty, type Site, type Sites } from '../frame/sites';
import type { Box } from '../frame/view';
import { partitionsOf } from './plane-sae';

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
  seed: whole('seed', 'sites', 5, 0, SEEDS - 1),
  edits: editsProperty('moved'),
  probe: placeProperty('x', { x: 0.35, y: 0.2 }),
};

/** The box of each panel; sites may be dragged anywhere in it, and start some way off its edge. */
const PANEL: Box = [-1.2, -1.2, 1.2, 1.2];
const START: Box = [-0.84, -0.84, 0.84, 0.84];

@customElement('splinterp-three-partitions')
export class ThreePartitions extends PanelFigure<typeof table> {
  readonly name = 'three-partitions';
  readonly table = table;
  protected readonly panel = PANEL;
  protected readonly panelCount = 3;

  private diagrams: readonly Diagram[] = [];
  private readonly scattered = new ScatteredSites(this, START, SPREAD);
  private readonly partitions = new Derived((sites: Sites, k: number, threshold: number) =>
    partitionsOf(sites, PANEL, [{ kind: 'relu' }, { kind: 'jumprelu', threshold }, { kind: 'topk', k, by: 'value' }]),
  );
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
    move: (place, settled) => this.set({ probe: this.inPanel(place) }, settled),
    text: () => this.inWords(),
    hover: () => this.requestUpdate(),
  });

  private get names(): readonly string[] {
    return ['ReLU', `JumpReLU, θ = ${fixed(this.state.threshold, 2)}`, `TopK, K = ${this.k}`];
  }

  private get k(): number {
    return Math.min(this.state.k, this.state.count);
  }

  /** The sites as they lie in every panel: id + MOST · panel. */
  private everywhere(): Sites {
    const { ids, at, weights } = this.scattered.now;
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
    const inside = clampTo(PANEL, site.x - dx, site.y - dy);
    this.scattered.put(id % MOST, { ...inside, weight: site.weight }, settled);
  }

  protected override derive(): void {
    this.diagrams = this.partitions.of(this.scattered.now, this.k, this.state.threshold);
  }

  // --- what it says ---------------------------------------------------------------------------------------------

  protected override claim(): TemplateResult {
    return html`One encoder, three partitions: ReLU and JumpReLU cut the plane by one line for each latent, TopK into a
    power diagram.`;
  }

  protected override attempt(): TemplateResult {
    return html`Drag an encoder column s. With weight 0, its ReLU line is the bisector between s and the origin, because
    ReLU compares each latent with zero. Then change θ: only JumpReLU’s lines shift.`;
  }

  /** What is active at the probe, by panel. */
  private activeAt(diagram: Diagram): string {
    const { x, y } = this.inPanel(this.probe.place);
    const cell = cellAt(diagram, x, y);
    const owners = cell < 0 ? [] : [...ownersOf(diagram, cell)].map((i) => this.nameOf(i));
    return owners.length === 0 ? 'none' : owners.join(', ');
  }

  private nameOf(i: number): string {
    return String((this.scattered.now.ids[i] ?? 0) + 1);
  }

  private inWords(): string {
    const parts = this.diagrams.map((diagram, i) => `${this.names[i] ?? ''}: ${this.activeAt(diagram)}`);
    return `Active latents at the probe: ${parts.join('; ')}`;
  }

  protected override describe(): string {
    if (this.diagrams.length === 0) return 'Not drawn yet';
    const cells = this.diagrams.map(({ cells: n }, i) => `${this.names[i] ?? ''}: ${cellCount(n)}`);
    return `Three partitions of the plane by ${this.state.count} latents. ${cells.join('; ')}. ${this.inWords()}.`;
  }

  protected override readout(): TemplateResult | typeof nothing {
    if (this.diagrams.length === 0) return nothing;
    return html`Active latents at the pointer:
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
    const { state, k, scattered } = this;
    return html`
      ${slider({
        id: 'count',
        label: 'Latents:',
        shown: String(state.count),
        value: state.count,
        range: [LEAST, MOST, 1],
        change: (value, settled) => scattered.recount(value, settled),
      })}
      ${slider({
        id: 'threshold',
        label: 'JumpReLU threshold θ =',
        shown: fixed(state.threshold, 2),
        value: state.threshold,
        range: [-MOST_THRESHOLD, MOST_THRESHOLD, 0.05],
        hint: 'A latent is active where its pre-activation s·x + b is above θ. At θ = 0 JumpReLU is ReLU.',
        change: (value, settled) => this.set({ threshold: value }, settled),
      })}
      ${slider({
        id: 'k',
        label: 'TopK: K =',
        shown: String(k),
        value: k,
        range: [1, state.count, 1],
        hint: 'The K latents with the largest pre-activations are active.',
        change: (value, settled) => this.set({ k: value }, settled),
      })}
      <button @click=${() => scattered.renew()}>New random encoder</button>
    `;
  }

  protected override tools(): TemplateResult {
    return this.editor.bar();
  }

  protected override overlay(): TemplateResult {
    return this.probe.layer(this.editor.handles());
  }

  // --- drawing --------------------------------------------------------------------------------------------------

  protected override draw({ painter, colours }: Drawing): void {
    const views = this.panelViews;
    const place = this.inPanel(this.probe.place);
    for (const [i, diagram] of this.diagrams.entries()) {
      const view = views[i];
      if (!view) continue;
      const drawing = { painter, view, colours };
      heading(painter, view, PANEL, `${this.names[i] ?? ''}: ${cellCount(diagram.cells)}`, colours.ink);
      drawCells(drawing, diagram, { lines: 0.5 });
      const here = cellAt(diagram, place.x, place.y);
      outlineCell(drawing, diagram, here);
      painter.path({ stroke: colours.line }, (pen) => traceBox(pen, view, PANEL));
      this.drawEncoder(drawing, new Set(here < 0 ? [] : ownersOf(diagram, here)));
      drawProbe(drawing, place);
    }
  }

  /** The columns of the encoder as arrows from the origin. */
  private drawEncoder(drawing: Drawing, active: ReadonlySet<number>): void {
    const { painter, view, colours } = drawing;
    const { at } = this.scattered.now;
    const [x0, y0] = [view.x(0), view.y(0)];
    painter.path({ stroke: colours.ink, width: 1.2, opacity: 0.55 }, (pen) => {
      for (let i = 0; i < at.length; i += 2) {
        pen.moveTo(x0, y0);
        pen.lineTo(view.x(at[i] ?? 0), view.y(at[i + 1] ?? 0));
      }
    });
    painter.dots({ fill: colours.panel, stroke: colours.ink, width: 1.2 }, [x0, y0], 2.5);
    drawMarks(drawing, { at, active, name: (i) => this.nameOf(i) });
  }

  override csv(): CsvTable {
    return {
      header: ['activation', 'cell', 'active', 'area', 'corners'],
      rows: this.diagrams.flatMap((diagram, i) =>
        cellRows(diagram, (_, owners) => [[...owners].map((each) => this.nameOf(each)).join(' ')]).map((row) => [
          ['relu', 'jumprelu', 'topk'][i] ?? '',
          ...row,
        ]),
      ),
    };
  }
}

function cellCount(cells: number): string {
  return `${count(cells)} ${cells === 1 ? 'cell' : 'cells'}`;
}
