// Between k-means and PCA (experiment 1): the same points by k-means, by an SAE that trains as you watch, and by
// k-means with local PCA.

import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { count, measured } from '../../kit/format';
import { flag, oneOf, whole } from '../../kit/properties';
import { choice, numbered, slider } from '../frame/controls';
import type { CsvTable } from '../frame/export';
import type { Drawing } from '../frame/painter';
import { PanelFigure } from '../frame/panel-figure';
import { kept, MOST_POINTS, PointPen, pointsProperty, type Points } from '../frame/points';
import type { Place } from '../frame/probe';
import { SEEDS } from '../frame/scattered';
import { LAST_STEP, PANEL, ToyModel, variants, type Variant } from './toy-model';
import { toyLegend, toyLegendStyles } from './toy-legend';
import { drawToy } from './toy-picture';
import { ToyTraining } from './toy-training';

const MOST_CLUSTERS = 12;
const atoms = [40, 80, 10] as const;

const table = {
  variant: oneOf<Variant, 'run'>('sae', 'run', [
    'top-1-soft',
    'top-3-soft',
    'top-1-hard',
    'top-3-hard',
    'top-3-hard-kmeans',
  ]),
  atoms: { ...oneOf('atoms', 'run', atoms), initial: 40 as number },
  clusters: whole('clusters', 'view', 3, 1, MOST_CLUSTERS),
  seed: whole('seed', 'run', 1, 0, SEEDS - 1),
  generated: flag('generated', 'points', true),
  drawn: pointsProperty('drawn'),
  steps: whole('steps', 'run', 0, 0, LAST_STEP),
};

@customElement('splinterp-kmeans-pca')
export class KmeansPca extends PanelFigure<typeof table> {
  static override styles = [...PanelFigure.styles, toyLegendStyles];

  readonly name = 'kmeans-pca';
  readonly table = table;
  protected readonly panel = PANEL;
  protected readonly panelCount = 3;

  private readonly model = new ToyModel();
  private readonly training = new ToyTraining(this, this.model, !this.calm, {
    wanted: () => this.state.steps,
    onScreen: () => this.onScreen,
    paint: () => this.paint(this.view),
    fail: (error) => this.fail(error),
  });
  /** What Undo returns to. */
  private readonly past: { generated: boolean; drawn: Points }[] = [];
  /** Whether a stroke is under way. */
  private stroke = false;

  private readonly pen = new PointPen(this, {
    put: (place, settled) => this.put(place, settled),
    end: () => {
      this.stroke = false;
      this.set({});
    },
  });

  override restore(hash: string): void {
    super.restore(hash);
    // A link to a trained SAE shows it as it was.
    if (this.state.steps > 0) this.training.playing = false;
    this.model.restart();
  }

  protected override derive(): void {
    this.model.follow(this.state);
  }

  protected override get moving(): boolean {
    return this.training.moving;
  }

  // --- training -------------------------------------------------------------------------------------------------

  private toggle(): void {
    this.training.playing = !this.training.playing;
    if (this.training.playing) this.requestUpdate();
    else this.set({ steps: this.training.steps });
  }

  private stepOn(): void {
    this.training.playing = false;
    this.set({ steps: Math.min(this.training.steps + 10, LAST_STEP) });
  }

  /** Other data or another SAE: it trains from the start. */
  private again(changes: Partial<KmeansPca['state']>, settled = true): void {
    this.training.playing = !this.calm;
    this.model.restart();
    this.set({ ...changes, steps: 0 }, settled);
  }

  // --- points ---------------------------------------------------------------------------------------------------

