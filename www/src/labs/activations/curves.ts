// One figure of merit of the runs, epoch by epoch.

import { css, html, unsafeCSS, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query } from 'lit/decorators.js';
import type { EpochReport } from 'splinterp';
import uPlotStyle from 'uplot/dist/uPlot.min.css?inline';
import { EpochPlot, plotStyles, type Curve } from '../../kit/plot';
import { measured, percent } from '../../kit/format';
import { inFrame } from '../../kit/frames';
import { ThemeController } from '../../kit/theme';
import { runNames, shared } from '../../kit/styles';
import { ActivationsElement } from './element';
import type { LabState } from './state';

interface Kind {
  name: string;
  meaning: string;
  test: (report: EpochReport) => number;
  train?: (report: EpochReport) => number;
  show: (value: number | undefined) => string;
}

const kinds: Record<LabState['curve'], Kind> = {
  mse: {
    name: 'MSE',
    meaning: 'The mean squared error over all elements',
    test: (report) => report.testMse,
    train: (report) => report.trainMse,
    show: measured,
  },
  fvu: {
    name: 'fvu',
    meaning: 'The fraction of the variance of unseen rows that is not explained',
    test: (report) => report.testFvu,
    show: measured,
  },
  l0: { name: 'l0', meaning: 'The number of active latents of a row', test: (report) => report.testL0, show: measured },
  l1: {
    name: 'l1',
    meaning: 'The sum of the absolute codes of a row',
    test: (report) => report.testL1,
    show: measured,
  },
  dead: {
    name: 'dead',
    meaning: 'The share of latents that no training row activates',
    test: (report) => report.deadShare,
    show: percent,
  },
};

@customElement('acts-curves')
export class ActsCurves extends ActivationsElement {
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
    const { state, methods } = this.lab;
    const kind = kinds[state.curve];
    return html`<figure>
      <div class="head">
        <div class="segments" role="group" aria-label="Figure of merit">
          ${(Object.keys(kinds) as LabState['curve'][]).map(
            (curve) =>
              html`<button
                aria-pressed=${state.curve === curve ? 'true' : 'false'}
                @click=${() => this.lab.change({ curve })}
              >
                ${kinds[curve].name}
              </button>`,
          )}
        </div>
        <div class="segments" role="group" aria-label="Scale">
          ${(['log', 'linear'] as const).map(
            (scale) =>
              html`<button
                aria-pressed=${state.scale === scale ? 'true' : 'false'}
                @click=${() => this.lab.change({ scale })}
              >
                ${scale}
              </button>`,
          )}
        </div>
      </div>
      <div class="legend">
        ${methods.map(
          (method) =>
            html`<span class="pair ${method}"
              ><span><i></i>${runNames[method]} test</span> ${
                kind.train ? html`<span class="train"><i></i>train</span>` : ''
              }</span
            >`,
        )}
      </div>
      <div
        class="chart"
        role="img"
        data-testid="curves"
        aria-label="Curves of ${kind.name} by epoch. ${this.lab.summary()}"
      ></div>
      <figcaption>
        <strong>${kind.meaning}${this.standing(kind)}.</strong>
        SGD moves encoder and decoder a small step at a time; PAM-SGD solves for the best decoder. Try
        <a href=${this.lab.linkTo({ share: state.share === 10 ? 100 : 10 })}
          >${state.share === 10 ? 'all' : '10 %'} of the rows</a
        >, or
        <a href=${this.lab.linkTo({ recipe: state.recipe === 'paper-llm' ? 'recommended' : 'paper-llm' })}
          >${state.recipe === 'paper-llm' ? 'the recommended schedule' : 'the schedule of the paper’s script'}</a
        >.
      </figcaption>
    </figure>`;
  }

  /** Where the runs stand by this figure, to follow its meaning. */
  private standing(kind: Kind): string {
    const parts = this.lab.methods.flatMap((method) => {
      const report = this.lab.latest(method);
      return report ? [`${kind.show(kind.test(report))} by ${runNames[method]}`] : [];
    });
    return parts.length > 0 ? `: ${parts.join(', ')}` : '';
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.plot?.destroy();
    this.plot = undefined;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const { reports, state } = this.lab;
    const wanted = [reports, state.scale, state.curve];
    if (wanted.every((value, i) => value === this.drawn[i])) return;
    this.drawn = wanted;
    inFrame(this, () => this.draw());
  }

  private draw(): void {
    const { reports, state, methods, epoch } = this.lab;
    const { test, train } = kinds[state.curve];
    const curves = methods.flatMap((colour): Curve[] => {
      const done = reports[colour] ?? [];
      return [
        { name: `${runNames[colour]} test`, colour, dashed: false, values: done.map(test) },
        ...(train ? [{ name: `${runNames[colour]} train`, colour, dashed: true, values: done.map(train) }] : []),
      ];
    });
    this.plot ??= new EpochPlot(this.box);
    this.plot.draw(curves, state.scale === 'log', epoch);
  }
}
