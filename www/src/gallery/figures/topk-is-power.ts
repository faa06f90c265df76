// TopK is a power diagram: a small SAE in the plane, the exact partition that its encoder cuts, and what the SAE does
// at the pointer.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import type { Activation } from 'splinterp/figures';
import { count } from '../../kit/format';
import { oneOf, real, whole } from '../../kit/properties';
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
import { placeProperty, Probe } from '../frame/probe';
import { SiteEditor } from '../frame/site-editor';
import { applyEdits, edit, editsProperty, freeId, scatter, type Sites } from '../frame/sites';
import type { Box, View } from '../frame/view';
import { activeOf, cut, encoderOnly, fitted } from './plane-sae';
import './tally';
import type { Subject } from './tally';

const counts = [6, 8, 12, 20, 40] as const;
const MOST_K = 6;
const orders = ['value', 'magnitude', 'positive'] as const;

/** Weights spread by this much of the area that falls to one site: most sites keep a cell. */
const SPREAD = 0.45;

/** Latents up to this many have a bar each. */
const MOST_BARS = 20;

const table = {
  k: whole('k', 'view', 2, 1, MOST_K),
  by: oneOf('by', 'view', orders),
  // Of 0, 0.25, 0.5, 1 and 2 the one from which the fitted decoder reconstructs best.
  bias: real('bias', 'view', 0.5, -1, 1),
  count: { ...oneOf('latents', 'sites', counts), initial: 12 as number },
  seed: whole('seed', 'sites', 2, 0, 2 ** 32 - 1),
  edits: editsProperty('moved'),
  probe: placeProperty('x', { x: 0.42, y: 0.3 }),
};

const noSites: Sites = { ids: new Uint32Array(), at: new Float64Array(), weights: new Float64Array() };

/** All that follows from the sites. */
interface Model extends Subject {
  readonly diagram: Diagram;
}

/** What the SAE makes of one point. */
interface Answer {
  readonly pre: Float32Array;
  readonly active: readonly number[];
  readonly out: readonly [number, number];
  readonly matrix: Float64Array;
  readonly offset: Float64Array;
}

