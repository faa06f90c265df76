// Between k-means and PCA (experiment 1): the same points by k-means, by an SAE that trains as you watch, and by
// k-means with local PCA.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import {
  Dataset,
  kmeans,
  localPca,
  ToySae,
  type KMeans,
  type LocalPca,
  type ToyBounds,
  type ToyOptions,
} from 'splinterp/figures';
import { count, measured } from '../../kit/format';
import { flag, oneOf, whole } from '../../kit/properties';
import type { Colours } from '../frame/colours';
import { diagramOf, loadGeometry, traceBorders, traceCells, type Diagram } from '../frame/diagram';
import type { CsvTable } from '../frame/export';
import { changed, FigureElement } from '../frame/figure';
import { circle, cross, type Painter } from '../frame/painter';
import type { Place } from '../frame/probe';
import type { Box, View } from '../frame/view';
import { clipped, heading, layOut, panelAt, traceBox, within, type Layout } from '../frame/panels';
import { kept, MOST_POINTS, PointPen, pointsProperty, type Points } from '../frame/points';

/** The generated points, some 2 from the origin, and room around them. */
const PANEL: Box = [-2.2, -2.2, 2.2, 2.2];
const GENERATED = 100;

/** Step size of Adam: of 0.003, 0.01 and 0.03 the one that is past k-means soonest without jumping about later. */
const LR = 0.01;

/** Steps for each frame of the screen; training ends at the last. */
const STEPS_PER_FRAME = 2;
const LAST_STEP = 2000;

/** Time in a frame for steps that a link asks to be caught up with, in ms. */
const CATCH_UP = 10;

/** Time between two updates of the text while the picture moves, in ms. */
const TEXT_EVERY = 900;

const MOST_ROUNDS = 200;

/** The experiment's variants of the SAE. */
const variants = {
  'top-1-soft': { name: 'Top-1 soft', k: 1, code: 'soft', start: 'random' },
  'top-3-soft': { name: 'Top-3 soft', k: 3, code: 'soft', start: 'random' },
  'top-1-hard': { name: 'Top-1 hard', k: 1, code: 'hard', start: 'random' },
  'top-3-hard': { name: 'Top-3 hard', k: 3, code: 'hard', start: 'random' },
  'top-3-hard-kmeans': { name: 'Top-3 hard, sites from k-means', k: 3, code: 'hard', start: 'kmeans' },
} as const satisfies Record<string, { name: string } & Pick<ToyOptions, 'k' | 'code' | 'start'>>;
type Variant = keyof typeof variants;

const table = {
  variant: oneOf<Variant, 'run'>('sae', 'run', [
    'top-1-soft',
    'top-3-soft',
    'top-1-hard',
    'top-3-hard',
    'top-3-hard-kmeans',
  ]),
  atoms: { ...oneOf('atoms', 'run', [40, 80, 10] as const), initial: 40 as number },
  clusters: whole('clusters', 'view', 3, 1, 12),
  seed: whole('seed', 'run', 1, 0, 2 ** 32 - 1),
  generated: flag('generated', 'points', true),
  drawn: pointsProperty('drawn'),
  steps: whole('steps', 'run', 0, 0, LAST_STEP),
};

@customElement('splinterp-kmeans-pca')
export class KmeansPca extends FigureElement<typeof table> {
  static override styles = [
    ...FigureElement.styles,
    css`
      .pen {
        position: absolute;
        inset: 0;
        touch-action: none;
        cursor: crosshair;
      }
      .nib {
        pointer-events: none;
      }
      .nib:focus-visible {
        background:
          linear-gradient(var(--alert), var(--alert)) 50% / 2px 100% no-repeat,
          linear-gradient(var(--alert), var(--alert)) 50% / 100% 2px no-repeat;
      }
      button[aria-pressed='true'] {
        background: var(--accent);
        color: var(--on-accent);
      }
    `,
  ];

  protected readonly name = 'kmeans-pca';
  readonly table = table;

  @state() private playing = !this.calm;
  private points = new Float64Array();
  private asked: readonly unknown[] = [];
  private clustered: readonly unknown[] = [];
  private toy: ToySae | undefined;
  private sae: Diagram | undefined;
  private bounds: ToyBounds | undefined;
  private means: (KMeans & { readonly cells: Diagram; readonly pca: LocalPca }) | undefined;
  private frame = 0;
  private texted = 0;
  /** What Undo returns to. */
  private readonly past: { generated: boolean; drawn: Points }[] = [];
  private stroke: Points | undefined;

