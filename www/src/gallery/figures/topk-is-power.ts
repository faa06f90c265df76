// TopK is a power diagram: a small SAE in the plane, the exact partition that its encoder cuts, and what the SAE does
// at the pointer.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { count, fixed } from '../../kit/format';
import { oneOf, real, whole } from '../../kit/properties';
import { cellRows, drawCells, drawMarks, outlineCell } from '../frame/cells';
import { choice, numbered, slider } from '../frame/controls';
import { Derived } from '../frame/derived';
import type { CsvTable } from '../frame/export';
import { FigureElement } from '../frame/figure';
import { circle, cross, type Drawing } from '../frame/painter';
import { placeProperty, Probe } from '../frame/probe';
import { ScatteredSites, SEEDS } from '../frame/scattered';
import { SiteEditor } from '../frame/site-editor';
import { editsProperty } from '../frame/sites';
import './tally';
import { answerAt, BOX, freeModel, modelOf, orderNames, orders, type Answer, type Model } from './topk-model';
import { answerInWords, answerStyles, answerTemplate, latentName } from './topk-readout';

const counts = [6, 8, 12, 20, 40] as const;
const MOST_K = 6;
/** Weights spread by this much of the area that falls to one site: most sites keep a cell. */
const SPREAD = 0.45;

const table = {
  k: whole('k', 'view', 2, 1, MOST_K),
  by: oneOf('by', 'view', orders),
  // Of 0, 0.25, 0.5, 1 and 2 the one from which the fitted decoder reconstructs best.
  bias: real('bias', 'view', 0.5, -1, 1),
  count: { ...oneOf('latents', 'sites', counts), initial: 12 as number },
  seed: whole('seed', 'sites', 2, 0, SEEDS - 1),
  edits: editsProperty('moved'),
  probe: placeProperty('x', { x: 0.42, y: 0.3 }),
};

@customElement('splinterp-topk-is-power')
export class TopkIsPower extends FigureElement<typeof table> {
  static override styles = [
    ...FigureElement.styles,
    answerStyles,
    css`
      splinterp-tally {
        padding-top: 8px;
        border-top: 1px solid var(--line);
      }
    `,
  ];

  readonly name = 'topk-is-power';
  readonly table = table;
  protected override readonly box = BOX;