@customElement('splinterp-topk-is-power')
export class TopkIsPower extends FigureElement<typeof table> {
  static override styles = [
    ...FigureElement.styles,
    css`
      .answer {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
        gap: 4px 28px;
        margin-bottom: 10px;
      }
      .answer p {
        margin: 0 0 4px;
      }
      .bars {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 2px 8px;
        align-items: center;
        margin: 0;
        padding: 0;
        list-style: none;
        font-size: 0.8rem;
        line-height: 1.35;
      }
      .bars li {
        display: contents;
      }
      .bars .active {
        font-weight: 700;
      }
      .track {
        position: relative;
        height: 9px;
        background: linear-gradient(var(--line), var(--line)) 50% / 1px 100% no-repeat;
      }
      .track i {
        position: absolute;
        top: 0;
        bottom: 0;
        background: var(--field);
      }
      .active i {
        background: var(--accent);
      }
      .value {
        min-width: 4.5em;
        text-align: right;
      }
      splinterp-tally {
        padding-top: 8px;
        border-top: 1px solid var(--line);
      }
      @media (max-width: 640px) {
        .answer {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  protected readonly name = 'topk-is-power';
  readonly table = table;
  protected override readonly box: Box = [-1.5, -1, 1.5, 1];

  private base = noSites;
  private sites = noSites;
  private made: readonly unknown[] = [];
  private asked: readonly unknown[] = [];
  private model: Model | undefined;
  private answer: Answer | undefined;
  private points: Float32Array = new Float32Array();

  private readonly editor = new SiteEditor(this, {
    sites: () => this.sites,
    put: (id, site, settled) => this.set({ edits: edit(this.state.edits, id, site) }, settled),
    add: (site) => {
      const id = freeId(this.base, this.state.edits);
      this.set({ edits: edit(this.state.edits, id, site) });
      return id;
    },
    noun: 'latent',
    weighted: () => true,
    weightRange: () => [-1, 1],
  });
  private readonly probe = new Probe(this, {
    at: () => this.state.probe,
    move: (probe, settled) => this.set({ probe }, settled),
    text: () => this.inWords(),
    hover: () => this.requestUpdate(),
  });

  private get k(): number {
    return Math.min(this.state.k, Math.max(1, this.sites.ids.length));
  }

  private get activation(): Activation {
    return { kind: 'topk', k: this.k, by: this.state.by };
  }

  protected override prepare(): Promise<void> {
    return loadGeometry();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.forget();
    this.asked = [];
  }

  private forget(): void {
    const { model } = this;
    this.model = undefined;
    model?.sae.free();
    model?.open.free();
    model?.partition.free();
  }

  protected override willUpdate(): void {
    const { count: number, seed, edits, by, bias } = this.state;
    const made = [number, seed];
    if (changed(this.made, made)) {
      this.base = scatter(number, seed, this.box, SPREAD);
      this.made = made;
    }
    const asked = [this.base, edits, by, bias, this.state.k, this.ready];
    if (changed(this.asked, asked)) {
      this.asked = asked;
      this.sites = applyEdits(this.base, edits);
      this.build();
    }
    this.ask();
  }

  private build(): void {
    if (!this.ready) return;
    try {
      const { bias } = this.state;
      const sites = { ...this.sites, weights: this.sites.weights.map((weight) => weight + 2 * bias) };
      const sae = fitted(sites, this.activation, this.box);
      const open = encoderOnly(sites, { kind: 'topk', k: this.sites.ids.length, by: 'value' });
      const partition = cut(sae, this.box);
      this.forget();
      this.model = { sae, open, partition, diagram: plain(partition) };
      this.points = new Float32Array();
      this.mended();
    } catch (error) {
      this.fail(error);
    }
  }

  private ask(): void {
    this.answer = undefined;
    if (!this.model) return;
    const { x, y } = this.probe.place;
    const row = Float32Array.of(x, y);
    const { sae, open } = this.model;
    const active = activeOf(sae.encode(row));
    const [outX = 0, outY = 0] = sae.forward(row);
    this.answer = { pre: open.encode(row), active, out: [outX, outY], ...sae.affineMap(Uint32Array.from(active)) };
  }

  // --- what it says ---------------------------------------------------------------------------------------------

  protected override claim(): TemplateResult {
    const order = this.k === 1 ? 'a power diagram' : `the power diagram of order ${this.k}`;
    return {
      value: html`The cells of a TopK encoder are ${order} of its rows s with weights |s|² + 2 b.`,
      magnitude: html`Ranked by magnitude, TopK cuts ${order} of the signed rows ±s with weights |s|² ± 2 b.`,
      positive: html`TopK with ReLU cuts ${order} of its rows s, once more where a latent falls below zero.`,
    }[this.state.by];
  }

  protected override attempt(): TemplateResult {
    return html`Drag a row, or raise its bias by its weight: the diagram is cut anew from the sites, and random points
    ask the SAE itself. Add to every bias: ranked by value nothing moves, by magnitude much. The line leads from the
    pointer to its reconstruction.`;
  }

  private label(i: number): string {
    return String((this.sites.ids[i] ?? 0) + 1);
  }

  private inWords(): string {
    const { answer } = this;
    if (!answer) return 'Not computed yet';
    const { x, y } = this.probe.place;
    const names = answer.active.map((i) => this.label(i)).join(', ');
    const who = names === '' ? 'no latent active' : `latents ${names} active`;
    const place = (a: number, b: number): string => `(${rounded(a)}, ${rounded(b)})`;
    return `At ${place(x, y)}: ${who}, reconstructed at ${place(...answer.out)}`;
  }

  protected override describe(): string {
    if (!this.model) return 'Not drawn yet';
    const { cells } = this.model.diagram;
    return `Partition of the plane by TopK with K = ${this.k} by ${this.state.by} of ${this.sites.ids.length} latents: ${count(cells)} cells. ${this.inWords()}.`;
  }

  protected override readout(): TemplateResult | typeof nothing {
    const { answer } = this;
    if (!answer) return nothing;
    const { x, y } = this.probe.place;
    const names = answer.active.map((i) => this.label(i)).join(', ');
    const [a = 0, b = 0, c = 0, d = 0] = answer.matrix;
    const [e = 0, f = 0] = answer.offset;
    return html`
      <div class="answer">
        <div>
          <p>
            x = (${rounded(x)}, ${rounded(y)}), active:
            <b data-testid="active">${names === '' ? 'none' : names}</b>
          </p>
          <p>x̂ = (${rounded(answer.out[0])}, ${rounded(answer.out[1])})</p>
          <p>
            On this cell the SAE is one affine map,<br />
            x̂₁ = ${rounded(a)} x₁ ${signed(b)} x₂ ${signed(e)}<br />
            x̂₂ = ${rounded(c)} x₁ ${signed(d)} x₂ ${signed(f)}
          </p>
        </div>
        ${this.bars(answer)}
      </div>
      <splinterp-tally .subject=${this.model} .box=${this.box} .batch=${this.onBatch}></splinterp-tally>
    `;
  }

  /** Pre-activations, one bar each. */
  private bars({ pre, active }: Answer): TemplateResult | typeof nothing {
    if (pre.length > MOST_BARS) return nothing;
    const most = pre.reduce((m, value) => Math.max(m, Math.abs(value)), 1e-9);
    return html`<ul class="bars" aria-label="Pre-activations s·x + b">
      ${[...pre].map((value, i) => {
        const size = (50 * Math.abs(value)) / most;
        const place = `left: ${value < 0 ? 50 - size : 50}%; width: ${size}%`;
        return html`<li class=${active.includes(i) ? 'active' : ''}>
          <span>${this.label(i)}</span>
          <span class="track ${active.includes(i) ? 'active' : ''}"><i .style=${place}></i></span>
          <span class="value ${active.includes(i) ? 'active' : ''}">${rounded(value)}</span>
        </li>`;
      })}
    </ul>`;
  }

  private readonly onBatch = (points: Float32Array): void => {
    this.points = points;
    if (this.ready && this.onScreen && this.model) this.paint(this.view);
  };

  // --- controls -------------------------------------------------------------------------------------------------

  protected override controls(): TemplateResult {
    const { state } = this;
    const chosen = (event: Event): string => (event.target as HTMLInputElement | HTMLSelectElement).value;
    return html`
      <div class="field wide">
        <label for="k">Active latents K = <b class="number">${this.k}</b></label>
        <input
          id="k"
          type="range"
          min="1"
          max=${Math.min(MOST_K, Math.max(1, this.sites.ids.length))}
          .value=${live(String(this.k))}
          @input=${(event: Event) => this.set({ k: Number(chosen(event)) }, false)}
          @change=${(event: Event) => this.set({ k: Number(chosen(event)) })}
        />
      </div>
      <div class="field">
        <label for="by">Largest by</label>
        <select id="by" @change=${(event: Event) => this.set({ by: chosen(event) as (typeof orders)[number] })}>
          ${orders.map((by) => html`<option value=${by} .selected=${live(by === state.by)}>${by}</option>`)}
        </select>
      </div>
      <div class="field">
        <label for="count">Latents</label>
        <select id="count" @change=${(event: Event) => this.set({ count: Number(chosen(event)), edits: new Map() })}>
          ${counts.map((value) => html`<option value=${value} .selected=${live(value === state.count)}>${value}</option>`)}
        </select>
      </div>
      <div class="field wide">
        <label for="bias">Added to every bias: <b class="number">${state.bias.toFixed(2).replace('-', '−')}</b></label>
        <input
          id="bias"
          type="range"
          min="-1"
          max="1"
          step="0.05"
          .value=${live(String(state.bias))}
          @input=${(event: Event) => this.set({ bias: Number(chosen(event)) }, false)}
          @change=${(event: Event) => this.set({ bias: Number(chosen(event)) })}
        />
      </div>
      <button @click=${() => this.set({ seed: (state.seed + 1) % 2 ** 32, edits: new Map() })}>Another SAE</button>
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
    const { model } = this;
    if (!model) return;
    const { diagram } = model;
    const { x, y } = this.probe.place;
    const here = cellAt(diagram, x, y);
    for (const [colour, fill] of colours.tints.entries()) {
      painter.path({ fill }, (pen) => traceCells(pen, diagram, view, (cell) => diagram.colours[cell] === colour));
    }
    painter.path({ stroke: colours.ink, opacity: 0.45 }, (pen) => traceBorders(pen, diagram, view));
    painter.path({ fill: colours.ink, opacity: 0.55 }, (pen) => {
      const { points } = this;
      for (let i = 0; i < points.length; i += 2) circle(pen, view.x(points[i] ?? 0), view.y(points[i + 1] ?? 0), 1.3);
    });
    painter.path({ stroke: colours.ink, width: 2.5 }, (pen) => traceCells(pen, diagram, view, (cell) => cell === here));
    this.drawSites(painter, view, colours);
    this.drawAnswer(painter, view, colours);
  }