  private readonly pen = new PointPen(this, {
    put: (place, settled) => this.put(place, settled),
    end: () => {
      this.stroke = undefined;
      this.set({});
    },
  });

  private get layout(): Layout {
    return layOut(PANEL, 3, super.view.width);
  }

  override get view(): View {
    return this.layout.view;
  }

  protected override prepare(): Promise<void> {
    return loadGeometry();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.toy?.free();
    this.toy = undefined;
    this.asked = [];
  }

  override restore(hash: string): void {
    super.restore(hash);
    // A link to a trained SAE shows it as it was.
    if (this.state.steps > 0) this.playing = false;
    this.asked = [];
  }

  protected override willUpdate(): void {
    if (!this.ready) return;
    const { variant, atoms, seed, generated, drawn, clusters } = this.state;
    const asked = [variant, atoms, seed, generated, drawn];
    try {
      if (changed(this.asked, asked)) {
        this.asked = asked;
        this.gather();
        this.build();
      }
      const clustered = [this.points, clusters];
      if (changed(this.clustered, clustered)) {
        this.clustered = clustered;
        this.cluster();
      }
      this.mended();
    } catch (error) {
      this.fail(error);
    }
  }

  protected override updated(): void {
    super.updated();
    if (this.frame === 0 && this.isBusy()) this.frame = requestAnimationFrame(this.advance);
  }

  /** Whether there is training to be done and seen. */
  private isBusy(): boolean {
    const { toy } = this;
    if (!toy || !this.onScreen) return false;
    return toy.steps < this.state.steps || (this.playing && toy.steps < LAST_STEP);
  }

  private gather(): void {
    const { generated, drawn, seed } = this.state;
    let base: ArrayLike<number> = [];
    if (generated) {
      const data = Dataset.clusters(GENERATED, seed);
      base = data.values();
      data.free();
    }
    this.points = Float64Array.from([...Array.from(base), ...drawn]);
  }

  private build(): void {
    this.toy?.free();
    this.toy = undefined;
    this.sae = undefined;
    if (this.points.length === 0) return;
    const { variant, atoms, seed } = this.state;
    const { k, code, start } = variants[variant];
    this.toy = new ToySae(this.points, { atoms, k, code, start, lr: LR, seed });
    this.look();
  }

  private cluster(): void {
    this.means = undefined;
    const clusters = Math.min(this.state.clusters, this.points.length / 2);
    if (clusters === 0) return;
    const found = kmeans(this.points, 2, this.points.slice(0, 2 * clusters), MOST_ROUNDS);
    const pca = localPca(this.points, 2, found.labels, found.centers, 1);
    this.means = { ...found, pca, cells: diagramOf(found.centers, new Float64Array(clusters), 1, PANEL) };
  }

  /** The SAE's partition and bounds as they are now. */
  private look(): void {
    const { toy } = this;
    if (!toy) return;
    this.sae = diagramOf(toy.sites(), toy.weights(), variants[this.state.variant].k, PANEL);
    this.bounds = toy.bounds();
  }

  private readonly advance = (now: number): void => {
    this.frame = 0;
    const { toy } = this;
    if (!toy || !this.isBusy()) return;
    try {
      const until = performance.now() + CATCH_UP;
      while (toy.steps < this.state.steps && performance.now() < until) {
        toy.train(Math.min(10, this.state.steps - toy.steps));
      }
      if (this.playing && toy.steps >= this.state.steps) {
        toy.train(Math.min(STEPS_PER_FRAME, LAST_STEP - toy.steps));
      }
      this.look();
      this.paint(this.view);
    } catch (error) {
      this.playing = false;
      this.fail(error);
      return;
    }
    const goesOn = this.isBusy();
    if (goesOn) this.frame = requestAnimationFrame(this.advance);
    else this.playing = false;
    if (!goesOn || now - this.texted > TEXT_EVERY) {
      this.texted = now;
      this.requestUpdate();
    }
  };

  // --- points ---------------------------------------------------------------------------------------------------

