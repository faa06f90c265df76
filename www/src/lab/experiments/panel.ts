// The experiments of a lab: a button a figure, the picture as its runs end, what the paper says and what this run says,
// a table, and everything to take away.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { download } from '../../kit/download';
import { duration, percent } from '../../kit/format';
import { titleOf } from '../../kit/runs';
import { shared } from '../../kit/styles';
import { axes, axisKeys } from '../axis';
import { LabElement } from '../element';
import type { Lab } from '../lab';
import { metricKeys, metrics } from '../metrics';
import type { ExperimentChart } from './chart';
import './chart';
import type { ExperimentController, FigureInfo } from './controller';
import { findingsOf } from './findings';
import type { Picture } from './picture';
import type { ExperimentTable } from './protocol';
import { plannedCount } from './table';
import { experimentTableStyles, tableOf } from './table-view';
import { alongAxis, bySetting } from './view';

/** What the panel shows and asks for. */
type Shown = Pick<
  ExperimentController<unknown>,
  | 'figures'
  | 'figure'
  | 'table'
  | 'running'
  | 'isShown'
  | 'left'
  | 'shares'
  | 'run'
  | 'pause'
  | 'resume'
  | 'cancel'
  | 'csv'
>;

@customElement('lab-experiments')
export class LabExperiments extends LabElement {
  static override styles = [
    shared,
    ...experimentTableStyles,
    css`
      .row {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        align-items: center;
      }
      .row + .row,
      .running {
        margin-top: 12px;
      }
      .running progress {
        flex: 1 1 160px;
        max-width: 320px;
      }
      experiment-chart {
        margin-top: 12px;
      }
      .says {
        max-width: 75ch;
        margin: 12px 0 0;
      }
      dl.says dt {
        font-weight: 600;
      }
      dl.says dd {
        margin: 2px 0 8px;
      }
      input[type='number'] {
        width: 4.5em;
      }
    `,
  ];

  protected override readonly topics = ['change', 'progress'] as const;

  @property({ attribute: false }) experiments!: Shown;
  /** Heading of the whole. */
  @property() heading = 'Experiments';
  /** Shows a figure of the lab. */
  @property({ attribute: false }) show!: (figure: string) => void;
  /** Choices that only this lab has, such as the activation. */
  @property({ attribute: false }) choices: unknown = nothing;
  /** What holds for all figures, at the end of the caption. */
  @property({ attribute: false }) note: unknown = nothing;
  private pictured: { of: unknown[]; picture: Picture } | undefined;
  @query('experiment-chart') private readonly chart!: ExperimentChart | null;

  override render(): TemplateResult {
    const { experiments } = this;
    const { figure, table } = experiments;
    return html`<figure>
      <div class="head">
        <h2>${this.heading}</h2>
        <div class="row">${this.choices} ${this.seeds()}</div>
      </div>
      <div class="row" role="group" aria-label="Figures">
        ${experiments.figures.map((each) => this.figureButton(each, each === figure))}
      </div>
      ${this.motion()} ${figure && table && table.outcomes.length > 0 ? this.body(figure, table) : nothing}
      ${this.says(figure, table)}
      <figcaption>
        A figure is one click: all else is set as above. Running one pauses training. Every run that ends is kept in
        this browser, and none is trained twice. ${this.note}
      </figcaption>
    </figure>`;
  }

  private seeds(): TemplateResult {
    return html`<label
      >Seeds
      <input
        type="number"
        min="1"
        step="1"
        .value=${String(this.lab.state.seeds)}
        @change=${(event: Event) => this.lab.enter('seeds', (event.target as HTMLInputElement).value)}
    /></label>`;
  }

  private figureButton({ key, name }: FigureInfo, shown: boolean): TemplateResult {
    const { phase } = this.lab;
    return html`<button
      data-testid="figure-${key}"
      aria-pressed=${shown ? 'true' : 'false'}
      ?disabled=${phase === 'starting' || phase === 'preparing'}
      @click=${() => this.start(key)}
    >
      ${name}
    </button>`;
  }

  /** One click: shows the figure, and trains what is missing of it unless another is being trained. */
  private start(figure: string): void {
    this.show(figure);
    void this.experiments.run();
  }

  /** Where the list stands that runs, and its controls; or how to go on with one that was left. */
  private motion(): TemplateResult | typeof nothing {
    const { running, table, figure } = this.experiments;
    if (running) return this.running();
    if (!table || table.outcomes.length === 0 || table.outcomes.length >= plannedCount(table)) return nothing;
    return html`<div class="row running">
      <span class="small number" data-testid="experiment-state"
        >${table.outcomes.length} of ${plannedCount(table)} runs are there.</span
      >
      <button data-testid="experiment-go-on" @click=${() => this.start(figure?.key ?? '')}>Train the others</button>
    </div>`;
  }

