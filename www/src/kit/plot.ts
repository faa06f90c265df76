// Curves over epochs, steps or seconds: uPlot in the site's colours, filling the box that it is given. The box is a
// slider over the places of the curves: under the pointer, or by the arrow keys, a crosshair shows the values of one.

import { css, type CSSResult } from 'lit';
import uPlot from 'uplot';
import { Crosshair, crosshairStyles, placesOfAll, type Curve, type PlotAxis } from './crosshair';
import { measured } from './format';
import { runLooks, traceMarker } from './runs';
import { plainColours } from './theme';

export type { Curve, PlotAxis };

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
  .legend .chip::before {
    margin-left: -20px;
    margin-right: 12px;
    vertical-align: -0.02em;
  }
  .legend .train i {
    border-top-style: dashed;
    border-top-width: 1.5px;
  }
  .legend .pinned i {
    border-top-style: dotted;
  }
  @media (forced-colors: active) {
    .legend i {
      forced-color-adjust: none;
    }
  }
`;

/** Pixels of line and gap. */
const dashes: Record<'dashed' | 'dotted', number[]> = { dashed: [5, 4], dotted: [1, 4] };

/** A plot in `box`, whose style gives ink and font. */
export class CurvePlot {
  private plot: uPlot | undefined;
  private readonly resized = new ResizeObserver(() => this.fit());
  private readonly crosshair: Crosshair;
  private look = '';

  constructor(private readonly box: HTMLElement) {
    this.resized.observe(box);
    this.crosshair = new Crosshair(box, (place) => this.pointAt(place));
  }

  destroy(): void {
    this.resized.disconnect();
    this.crosshair.destroy();
    this.plot?.destroy();
    this.plot = undefined;
  }

  /** Draws the curves. */
  draw(curves: readonly Curve[], log: boolean, axis: PlotAxis): void {
    const places = placesOfAll(curves);
    const number = new Map(places.map((place, i) => [place, i]));
    const values = [
      places,
      ...curves.map((curve) => {
        const at = new Array<number | null>(places.length).fill(null);
        curve.places.forEach((place, i) => (at[number.get(place) ?? 0] = positive(curve.values[i], log)));
        return at;
      }),
    ] as uPlot.AlignedData;
    this.crosshair.follow(curves, axis);
    const look = JSON.stringify([log, axis.label, curves.map(({ run, line }) => [run, line])]);
    if (this.plot && look === this.look) {
      this.plot.setData(values);
      return;
    }
    this.plot?.destroy();
    this.look = look;
    this.plot = new uPlot(this.options(curves, log, axis), values, this.box);
    this.pointAt(this.crosshair.chosen);
  }

  /** Puts the crosshair at a place, or away. */
  private pointAt(place: number | undefined): void {
    const { plot } = this;
    if (!plot) return;
    const at = place === undefined ? undefined : plot.data[0][place];
    const left = at === undefined ? -10 : plot.valToPos(at, 'x');
    plot.setCursor({ left, top: at === undefined ? -10 : plot.over.clientHeight / 2 });
  }

  /** Colours are read anew at the next drawing. */
  forget(): void {
    this.look = '';
  }

  private options(curves: readonly Curve[], log: boolean, axis: PlotAxis): uPlot.Options {
    const strokes = plainColours(
      this.box,
      curves.map(({ run }) => `--${run}`),
    );
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
            const place = left < 0 || idx === null || idx === undefined ? undefined : idx;
            this.crosshair.show(place, left > over.clientWidth / 2);
          },
        ],
      },
      scales: {
        x: { time: false, range: ({ data: [places] }) => rangeOf(axis, places) },
        y: log ? { distr: LOG } : { range: fromZero },
      },
      axes: [
        {
          ...line,
          grid,
          ticks,
          label: axis.label,
          labelSize: 22,
          labelFont: line.font,
          ...(axis.shared ? { incrs: WHOLE } : {}),
          values: (_plot, splits) => splits.map(axisLabel),
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
        ...curves.map(({ run, line: kind }, i): uPlot.Series => {
          const stroke = strokes[i] ?? '';
          // A run has no value where only others have one; its line goes on.
          return kind === 'solid'
            ? { stroke, width: 2.5, spanGaps: true, points: { size: MARKER, fill: stroke, paths: markers(run) } }
            : {
                stroke,
                width: kind === 'dashed' ? 1.5 : 2,
                dash: dashes[kind],
                spanGaps: true,
                points: { show: false },
              };
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

/** Increments of places that are whole numbers. */
const WHOLE = [1, 2, 5]
  .flatMap((digit) => Array.from({ length: 7 }, (_, power) => digit * 10 ** power))
  .sort((a, b) => a - b);

/** Epochs from the first on; time from its beginning. */
function rangeOf({ shared }: PlotAxis, places: ArrayLike<number>): [number, number] {
  const [first, last] = [places[0] ?? 1, places[places.length - 1] ?? 1];
  return shared ? [first, Math.max(first + 1, last)] : [0, last];
}

/** Size of a run's points, in pixels. */
const MARKER = 7;

/** Draws the points of a run by its marker. */
function markers(run: string): uPlot.Series.Points.PathBuilder {
  const marker = runLooks.get(run)?.marker ?? 'circle';
  return (plot, series, from, to) => {
    const fill = new Path2D();
    const size = MARKER * devicePixelRatio;
    for (let i = from; i <= to; i++) {
      const [x, y] = [plot.data[0][i], plot.data[series]?.[i]];
      if (x === undefined || y === undefined || y === null) continue;
      traceMarker(fill, marker, plot.valToPos(x, 'x', true), plot.valToPos(y, 'y', true), size);
    }
    return { fill, stroke: null };
  };
}

/** A logarithmic axis has no place for 0. */
function positive(value: number | undefined, log: boolean): number | null {
  return value === undefined || (log && value <= 0) ? null : value;
}

/** A number beside an axis: 0.05, 20, 1e-6. */
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