  private put({ x, y }: Place, settled: boolean): void {
    const { generated, drawn } = this.state;
    if (this.points.length / 2 >= MOST_POINTS) return;
    if (this.stroke === undefined) this.past.push({ generated, drawn });
    if (!settled) this.stroke ??= drawn;
    const { layout } = this;
    const { dx, dy } = layout.panels[panelAt(layout, PANEL, x, y)] ?? { dx: 0, dy: 0 };
    const [x0, y0, x1, y1] = PANEL;
    const inside = [Math.min(Math.max(x - dx, x0), x1), Math.min(Math.max(y - dy, y0), y1)].map(kept);
    this.again({ drawn: [...drawn, ...inside] }, settled);
  }

  private clear(): void {
    const { generated, drawn } = this.state;
    this.past.push({ generated, drawn });
    this.pen.held = true;
    this.again({ generated: false, drawn: [] });
  }

  private undo(): void {
    const before = this.past.pop();
    if (before) this.again(before);
  }

  /** Other data or another SAE: it trains from the start. */
  private again(changes: Partial<KmeansPca['state']>, settled = true): void {
    this.playing = !this.calm;
    this.set({ ...changes, steps: 0 }, settled);
  }

  // --- what it says ---------------------------------------------------------------------------------------------

  protected override claim(): TemplateResult {
    return html`An SAE lies between k-means, a constant for each cell, and k-means with local PCA, the best affine map
    for each cell.`;
  }

  protected override attempt(): TemplateResult {
    return html`Watch it pass k-means. Give it three active latents: in the plane their maps have rank 2, and nothing is
    left for it to be above. Draw points of your own.`;
  }

  private get rank(): number {
    return Math.min(variants[this.state.variant].k, 2);
  }

  /** What is said while there is nothing to measure: before the first frame, or after all points were cleared. */
  private get withoutPoints(): string {
    const { generated, drawn } = this.state;
    return generated || drawn.length > 0 ? 'Placing its points …' : 'No points yet: draw some.';
  }

  protected override describe(): string {
    const { toy, means, bounds } = this;
    if (!toy || !means || !bounds) return this.withoutPoints;
    const { clusters, variant } = this.state;
    return (
      `${count(this.points.length / 2)} points. k-means with ${clusters} clusters: MSE ${measured(means.mse)}. ` +
      `SAE ${variants[variant].name} after ${count(toy.steps)} steps: MSE ${measured(toy.mse)}. ` +
      `k-means with local PCA: MSE ${measured(means.pca.mse)}.`
    );
  }

  protected override readout(): TemplateResult | typeof nothing {
    const { toy, means, bounds } = this;
    if (!toy || !means || !bounds) return html`${this.withoutPoints}`;
    const where =
      toy.mse > means.mse
        ? 'above k-means'
        : toy.mse >= means.pca.mse
          ? 'between k-means and local PCA'
          : 'below local PCA of rank 1';
    return html`<b data-testid="where">The SAE is ${where}</b>.
      <span class="muted"
        >${bounds.cells} of its cells hold points; on these cells the best affine maps of rank ${this.rank} would leave
        <span data-testid="bound">${bounds.affine < 1e-12 ? '0' : measured(bounds.affine)}</span>, which no decoder
        passes.</span
      >`;
  }

  // --- controls -------------------------------------------------------------------------------------------------

