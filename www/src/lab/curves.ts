// One metric of the runs, over epochs, steps or seconds.

import { css, html, nothing, unsafeCSS, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import type { EpochReport } from 'splinterp/lab';
import uPlotStyle from 'uplot/dist/uPlot.min.css?inline';
import { duration } from '../kit/format';
import { inFrame } from '../kit/frames';
import { CurvePlot, plotStyles, type Curve } from '../kit/plot';
import { shared } from '../kit/styles';
import { ThemeController } from '../kit/theme';
import { axes, axisKeys, placesOf, stepsOf } from './axis';
import { claimOf } from './claims';
import { LabElement } from './element';
import type { Lab } from './lab';
import { metricKeys, metrics, type Metric } from './metrics';
import { titleOf } from '../kit/runs';
import type { RunName } from './protocol';
import { commonSeconds, type Run } from './session';

/** A run of an earlier session. */
export interface PinnedCurve {
  name: string;
  run: RunName;
  reports: readonly EpochReport[];
  trainRows: number;
  options: { batchSize: number; updatesPerBatch: number };
}

/** A run with what its name leaves open: SGD (tied). */
function described({ name, options }: Run): string {
  const title = titleOf(name);
  return title === titleOf(options.method) ? `${title} (${options.tied ? 'tied' : 'untied'})` : title;
}

@customElement('lab-curves')
export class LabCurves extends LabElement {
  static override styles = [
    unsafeCSS(uPlotStyle),
    shared,
    plotStyles,
    css`
      figure {
        display: flex;
        flex-direction: column;
        height: 100%;
      }
    `,
  ];

  /** What to try, at the end of the caption. */
  @property({ attribute: false }) tries: unknown = nothing;

  /** Runs that are kept to be compared with. */
  @property({ attribute: false }) pinned: readonly PinnedCurve[] = [];

  @query('.chart') private readonly box!: HTMLElement;
  private plot: CurvePlot | undefined;
  private drawn: unknown[] = [];

  constructor() {
    super();
    new ThemeController(this, () => {
      this.plot?.forget();
      inFrame(this, () => this.draw());
    });
  }

  override render(): TemplateResult {
    const { state, session } = this.lab;
    const metric = metrics[state.curve];
    return html`<figure>
      <div class="head">
        <div class="segments" role="group" aria-label="Metric">
          ${metricKeys.map((curve) => this.segment(metrics[curve].name, state.curve === curve, { curve }))}
        </div>
        <div class="segments" role="group" aria-label="Axis">
          ${axisKeys.map((axis) => this.segment(axes[axis].name, state.axis === axis, { axis }))}
        </div>
        <div class="segments" role="group" aria-label="Scale">
          ${(['log', 'linear'] as const).map((scale) => this.segment(scale, state.scale === scale, { scale }))}
        </div>
      </div>
      <div class="legend">
        ${session?.runs.map(
          ({ name }) =>
            html`<span class="pair ${name}"
              ><span><i></i><span class="chip ${name}"></span>${titleOf(name)} test</span> ${
                metric.train ? html`<span class="train"><i></i>train</span>` : nothing
              }</span
            >`,
        )}
        ${this.pinned.map(({ name, run }) => html`<span class="pinned ${run}"><i></i>${name}, pinned</span>`)}
      </div>
      <div
        class="chart"
        role="img"
        data-testid="curves"
        aria-label="Curves of ${metric.name} by ${axes[state.axis].name}. ${this.lab.summary()}"
      ></div>
      <figcaption>
        <strong>${this.claim(metric)}.</strong>
        SGD takes gradient steps on encoder and decoder; PAM-SGD (proximal alternating method) takes them on the encoder
        and solves for the decoder in closed form. ${this.tries}
      </figcaption>
    </figure>`;
  }

  private segment(name: string, pressed: boolean, patch: Partial<Lab['state']>): TemplateResult {
    return html`<button aria-pressed=${pressed ? 'true' : 'false'} @click=${() => this.lab.change(patch)}>
      ${name}
    </button>`;
  }

  /** Where the runs stand by the metric: after an equal number of epochs, or after an equal time. */
  private claim({ test, ...metric }: Metric): string {
    const { session, state, epoch } = this.lab;
    if (!session) return metric.meaning;
    const seconds = state.axis === 'seconds' ? commonSeconds(session.runs) : undefined;
    const latest = seconds === undefined ? session.latest : session.latestWithin(seconds);
    const stands = latest.flatMap(({ run, report }) =>
      report ? [{ name: described(run), value: test(report), l0: report.testL0 }] : [],
    );
    const when = seconds === undefined ? `after epoch ${epoch}` : `after ${duration(seconds)} of training each`;
    return claimOf({ ...metric, when }, stands);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.plot?.destroy();
    this.plot = undefined;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const { session, state } = this.lab;
    const wanted = [session?.runs, state.scale, state.curve, state.axis, this.pinned];
    if (wanted.every((value, i) => value === this.drawn[i])) return;
    this.drawn = wanted;
    inFrame(this, () => this.draw());
  }

  private draw(): void {
    const { session, state } = this.lab;
    const { test, train } = metrics[state.curve];
    const curves: Curve[] = [];
    for (const { name, options, reports } of session?.runs ?? []) {
      const title = titleOf(name);
      const run = { run: name, places: placesOf(state.axis, reports, stepsOf(session?.info.trainRows ?? 0, options)) };
      curves.push({ ...run, name: `${title} test`, line: 'solid', values: reports.map(test) });
      if (train) curves.push({ ...run, name: `${title} train`, line: 'dashed', values: reports.map(train) });
    }
    for (const { name, run, reports, trainRows, options } of this.pinned) {
      const places = placesOf(state.axis, reports, stepsOf(trainRows, options));
      curves.push({ name: `${name}, pinned`, run, line: 'dotted', places, values: reports.map(test) });
    }
    this.plot ??= new CurvePlot(this.box);
    this.plot.draw(curves, state.scale === 'log', axes[state.axis]);
  }
}
