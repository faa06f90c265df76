// One metric of the runs, epoch by epoch.

import { css, html, nothing, unsafeCSS, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import type { EpochReport } from 'splinterp/lab';
import uPlotStyle from 'uplot/dist/uPlot.min.css?inline';
import { measured, percent } from '../kit/format';
import { inFrame } from '../kit/frames';
import { EpochPlot, plotStyles, type Curve } from '../kit/plot';
import { shared } from '../kit/styles';
import { ThemeController } from '../kit/theme';
import { LabElement } from './element';
import { titleOf, type Run } from './session';
import type { LabProperties } from './settings';

type Kind = LabProperties['curve']['initial'];

/** A curve with its name. */
interface NamedCurve extends Curve {
  name: string;
}

interface Metric {
  name: string;
  /** What it is, where no run is ahead by it. */
  meaning: string;
  /** What is lower where a run is ahead; not of metrics that are neither good nor bad. */
  better?: string;
  test: (report: EpochReport) => number;
  train?: (report: EpochReport) => number;
  show: (value: number | undefined) => string;
}

const metrics: Record<Kind, Metric> = {
  mse: {
    name: 'MSE',
    meaning: 'Mean squared error over all elements',
    better: 'Lower test error so far',
    test: ({ testMse }) => testMse,
    train: ({ trainMse }) => trainMse,
    show: measured,
  },
  fvu: {
    name: 'FVU',
    meaning: 'Fraction of the test rows’ variance that is not explained',
    better: 'Less variance unexplained so far',
    test: ({ testFvu }) => testFvu,
    show: measured,
  },
  l0: { name: 'L0', meaning: 'Mean number of active latents', test: ({ testL0 }) => testL0, show: measured },
  l1: { name: 'L1', meaning: 'Mean of Σ|z|', test: ({ testL1 }) => testL1, show: measured },
  dead: {
    name: 'Dead',
    meaning: 'Share of latents that no training row activated in the epoch',
    test: ({ deadShare }) => deadShare,
    show: percent,
  },
};
const kinds = Object.keys(metrics) as Kind[];

/** A run with what sets it apart: SGD (tied). */
function described({ name, options }: Run): string {
  return `${titleOf(name)} (${options.tied ? 'tied' : 'untied'})`;
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

  @query('.chart') private readonly box!: HTMLElement;
  private plot: EpochPlot | undefined;
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
          ${kinds.map((curve) => this.segment(metrics[curve].name, state.curve === curve, { curve }))}
        </div>
        <div class="segments" role="group" aria-label="Scale">
          ${(['log', 'linear'] as const).map((scale) => this.segment(scale, state.scale === scale, { scale }))}
        </div>
      </div>
      <div class="legend">
        ${session?.runs.map(
          ({ name }) =>
            html`<span class="pair ${name}"
              ><span><i></i>${titleOf(name)} test</span> ${
                metric.train ? html`<span class="train"><i></i>train</span>` : nothing
              }</span
            >`,
        )}
      </div>
      <div
        class="chart"
        role="img"
        data-testid="curves"
        aria-label="Curves of ${metric.name} by epoch. ${this.lab.summary()}"
      ></div>
      <figcaption>
        <strong>${this.claim(metric)}.</strong>
        SGD takes gradient steps on encoder and decoder; PAM-SGD (proximal alternating method) takes them on the encoder
        and solves for the decoder in closed form. ${this.tries}
      </figcaption>
    </figure>`;
  }

  private segment(
    name: string,
    pressed: boolean,
    patch: { curve: Kind } | { scale: 'log' | 'linear' },
  ): TemplateResult {
    return html`<button aria-pressed=${pressed ? 'true' : 'false'} @click=${() => this.lab.change(patch)}>
      ${name}
    </button>`;
  }

  /** Where the runs stand by the metric, at an equal number of epochs. */
  private claim({ meaning, better, test, show }: Metric): string {
    const standing = (this.lab.session?.latest ?? []).flatMap(({ run, report }) =>
      report ? [{ run, value: test(report) }] : [],
    );
    const [first, second] = standing.sort((a, b) => a.value - b.value);
    if (!first) return meaning;
    if (!second) return `${meaning}: ${show(first.value)} by ${described(first.run)}`;
    if (better === undefined) {
      return `${meaning}: ${standing.map(({ run, value }) => `${show(value)} by ${described(run)}`).join(', ')}`;
    }
    return `${better}: ${described(first.run)}, ${show(first.value)}, against ${show(second.value)} for ${described(second.run)}`;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.plot?.destroy();
    this.plot = undefined;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const { session, state } = this.lab;
    const wanted = [session?.runs, state.scale, state.curve];
    if (wanted.every((value, i) => value === this.drawn[i])) return;
    this.drawn = wanted;
    inFrame(this, () => this.draw());
  }

  private draw(): void {
    const { session, state, epoch } = this.lab;
    const { test, train } = metrics[state.curve];
    const curves = (session?.runs ?? []).flatMap(({ name, reports }): NamedCurve[] => [
      { name: `${titleOf(name)} test`, colour: name, dashed: false, values: byEpoch(reports, test) },
      ...(train
        ? [{ name: `${titleOf(name)} train`, colour: name, dashed: true, values: byEpoch(reports, train) }]
        : []),
    ]);
    this.plot ??= new EpochPlot(this.box);
    this.plot.draw(curves, state.scale === 'log', epoch);
  }
}

/** Values from epoch 1 on; a run that goes on from a checkpoint file has none of its first ones. */
function byEpoch(reports: readonly EpochReport[], value: (report: EpochReport) => number): (number | null)[] {
  const values = new Array<number | null>(reports.at(-1)?.epoch ?? 0).fill(null);
  for (const report of reports) values[report.epoch - 1] = value(report);
  return values;
}