  protected override controls(): TemplateResult {
    const { state: now, toy } = this;
    const chosen = (event: Event): string => (event.target as HTMLInputElement | HTMLSelectElement).value;
    const over = (toy?.steps ?? 0) >= LAST_STEP;
    return html`
      <div class="field">
        <label for="variant">SAE</label>
        <select id="variant" @change=${(event: Event) => this.again({ variant: chosen(event) as Variant })}>
          ${Object.entries(variants).map(
            ([key, { name }]) => html`<option value=${key} .selected=${live(key === now.variant)}>${name}</option>`,
          )}
        </select>
      </div>
      <div class="field">
        <label for="atoms">Atoms</label>
        <select id="atoms" @change=${(event: Event) => this.again({ atoms: Number(chosen(event)) })}>
          ${[10, 40, 80].map((n) => html`<option value=${n} .selected=${live(n === now.atoms)}>${n}</option>`)}
        </select>
      </div>
      <div class="field wide">
        <label for="clusters">k-means clusters: <b class="number">${now.clusters}</b></label>
        <input
          id="clusters"
          type="range"
          min="1"
          max="12"
          .value=${live(String(now.clusters))}
          @input=${(event: Event) => this.set({ clusters: Number(chosen(event)) }, false)}
          @change=${(event: Event) => this.set({ clusters: Number(chosen(event)) })}
        />
      </div>
      <div class="bar">
        <button data-testid="play" ?disabled=${!toy || over} @click=${() => this.toggle()}>
          ${this.playing && !over ? 'Pause' : 'Train'}
        </button>
        <button data-testid="step" ?disabled=${!toy || over} @click=${() => this.stepOn()}>10 steps</button>
        <button data-testid="reset" @click=${() => this.restart()}>Start again</button>
        <button @click=${() => this.again({ seed: (now.seed + 1) % 2 ** 32 })}>Other seed</button>
        <button data-testid="draw" aria-pressed=${this.pen.held} @click=${() => this.hold()}>Draw points</button>
        <button data-testid="undo" ?disabled=${this.past.length === 0} @click=${() => this.undo()}>Undo</button>
        <button data-testid="clear" ?disabled=${this.points.length === 0} @click=${() => this.clear()}>Clear</button>
      </div>
    `;
  }

  private hold(): void {
    this.pen.held = !this.pen.held;
    this.requestUpdate();
  }

  private toggle(): void {
    this.playing = !this.playing;
    if (!this.playing) this.set({ steps: this.toy?.steps ?? 0 });
  }

  private stepOn(): void {
    this.playing = false;
    this.set({ steps: Math.min((this.toy?.steps ?? 0) + 10, LAST_STEP) });
  }

  private restart(): void {
    this.asked = [];
    this.again({});
  }

  protected override overlay(): TemplateResult | typeof nothing {
    return this.pen.layer();
  }

  // --- drawing --------------------------------------------------------------------------------------------------

  protected override draw(painter: Painter, _view: View, colours: Colours): void {
    const { layout, means, toy, sae, points } = this;
    const panels = layout.panels.map((panel) => within(layout, panel));
    const [left, middle, right] = panels;
    if (!left || !middle || !right) return;
    for (const view of panels) {
      painter.path({ fill: colours.well, stroke: colours.line }, (pen) => traceBox(pen, view, PANEL));
    }
    if (!means || !toy || !sae) return;
    this.drawCells(painter, left, colours, means.cells);
    this.drawErrors(painter, left, colours, this.centers(means));
    this.drawCenters(painter, left, colours, means.centers);
    heading(painter, left, PANEL, `k-means · MSE ${measured(means.mse)}`, colours.ink);

    this.drawCells(painter, middle, colours, sae);
    this.drawErrors(painter, middle, colours, toy.forward(points));
    this.drawSites(painter, middle, colours, toy.sites());
    heading(painter, middle, PANEL, `SAE · MSE ${measured(toy.mse)} · step ${count(toy.steps)}`, colours.ink);

    this.drawCells(painter, right, colours, means.cells);
    this.drawLines(painter, right, colours, means);
    this.drawErrors(painter, right, colours, this.projections(means));
    heading(painter, right, PANEL, `k-means + local PCA · MSE ${measured(means.pca.mse)}`, colours.ink);
  }

  private drawCells(painter: Painter, view: View, colours: Colours, diagram: Diagram): void {
    for (const [colour, fill] of colours.tints.entries()) {
      painter.path({ fill, opacity: 0.7 }, (pen) =>
        traceCells(pen, diagram, view, (cell) => diagram.colours[cell] === colour),
      );
    }
    painter.path({ stroke: colours.ink, opacity: 0.4 }, (pen) => traceBorders(pen, diagram, view));
  }

  /** Each point, what the method makes of it, and a line between. */
  private drawErrors(painter: Painter, view: View, colours: Colours, images: Float64Array): void {
    const { points } = this;
    const places = [...Array(points.length / 2).keys()];
    const at = (from: ArrayLike<number>, i: number): [number, number] => [from[2 * i] ?? 0, from[2 * i + 1] ?? 0];
    painter.path({ stroke: colours.ink, opacity: 0.35 }, (pen) => {
      for (const i of places) {
        const line = clipped(PANEL, at(points, i), at(images, i));
        if (!line) continue;
        pen.moveTo(view.x(line[0]), view.y(line[1]));
        pen.lineTo(view.x(line[2]), view.y(line[3]));
      }
    });
    painter.path({ fill: colours.ink }, (pen) => {
      for (const i of places) {
        const [x, y] = at(points, i);
        circle(pen, view.x(x), view.y(y), 2);
      }
    });
    painter.path({ fill: colours.alert }, (pen) => {
      for (const i of places) {
        const [x, y] = at(images, i);
        if (inPanel(x, y)) circle(pen, view.x(x), view.y(y), 2);
      }
    });
  }