  private drawSites(painter: Painter, view: View, colours: Colours): void {
    const { ids, at } = this.sites;
    const active = new Set(this.answer?.active);
    const signed = this.state.by === 'magnitude';
    // By magnitude a latent below zero is active through the other of its two sites.
    const side = (i: number): number => (signed && (this.answer?.pre[i] ?? 0) < 0 ? -1 : 1);
    const dot = (i: number, sign = 1): [number, number] => [
      view.x(sign * (at[2 * i] ?? 0)),
      view.y(sign * (at[2 * i + 1] ?? 0)),
    ];
    const places = [...ids.keys()];
    if (signed) {
      painter.path({ fill: colours.panel, stroke: colours.ink, width: 1.2 }, (pen) => {
        for (const i of places) circle(pen, ...dot(i, -1), 3);
      });
    }
    painter.path({ fill: colours.ink }, (pen) => {
      for (const i of places) circle(pen, ...dot(i), 3.5);
    });
    painter.path({ fill: colours.panel, stroke: colours.ink, width: 2.5 }, (pen) => {
      for (const i of places) if (active.has(i)) circle(pen, ...dot(i, side(i)), 6);
    });
    for (const i of places) {
      const [px, py] = dot(i);
      const style = { fill: colours.ink, halo: colours.panel };
      painter.text(px, py - 14, this.label(i), { ...style, bold: active.has(i) && side(i) > 0 });
      if (signed) {
        const [qx, qy] = dot(i, -1);
        painter.text(qx, qy - 14, `−${this.label(i)}`, { ...style, size: 11, bold: active.has(i) && side(i) < 0 });
      }
    }
  }