  private put(place: Place, settled: boolean): void {
    const { generated, drawn } = this.state;
    if (this.model.points.length / 2 >= MOST_POINTS) return;
    if (!this.stroke) this.past.push({ generated, drawn });
    this.stroke = !settled;
    const { x, y } = this.inPanel(place);
    this.again({ drawn: [...drawn, kept(x), kept(y)] }, settled);
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

  private takePen(): void {
    this.pen.held = !this.pen.held;
    this.requestUpdate();
  }

  // --- what it says ---------------------------------------------------------------------------------------------

  protected override claim(): TemplateResult {
    return html`An SAE is one affine map on each of its cells: more than k-means, which is constant on each, and no more
    than local PCA, the best affine map of its rank on the same cells.`;
  }

  protected override attempt(): TemplateResult {
    return html`Watch it pass k-means. Give it three active latents: in the plane their maps have rank 2, so even the
    best map per cell has zero error. Draw points of your own.`;
  }

  /** What is said while there is nothing to measure: before the first frame, or after all points were cleared. */
  private get withoutPoints(): string {
    const { generated, drawn } = this.state;
    return generated || drawn.length > 0 ? 'Loading the points …' : 'No points yet: draw some.';
  }

  protected override describe(): string {
    const { run, means, points } = this.model;
    if (!run || !means) return this.withoutPoints;
    const { clusters, variant } = this.state;
    return (
      `${count(points.length / 2)} points. k-means with ${clusters} clusters: MSE ${measured(means.mse)}. ` +
      `SAE ${variants[variant].name} after ${count(run.steps)} steps: MSE ${measured(run.mse)}. ` +
      `k-means with local PCA: MSE ${measured(means.pca.mse)}.`
    );
  }

  protected override readout(): TemplateResult | typeof nothing {
    const { run, means } = this.model;
    if (!run || !means) return html`${this.withoutPoints}`;
    const { cells, affine } = run.bounds;
    const rank = Math.min(variants[this.state.variant].k, 2);
    const where =
      run.mse > means.mse
        ? 'above k-means'
        : run.mse >= means.pca.mse
          ? 'between k-means and local PCA'
          : 'below local PCA of rank 1';
    return html`<b data-testid="where">The MSE of the SAE is ${where}</b>.
      <span class="muted"
        >${count(cells)} of its cells hold points. The best affine maps of rank ${rank} on these cells have an MSE of
        <span data-testid="bound">${affine < 1e-12 ? '0' : measured(affine)}</span>, a lower bound for any decoder on
        them.</span
      >
      ${toyLegend}`;
  }

  // --- controls -------------------------------------------------------------------------------------------------

  protected override controls(): TemplateResult {
    const { state: now, model, training } = this;
    const { run, points } = model;
    const { over } = training;
    return html`
      ${choice<Variant>({
        id: 'variant',
        label: 'SAE',
        value: now.variant,
        options: Object.entries(variants).map(([key, { name }]) => [key as Variant, name] as const),
        hint: 'Top-K: K latents are active. Soft: an active latent’s value is its share of a softmax. Hard: it is the pre-activation.',
        change: (variant) => this.again({ variant }),
      })}
      ${choice({
        id: 'atoms',
        label: 'Latents',
        value: now.atoms,
        options: numbered([10, 40, 80], count),
        change: (value) => this.again({ atoms: value }),
      })}
      ${slider({
        id: 'clusters',
        label: 'k-means clusters:',
        shown: String(now.clusters),
        value: now.clusters,
        range: [1, MOST_CLUSTERS, 1],
        change: (clusters, settled) => this.set({ clusters }, settled),
      })}
      <div class="bar">
        <button data-testid="play" ?disabled=${!run || over} @click=${() => this.toggle()}>
          ${training.playing && !over ? 'Pause' : 'Train'}
        </button>
        <button data-testid="step" ?disabled=${!run || over} @click=${() => this.stepOn()}>10 steps</button>
        <button data-testid="reset" @click=${() => this.again({})}>Start over</button>
        <button @click=${() => this.again({ seed: (now.seed + 1) % SEEDS })}>New seed</button>
        <button data-testid="draw" aria-pressed=${this.pen.held} @click=${() => this.takePen()}>Draw points</button>
        <button data-testid="undo" ?disabled=${this.past.length === 0} @click=${() => this.undo()}>Undo</button>
        <button data-testid="clear" ?disabled=${points.length === 0} @click=${() => this.clear()}>Clear</button>
      </div>
    `;
  }

  protected override overlay(): TemplateResult | typeof nothing {
    return this.pen.layer();
  }

  // --- drawing --------------------------------------------------------------------------------------------------

  protected override draw({ painter, colours }: Drawing): void {
    drawToy({ painter, colours }, this.panelViews, this.model);
  }

  override csv(): CsvTable {
    return this.model.table();
  }
}