  private drawCenters(painter: Painter, view: View, colours: Colours, centers: Float64Array): void {
    painter.path({ fill: colours.panel, stroke: colours.alert, width: 2.5 }, (pen) => {
      for (let i = 0; i < centers.length; i += 2) circle(pen, view.x(centers[i] ?? 0), view.y(centers[i + 1] ?? 0), 5);
    });
  }

  /** The sites of the SAE's power diagram, where the theory puts them: at the rows of its encoder. */
  private drawSites(painter: Painter, view: View, colours: Colours, sites: Float64Array): void {
    painter.path({ stroke: colours.accent, width: 1.5 }, (pen) => {
      for (let i = 0; i < sites.length; i += 2) {
        const [x, y] = [sites[i] ?? 0, sites[i + 1] ?? 0];
        if (inPanel(x, y)) cross(pen, view.x(x), view.y(y), 4);
      }
    });
  }

  private drawLines(painter: Painter, view: View, colours: Colours, means: NonNullable<KmeansPca['means']>): void {
    const { centers, pca } = means;
    painter.path({ stroke: colours.accent, width: 3 }, (pen) => {
      for (let i = 0; 2 * i < centers.length; i++) {
        const [x, y] = [centers[2 * i] ?? 0, centers[2 * i + 1] ?? 0];
        const reach = 2 * Math.sqrt(pca.variances[i] ?? 0);
        const [dx, dy] = [reach * (pca.directions[2 * i] ?? 0), reach * (pca.directions[2 * i + 1] ?? 0)];
        const line = clipped(PANEL, [x - dx, y - dy], [x + dx, y + dy]);
        if (!line) continue;
        pen.moveTo(view.x(line[0]), view.y(line[1]));
        pen.lineTo(view.x(line[2]), view.y(line[3]));
      }
    });
  }

  private centers({ centers, labels }: KMeans): Float64Array {
    return Float64Array.from(
      { length: 2 * labels.length },
      (_, i) => centers[2 * (labels[i >> 1] ?? 0) + (i % 2)] ?? 0,
    );
  }

  private projections({ centers, labels, pca }: NonNullable<KmeansPca['means']>): Float64Array {
    const out = new Float64Array(this.points.length);
    for (const [i, label] of labels.entries()) {
      const [cx, cy] = [centers[2 * label] ?? 0, centers[2 * label + 1] ?? 0];
      const [dx, dy] = [pca.directions[2 * label] ?? 0, pca.directions[2 * label + 1] ?? 0];
      const along = ((this.points[2 * i] ?? 0) - cx) * dx + ((this.points[2 * i + 1] ?? 0) - cy) * dy;
      out[2 * i] = cx + along * dx;
      out[2 * i + 1] = cy + along * dy;
    }
    return out;
  }

  protected override csv(): CsvTable {
    const { toy, means, points } = this;
    const header = ['x', 'y', 'cluster', 'kmeans_x', 'kmeans_y', 'active', 'sae_x', 'sae_y', 'pca_x', 'pca_y'];
    if (!toy || !means) return { header, rows: [] };
    const images = [this.centers(means), toy.forward(points), this.projections(means)] as const;
    const pair = (from: Float64Array, i: number): [number, number] => [from[2 * i] ?? 0, from[2 * i + 1] ?? 0];
    return {
      header,
      rows: [...means.labels].map((label, i) => [
        ...pair(points, i),
        label,
        ...pair(images[0], i),
        [...toy.active(...pair(points, i))].join(' '),
        ...pair(images[1], i),
        ...pair(images[2], i),
      ]),
    };
  }
}

function inPanel(x: number, y: number): boolean {
  const [x0, y0, x1, y1] = PANEL;
  return x >= x0 && x <= x1 && y >= y0 && y <= y1;
}