  private running(): TemplateResult {
    const { experiments } = this;
    const { running, shares, left } = experiments;
    const paused = running?.motion !== 'playing';
    const place = running?.current?.place;
    const name = experiments.figures.find(({ key }) => key === running?.request.figure)?.name ?? '';
    const words = [
      experiments.isShown ? '' : name,
      place ? `${titleOf(place.run)}, epoch ${running.current?.reports.length ?? 0} done` : '',
      running?.motion === 'pausing' ? 'pausing after this epoch' : running?.motion === 'paused' ? 'paused' : '',
      left === undefined || paused ? '' : `${duration(left)} left`,
    ].filter((each) => each !== '');
    return html`<div class="row running">
      <progress aria-label="Progress of the experiment" max="1" .value=${shares.done}></progress>
      <span class="small number" data-testid="experiment-state"
        >${shares.runs}, ${percent(shares.done)}${words.map((each) => ` · ${each}`)}</span
      >
      <button data-testid="experiment-pause" @click=${() => (paused ? experiments.resume() : experiments.pause())}>
        ${paused ? 'Resume' : 'Pause'}
      </button>
      <button data-testid="experiment-cancel" @click=${() => experiments.cancel()}>Cancel</button>
    </div>`;
  }

  private body(figure: FigureInfo, table: ExperimentTable): TemplateResult {
    const { state } = this.lab;
    const setting = Math.min(state.setting, table.settings.length - 1);
    const picture = this.pictureOf(figure, table, setting);
    return html`<div class="row running">
        ${this.segments(
          'Metric',
          metricKeys.map((curve) => [metrics[curve].name, state.curve === curve, { curve }]),
        )}
        ${this.segments('Scale', [
          ['log', state.scale === 'log', { scale: 'log' }],
          ['linear', state.scale === 'linear', { scale: 'linear' }],
        ])}
        ${this.segments('Shown', [
          ['by setting', state.shown === 'settings', { shown: 'settings' }],
          ['curves', state.shown === 'curves', { shown: 'curves' }],
        ])}
        ${state.shown === 'curves' ? this.along(table, setting) : nothing}
      </div>
      <experiment-chart .picture=${picture} text="${figure.name}: ${findingsOf(table).join(' ')}"></experiment-chart>
      <div class="row running">
        <button data-testid="experiment-svg" @click=${() => this.save(figure, 'svg')}>SVG</button>
        <button data-testid="experiment-png" @click=${() => this.save(figure, 'png')}>PNG</button>
        <button data-testid="experiment-csv" @click=${() => void this.saveCsv(figure)}>CSV</button>
      </div>
      ${tableOf(table, figure.name)}`;
  }

  /** The picture, the same one as long as it shows the same: progress is told after every epoch. */
  private pictureOf(figure: FigureInfo, table: ExperimentTable, setting: number): Picture {
    const { curve, scale, shown, axis } = this.lab.state;
    const current = this.experiments.isShown ? this.experiments.running?.current : undefined;
    const curves = shown === 'curves' ? [setting, axis, current] : [];
    const of = [figure, table, curve, scale, shown, ...curves];
    if (this.pictured?.of.length !== of.length || of.some((each, i) => each !== this.pictured?.of[i])) {
      const look = { metric: metrics[curve], log: scale === 'log' };
      const picture =
        shown === 'settings' ? bySetting(table, figure.name, look) : alongAxis(table, setting, axis, current, look);
      this.pictured = { of, picture };
    }
    return this.pictured.picture;
  }

  private along(table: ExperimentTable, setting: number): TemplateResult {
    const { state } = this.lab;
    return html`${this.segments(
        'Axis',
        axisKeys.map((axis) => [axes[axis].name, state.axis === axis, { axis }]),
      )}
      <select
        aria-label="Setting of the curves"
        @change=${(event: Event) => this.lab.change({ setting: (event.target as HTMLSelectElement).selectedIndex })}
      >
        ${table.settings.map(({ label }, at) => html`<option .selected=${at === setting}>${label}</option>`)}
      </select>`;
  }

  private segments(
    name: string,
    choices: readonly (readonly [string, boolean, Partial<Lab['state']>])[],
  ): TemplateResult {
    return html`<div class="segments" role="group" aria-label=${name}>
      ${choices.map(
        ([title, pressed, patch]) =>
          html`<button aria-pressed=${pressed ? 'true' : 'false'} @click=${() => this.lab.change(patch)}>
            ${title}
          </button>`,
      )}
    </div>`;
  }

  /** What the paper says of the figure, and what the runs say. */
  private says(figure: FigureInfo | undefined, table: ExperimentTable | undefined): TemplateResult | typeof nothing {
    const findings = table ? findingsOf(table) : [];
    if (figure?.paper === undefined && findings.length === 0) return nothing;
    return html`<dl class="says small">
      ${
        figure?.paper === undefined
          ? nothing
          : html`<dt>What the paper says</dt>
              <dd>${figure.paper} <a href="https://arxiv.org/abs/2505.11836" rel="noreferrer">arXiv 2505.11836</a></dd>`
      }
      ${
        findings.length === 0
          ? nothing
          : html`<dt>What these runs say</dt>
              <dd data-testid="experiment-findings">${findings.join(' ')}</dd>`
      }
    </dl>`;
  }

  private save(figure: FigureInfo, as: 'svg' | 'png'): void {
    const { chart } = this;
    if (!chart) return;
    if (as === 'svg') download(`${figure.key}.svg`, new Blob([chart.svg(figure.name)], { type: 'image/svg+xml' }));
    else void chart.png().then((png) => download(`${figure.key}.png`, png));
  }

  private async saveCsv(figure: FigureInfo): Promise<void> {
    const csv = await this.experiments.csv();
    if (csv !== undefined) download(`${figure.key}.csv`, new Blob([csv], { type: 'text/csv' }));
  }
}
