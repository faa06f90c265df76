// Train and test MSE of both runs, epoch by epoch.

import { css, html, unsafeCSS, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query } from 'lit/decorators.js';
import uPlotStyle from 'uplot/dist/uPlot.min.css?inline';
import { EpochPlot, plotStyles } from '../../kit/plot';
import { measured } from '../../kit/format';
import { inFrame } from '../../kit/frames';
import { ThemeController } from '../../kit/theme';
import { runNames, shared } from '../../kit/styles';
import { methods } from '../../lab/worker/protocol';
import { LabElement } from './element';
import type { LabState } from './state';

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

  @query('.chart') private readonly box!: HTMLElement;
  private plot: EpochPlot | undefined;
  private drawn: unknown;
  private scale: LabState['scale'] | undefined;

  constructor() {
    super();
    new ThemeController(this, () => {
      this.plot?.forget();
      inFrame(this, () => this.draw());
    });
  }

  override render(): TemplateResult {
    const { state } = this.lab;
    const last = methods.map((method) => ({ method, report: this.lab.latest(method) }));
    const leader = [...last].sort((a, b) => (a.report?.testMse ?? Infinity) - (b.report?.testMse ?? Infinity))[0];
    return html`<figure>
      <div class="head">
        <h2>Loss</h2>
        <div class="legend">
          ${methods.map(
            (method) =>
              html`<span class="pair ${method}"
                ><span><i></i>${runNames[method]} test</span> <span class="train"><i></i>train</span></span
              >`,
          )}
        </div>
        <div class="segments" role="group" aria-label="Scale of the loss">
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
      <div
        class="chart"
        role="img"
        data-testid="curves"
        aria-label="Curves of train and test MSE by epoch. ${this.lab.summary()}"
      ></div>
      <figcaption>
        ${
          leader?.report
            ? html`<strong>${runNames[leader.method]} reconstructs unseen images best so far</strong>, at a test MSE of
                <span class="number">${measured(leader.report.testMse)}</span>. SGD moves encoder and decoder a small
                step at a time; PAM-SGD solves for the best decoder once an epoch.`
            : html`<strong>Two ways to train the same autoencoder</strong>: SGD moves encoder and decoder a small step
                at a time; PAM-SGD solves for the best decoder once an epoch.`
        }
        Try <a href=${this.lab.linkTo({ tied: !state.tied })}>${state.tied ? 'untied' : 'tied'} weights for SGD</a>, or
        <a href=${this.lab.linkTo({ updates: state.updates === 1 ? 5 : 1 })}
          >${state.updates === 1 ? 'five encoder updates' : 'one encoder update'} per batch</a
        >.
      </figcaption>
    </figure>`;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.plot?.destroy();
    this.plot = undefined;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (this.drawn === this.lab.reports && this.scale === this.lab.state.scale) return;
    inFrame(this, () => this.draw());
  }

  private draw(): void {
    const { reports, state, epoch } = this.lab;
    this.plot ??= new EpochPlot(this.box);
    this.plot.draw(
      methods.flatMap((colour) => [
        {
          name: `${runNames[colour]} test`,
          colour,
          dashed: false,
          values: reports[colour].map((report) => report.testMse),
        },
        {
          name: `${runNames[colour]} train`,
          colour,
          dashed: true,
          values: reports[colour].map((report) => report.trainMse),
        },
      ]),
      state.scale === 'log',
      epoch,
    );
    this.drawn = reports;
    this.scale = state.scale;
  }
}
