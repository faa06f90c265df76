// Curves over epochs: uPlot in the site's colours, filling the box that it is given. The box is a slider over the epochs:
// under the pointer, or by the arrow keys, a crosshair shows the values of one.

import { css, type CSSResult } from 'lit';
import uPlot from 'uplot';
import { Crosshair, crosshairStyles, type Curve } from './crosshair';
import { measured } from './format';

export type { Curve };

/** Least size of the plot, in pixels. */
const LEAST_WIDTH = 200;
const LEAST_HEIGHT = 250;
/** uPlot's name for a logarithmic scale, an ambient enum that has no value at run time. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
const LOG = 3 as uPlot.Scale.Distr.Logarithmic;

export const plotStyles: CSSResult = css`
  ${crosshairStyles}
  .chart {
    position: relative;
    flex: 1 1 ${LEAST_HEIGHT}px;
    min-height: ${LEAST_HEIGHT}px;
  }
  /* Out of the flow: the room that the figure leaves sets the size of the plot, never the other way round. */
  .uplot {
    position: absolute;
    font-family: inherit;
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
  @media (forced-colors: active) {
    .legend i {
      forced-color-adjust: none;
    }
  }
`;

/** A plot in `box`, whose style gives ink and font. */
export class EpochPlot {
  private plot: uPlot | undefined;
  private readonly resized = new ResizeObserver(() => this.fit());
  private readonly crosshair: Crosshair;
  private look = '';

  constructor(private readonly box: HTMLElement) {
    this.resized.observe(box);
    this.crosshair = new Crosshair(box, (epoch) => this.pointAt(epoch));
  }

  destroy(): void {
    this.resized.disconnect();
    this.crosshair.destroy();
    this.plot?.destroy();
    this.plot = undefined;
  }

  /** Draws the curves; `least` is the least end of the axis of epochs. */
  draw(curves: readonly Curve[], log: boolean, least: number): void {
    const epochs = Math.max(least, ...curves.map(({ values }) => values.length));
    const values = [
      Array.from({ length: epochs }, (_, i) => i + 1),
      ...curves.map((curve) => Array.from({ length: epochs }, (_, i) => positive(curve.values[i], log))),
    ] as uPlot.AlignedData;
    this.crosshair.follow(curves);
    const look = JSON.stringify([log, curves.map(({ colour, dashed }) => [colour, dashed])]);
    if (this.plot && look === this.look) {
      this.plot.setData(values);
      return;
    }
    this.plot?.destroy();
    this.look = look;
    this.plot = new uPlot(this.options(curves, log), values, this.box);
    this.pointAt(this.crosshair.epoch);
  }

  /** Puts the crosshair at an epoch, or away. */
  private pointAt(epoch: number | undefined): void {
    const { plot } = this;
    if (!plot) return;
    const left = epoch === undefined ? -10 : plot.valToPos(epoch, 'x');
    plot.setCursor({ left, top: epoch === undefined ? -10 : plot.over.clientHeight / 2 });
  }

  /** Colours are read anew at the next drawing. */
  forget(): void {
    this.look = '';
  }

  private options(curves: readonly Curve[], log: boolean): uPlot.Options {
    const style = getComputedStyle(this.box);
    const line = { stroke: style.color, font: `12px ${style.fontFamily}` };
    const grid = { stroke: withAlpha(style.color, 0.12), width: 1 };
    const ticks = { show: false };
    return {
      ...this.size(),
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      legend: { show: false },
      hooks: {
        setCursor: [
          ({ cursor: { idx, left = -1 }, over }) => {
            const epoch = left < 0 || idx === null || idx === undefined ? undefined : idx + 1;
            this.crosshair.show(epoch, left > over.clientWidth / 2);
          },
        ],
      },
      scales: {
        x: { time: false, range: (_plot, _min, max) => [1, Math.max(2, max)] },
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
        ...curves.map(({ colour, dashed }) => {
          const stroke = style.getPropertyValue(`--${colour}`).trim();
          return dashed
            ? { stroke, width: 1.5, dash: [5, 4], points: { show: false } }
            : { stroke, width: 2.5, points: { size: 6, fill: stroke } };
        }),
      ],
    };
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
}

/** A logarithmic axis has no place for 0. */
function positive(value: number | null | undefined, log: boolean): number | null {
  return value === undefined || value === null || (log && value <= 0) ? null : value;
}

/** A loss beside the axis: 0.05, 20, 1e-6. */
function axisLabel(value: number | null): string {
  if (value === null) return '';
  return measured(Number(value.toPrecision(3)));
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