  private model: Model | undefined;
  private answer: Answer | undefined;
  /** The points that were tested last. */
  private points: Float32Array = new Float32Array();
  private readonly scattered = new ScatteredSites(this, BOX, SPREAD);
  private readonly models = new Derived(modelOf, freeModel);
  private readonly editor = new SiteEditor(this, {
    ...this.scattered.editing,
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

  /** Latents are removed one by one: there may be fewer than the K that was chosen. */
  private get mostK(): number {
    return Math.min(MOST_K, Math.max(1, this.scattered.size));
  }

  private get k(): number {
    return Math.min(this.state.k, this.mostK);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.model = undefined;
    this.models.forget();
  }

  protected override derive(): void {
    const { by, bias } = this.state;
    const model = this.models.of(this.scattered.now, this.k, by, bias);
    if (model !== this.model) this.points = new Float32Array();
    this.model = model;
    this.answer = answerAt(model, this.probe.place);
  }

  // --- what it says ---------------------------------------------------------------------------------------------

  protected override claim(): TemplateResult {
    const order = this.k === 1 ? 'a power diagram' : `the power diagram of order ${this.k}`;
    return {
      value: html`The cells of a TopK encoder are ${order} of its rows s with weights |s|² + 2b.`,
      magnitude: html`Ranked by magnitude, TopK cuts the plane into ${order} of the signed rows ±s with weights |s|² ±
      2b.`,
      positive: html`TopK followed by ReLU cuts the plane into ${order} of its rows s, and each cell again where one of
      its latents is zero.`,
    }[this.state.by];
  }

  protected override attempt(): TemplateResult {
    return html`Drag a row, or raise its bias by its weight: the diagram is computed from the sites alone, and random
    points check it against the SAE. Shift every bias: ranked by value nothing moves; by magnitude a great deal does.
    The line leads from the pointer to its reconstruction.`;
  }

  private inWords(): string {
    return this.answer ? answerInWords(this.answer, this.scattered.now) : 'Not computed yet';
  }

  protected override describe(): string {
    if (!this.model) return 'Not drawn yet';
    const { cells } = this.model.diagram;
    const { ids } = this.scattered.now;
    return `Partition of the plane by TopK with K = ${this.k}, ranked by ${orderNames[this.state.by]}, of ${ids.length} latents: ${count(cells)} cells. ${this.inWords()}.`;
  }

  protected override readout(): TemplateResult | typeof nothing {
    const { answer, model } = this;
    if (!answer || !model) return nothing;
    return html`${answerTemplate(answer, this.scattered.now)}
      <splinterp-tally .subject=${model} .batch=${this.onBatch}></splinterp-tally>`;
  }

  private readonly onBatch = (points: Float32Array): void => {
    this.points = points;
    if (this.ready && this.onScreen && this.model) this.paint(this.view);
  };

  // --- controls -------------------------------------------------------------------------------------------------

  protected override controls(): TemplateResult {
    const { state, scattered } = this;
    return html`
      ${slider({
        id: 'k',
        label: 'Active latents K =',
        shown: String(this.k),
        value: this.k,
        range: [1, this.mostK, 1],
        change: (k, settled) => this.set({ k }, settled),
      })}
      ${choice({
        id: 'by',
        label: 'Ranked by',
        value: state.by,
        options: orders.map((by) => [by, orderNames[by]] as const),
        hint: 'By value: the K largest pre-activations, as in the paper’s theory. By magnitude: the K largest absolute values, as in the paper’s code. Value, then ReLU: as SAELens and sparsify do.',
        change: (by) => this.set({ by }),
      })}
      ${choice({
        id: 'count',
        label: 'Latents',
        value: state.count,
        options: numbered(counts, count),
        change: (value) => scattered.recount(value),
      })}
      ${slider({
        id: 'bias',
        label: 'Added to every bias:',
        shown: fixed(state.bias, 2),
        value: state.bias,
        range: [-1, 1, 0.05],
        change: (bias, settled) => this.set({ bias }, settled),
      })}
      <button @click=${() => scattered.renew()}>New random SAE</button>
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
    const { model, points, answer } = this;
    if (!model || !answer) return;
    const { painter, view, colours } = drawing;
    const { x, y } = answer.x;
    drawCells(drawing, model.diagram);
    painter.path({ fill: colours.ink, opacity: 0.55 }, (pen) => {
      for (let i = 0; i < points.length; i += 2) circle(pen, view.x(points[i] ?? 0), view.y(points[i + 1] ?? 0), 1.3);
    });
    outlineCell(drawing, model.diagram, model.partition.locate(x, y));
    this.drawRows(drawing, answer);
    const [fromX, fromY, toX, toY] = [view.x(x), view.y(y), view.x(answer.out[0]), view.y(answer.out[1])];
    painter.path({ stroke: colours.alert, width: 2 }, (pen) => {
      cross(pen, fromX, fromY, 7);
      pen.moveTo(fromX, fromY);
      pen.lineTo(toX, toY);
    });
    painter.path({ fill: colours.alert }, (pen) => circle(pen, toX, toY, 4.5));
  }

  /** The columns of the encoder; by magnitude their negatives too, through which a latent below zero is active. */
  private drawRows(drawing: Drawing, { active, pre }: Answer): void {
    const sites = this.scattered.now;
    const signed = this.state.by === 'magnitude';
    const negative = (i: number): boolean => signed && (pre[i] ?? 0) < 0;
    const [own, other] = [active.filter((i) => !negative(i)), active.filter(negative)];
    if (signed) {
      const at = sites.at.map((value) => -value);
      drawMarks(drawing, { at, active: new Set(other), hollow: true, name: (i) => `−${latentName(sites, i)}` });
    }
    drawMarks(drawing, { at: sites.at, active: new Set(own), name: (i) => latentName(sites, i) });
  }

  override csv(): CsvTable {
    const { model } = this;
    return {
      header: ['cell', 'active', 'm11', 'm12', 'm21', 'm22', 'c1', 'c2', 'area', 'corners'],
      rows: cellRows(model?.diagram, (_, owners) => {
        if (!model) return [];
        const { matrix, offset } = model.sae.affineMap(owners);
        const names = [...owners].map((i) => latentName(this.scattered.now, i)).join(' ');
        return [names, ...matrix, ...offset];
      }),
    };
  }
}
