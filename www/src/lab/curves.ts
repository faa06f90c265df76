// Train and test MSE of both runs, epoch by epoch.

import { css, html, unsafeCSS, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query } from 'lit/decorators.js';
import uPlot from 'uplot';
import uPlotStyle from 'uplot/dist/uPlot.min.css?inline';
import { measured } from '../shell/format';
import { inFrame } from '../shell/frames';
import { ThemeController } from '../shell/theme';
import { runNames, shared } from '../style/shared';
import { methods } from '../worker/protocol';
import { LabElement } from './element';
import type { LabState } from './state';

/** Least size of the plot, in pixels. */
const LEAST_WIDTH = 200;
const LEAST_HEIGHT = 250;
/** uPlot's name for a logarithmic scale, an ambient enum that has no value at run time. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
const LOG = 3 as uPlot.Scale.Distr.Logarithmic;

@customElement('lab-curves')
export class LabCurves extends LabElement {
  static override styles = [
    unsafeCSS(uPlotStyle),
    shared,
    css`
      figure {
        display: flex;
        flex-direction: column;
        height: 100%;
      }
      .chart {
        position: relative;
        flex: 1 1 ${LEAST_HEIGHT}px;
        min-height: ${LEAST_HEIGHT}px;
      }
      /* Out of the flow: the room that the figure leaves sets the size of the plot, never the other way round. */
      .uplot {
        position: absolute;
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 16px;
        font-size: 0.8rem;
      }
      .pair {
        display: inline-flex;
        gap: 12px;
        white-space: nowrap;
      }
      .legend i {
        display: inline-block;
        width: 22px;
        margin-right: 6px;
        vertical-align: middle;
        border-top: 2.5px solid var(--chip);
      }
      .legend .train i {
        border-top-style: dashed;
        border-top-width: 1.5px;
      }
      .uplot {
        font-family: inherit;
      }
    `,
  ];

  @query('.chart') private readonly box!: HTMLElement;
  private plot: uPlot | undefined;
  private drawn: unknown;
  private scale: LabState['scale'] | undefined;
  private readonly resized = new ResizeObserver(() => this.fit());

  constructor() {
    super();
    new ThemeController(this, () => this.rebuild());
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

  protected override firstUpdated(): void {
    this.resized.observe(this.box);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resized.disconnect();
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (this.drawn === this.lab.reports && this.scale === this.lab.state.scale) return;
    inFrame(this, () => this.draw());
  }

  private draw(): void {
    if (!this.plot || this.scale !== this.lab.state.scale) this.rebuild();
    else this.plot.setData(this.values());
    this.drawn = this.lab.reports;
  }

  /** Epochs, then test and train MSE of each run. */
  private values(): uPlot.AlignedData {
    const { reports } = this.lab;
    const epochs = Math.max(...methods.map((method) => reports[method].length));
    const column = (method: (typeof methods)[number], key: 'testMse' | 'trainMse'): (number | null)[] =>
      Array.from({ length: epochs }, (_, i) => reports[method][i]?.[key] ?? null);
    return [
      Array.from({ length: epochs }, (_, i) => i + 1),
      ...methods.flatMap((method) => [column(method, 'testMse'), column(method, 'trainMse')]),
    ] as uPlot.AlignedData;
  }

  private size(): { width: number; height: number } {
    return {
      width: Math.max(LEAST_WIDTH, Math.floor(this.box.clientWidth)),
      height: Math.max(LEAST_HEIGHT, Math.floor(this.box.clientHeight)),
    };
  }

  private fit(): void {
    const size = this.size();
    if (this.plot && (this.plot.width !== size.width || this.plot.height !== size.height)) this.plot.setSize(size);
  }

  private rebuild(): void {
    if (!this.hasUpdated) return;
    this.plot?.destroy();
    this.scale = this.lab.state.scale;
    const log = this.scale === 'log';
    const style = getComputedStyle(this);
    const ink = style.getPropertyValue('--probe-muted') || style.color;
    const line = { stroke: ink, font: `12px ${style.fontFamily}` };
    const grid = { stroke: withAlpha(style.color, 0.12), width: 1 };
    const ticks = { show: false };
    this.plot = new uPlot(
      {
        ...this.size(),
        cursor: { drag: { x: false, y: false }, points: { size: 7 } },
        legend: { show: false },
        scales: {
          x: { time: false, range: (_plot, _min, max) => [1, Math.max(2, max, this.lab.epoch)] },
          y: log ? { distr: LOG } : { range: fromZero },
        },
        axes: [
          {
            ...line,
            grid,
            ticks,
            label: 'epoch',
            labelSize: 22,
            labelFont: line.font,
            incrs: [1, 2, 5, 10, 20, 50, 100],
            size: 28,
          },
          {
            ...line,
            grid: log ? { ...grid, filter: tensIfWide } : grid,
            ticks,
            size: 58,
            values: (_plot, splits) => splits.map(axisLabel),
          },
        ],
        series: [
          {},
          ...methods.flatMap((method) => {
            const stroke = style.getPropertyValue(`--${method}`).trim();
            return [
              { stroke, width: 2.5, points: { size: 6, fill: stroke } },
              { stroke, width: 1.5, dash: [5, 4], points: { show: false } },
            ];
          }),
        ],
      },
      this.values(),
      this.box,
    );
  }
}

/** A loss beside the axis: 0.05, 20, 1e-6. */
function axisLabel(value: number | null): string {
  if (value === null) return '';
  const short = Number(value.toPrecision(3));
  return short !== 0 && (Math.abs(short) < 1e-3 || Math.abs(short) >= 1e5)
    ? short.toExponential().replace('e+', 'e')
    : String(short);
}

/** Lines between the powers of ten would make a grey field of more than about four decades. */
function tensIfWide(_plot: uPlot, splits: number[]): (number | null)[] {
  const wide = splits.length > 4 * 9;
  return splits.map((value) => (wide && Math.log10(value) % 1 !== 0 ? null : value));
}

/** Linear losses are seen against zero. */
function fromZero(_plot: uPlot, _min: number, max: number): [number, number] {
  return [0, max > 0 ? max * 1.05 : 1];
}

/** An `rgb()` colour made translucent. */
function withAlpha(colour: string, alpha: number): string {
  return colour.replace(/^rgb\((.*)\)$/, `rgb($1 / ${alpha})`).replaceAll(',', ' ');
}