  /** From the pointer to its reconstruction. */
  private drawAnswer(painter: Painter, view: View, colours: Colours): void {
    const { answer } = this;
    if (!answer) return;
    const { x, y } = this.probe.place;
    const [fromX, fromY] = [view.x(x), view.y(y)];
    const [toX, toY] = [view.x(answer.out[0]), view.y(answer.out[1])];
    painter.path({ stroke: colours.alert, width: 2 }, (pen) => {
      cross(pen, fromX, fromY, 7);
      pen.moveTo(fromX, fromY);
      pen.lineTo(toX, toY);
    });
    painter.path({ fill: colours.alert }, (pen) => circle(pen, toX, toY, 4.5));
  }

  protected override csv(): CsvTable {
    const { model } = this;
    const cells = model ? [...Array(model.diagram.cells).keys()] : [];
    return {
      header: ['cell', 'active', 'area', 'corners', 'm11', 'm12', 'm21', 'm22', 'c1', 'c2'],
      rows: cells.map((cell) => {
        if (!model) return [cell];
        const owners = ownersOf(model.diagram, cell);
        const { matrix, offset } = model.sae.affineMap(owners);
        const names = [...owners].map((i) => this.label(i)).join(' ');
        return [cell, names, model.diagram.areas[cell] ?? 0, corners(model.diagram, cell), ...matrix, ...offset];
      }),
    };
  }
}

/** To three decimals, as coordinates are read. */
function rounded(value: number): string {
  // A rounded −0 is 0.
  return (Math.round(value * 1000) / 1000 || 0).toFixed(3).replace('-', '−');
}

/** With its sign apart, to follow another term. */
function signed(value: number): string {
  return `${value < 0 ? '−' : '+'} ${rounded(Math.abs(value))}`;
}
