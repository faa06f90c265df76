// Between k-means and PCA (experiment 1): the same points by an SAE that trains as you watch, by the means of its cells
// and by local PCA in them; or by k-means, alone and with local PCA.

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
import { LAST_STEP, PANEL, partitions, ToyModel, variants, type Partitioned, type Variant } from './toy-model';
import { toyLegend, toyLegendStyles } from './toy-legend';
import { drawToy, mseOf } from './toy-picture';
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
  cells: oneOf<Partitioned, 'view'>('cells', 'view', ['sae', 'kmeans']),
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
    const { run, reference } = this.model;
    if (!run || !reference) return html`On each of its cells an SAE reconstructs within one affine space.`;
    const { pca, meanMse, rank } = reference;
    const [sae, means, local] = [html`MSE ${measured(run.mse)}`, measured(meanMse), mseOf(pca.mse)];
    if (reference.of === 'kmeans') {
      return html`Clusters are not the SAE’s cells, so they bound nothing: with ${sae} the SAE is ${this.where}, of
      ${means} and ${local}.`;
    }
    return run.mse > meanMse
      ? html`On its own cells the SAE, ${sae}, does not yet pass their means, ${means}, and can never pass local PCA of
        rank ${rank} in them, ${local}.`
      : html`On its own cells the SAE, ${sae}, lies between their means, as k-means would reconstruct, ${means}, and
        local PCA of rank ${rank}, ${local}.`;
  }

  /** Where the SAE stands, by what is shown. */
  private get where(): string {
    const { run, reference } = this.model;
    if (!run || !reference) return '';
    const { of, pca, meanMse, rank } = reference;
    const [means, local] =
      of === 'sae'
        ? ['the means of its cells', `local PCA of rank ${rank} in them`]
        : ['k-means', `local PCA of rank ${rank} in its clusters`];
    if (run.mse > meanMse) return `above ${means}`;
    // Nothing is below the bound of its own cells but by rounding.
    return of === 'sae' || run.mse >= pca.mse ? `between ${means} and ${local}` : `below ${local}`;
  }

  protected override attempt(): TemplateResult {
    return html`Watch it pass the means of its cells. Give it three active latents: in the plane their maps have rank 2,
    so that local PCA has zero error. Compare it with k-means. Draw points of your own.`;
  }

  /** What is said while there is nothing to measure: before the first frame, or after all points were cleared. */
  private get withoutPoints(): string {
    const { generated, drawn } = this.state;
    return generated || drawn.length > 0 ? 'Loading the points …' : 'No points yet: draw some.';
  }

  protected override describe(): string {
    const { run, reference, points } = this.model;
    if (!run || !reference) return this.withoutPoints;
    const { cells, clusters, variant } = this.state;
    const { pca, meanMse, rank } = reference;
    const [means, local] =
      cells === 'sae'
        ? ['Means of its cells', `Local PCA of rank ${rank} in its cells`]
        : [`k-means with ${clusters} clusters`, `k-means with local PCA of rank ${rank}`];
    return (
      `${count(points.length / 2)} points. ${means}: MSE ${measured(meanMse)}. ` +
      `SAE ${variants[variant].name} after ${count(run.steps)} steps: MSE ${measured(run.mse)}. ` +
      `${local}: MSE ${mseOf(pca.mse)}.`
    );
  }

  protected override readout(): TemplateResult | typeof nothing {
    const { run, reference } = this.model;
    if (!run || !reference) return html`${this.withoutPoints}`;
    const { cells, affine } = run.bounds;
    return html`<b data-testid="where">The MSE of the SAE is ${this.where}</b>.
      <span class="muted"
        >${count(cells)} of its cells hold points. The best affine maps of rank
        ${Math.min(variants[this.state.variant].k, 2)} on these cells have an MSE of
        <span data-testid="bound">${mseOf(affine)}</span>, a lower bound for any decoder on them.</span
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
      ${choice<Partitioned>({
        id: 'cells',
        label: 'Compared on',
        value: now.cells,
        options: Object.entries(partitions).map(([key, name]) => [key as Partitioned, name] as const),
        change: (cells) => this.set({ cells }),
      })}
      ${
        now.cells === 'kmeans'
          ? slider({
              id: 'clusters',
              label: 'Clusters:',
              shown: String(now.clusters),
              value: now.clusters,
              range: [1, MOST_CLUSTERS, 1],
              change: (clusters, settled) => this.set({ clusters }, settled),
            })
          : nothing
      }
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
