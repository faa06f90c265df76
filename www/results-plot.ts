// Plots as SVG, drawn when the site is built: points that lead somewhere, lines between them, and axes with logarithmic
// scales. Colours are the site's variables, so that they follow its scheme.
import { escaped } from './docs-results';
import { traceMarker, type Marker } from './src/kit/runs';

export interface Mark {
  readonly x: number;
  readonly y: number;
  /** Standard deviation of y over seeds. */
  readonly deviation?: number;
  /** Class that gives the colour. */
  readonly series: string;
  readonly marker: Marker;
  /** Drawn as an outline. */
  readonly hollow?: boolean;
  /** What it is, in words. */
  readonly text: string;
  readonly href?: string;
}

export interface Plot {
  /** Names it among the plots of its page. */
  readonly id: string;
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly marks: readonly Mark[];
  /** Marks that belong together are joined in this order. */
  readonly lines?: readonly (readonly Mark[])[];
}

const WIDTH = 360;
const HEIGHT = 270;
const EDGE = { left: 58, right: 14, top: 12, bottom: 42 };
const MARKER = 9;
/** Share of the range that stays free at each end of an axis. */
const MARGIN = 0.07;
/** Decades from which only powers of ten are labelled. */
const WIDE = 2.2;
/** Decades within which ticks stand at even distances. */
const NARROW = 0.7;
/** Pixels that two labels of the x axis keep apart, from middle to middle. */
const APART = 34;

interface Scale {
  readonly ticks: readonly number[];
  readonly at: (value: number) => number;
}

/** A logarithmic scale over the values, on pixels from `start` to `end`. */
function scaleOf(values: readonly number[], start: number, end: number): Scale {
  const logs = values.map(Math.log10);
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const free = Math.max((high - low) * MARGIN, 0.04);
  const [from, to] = [low - free, high + free];
  const at = (value: number): number => start + ((Math.log10(value) - from) / (to - from)) * (end - start);
  return { at, ticks: ticksOf(from, to) };
}

/** Round numbers within a scale's ends, which are logarithms. */
function ticksOf(from: number, to: number): number[] {
  if (to - from < NARROW) return evenTicks(10 ** from, 10 ** to);
  const within = (value: number): boolean => Math.log10(value) >= from && Math.log10(value) <= to;
  const steps = to - from > WIDE ? [1] : [1, 2, 5];
  const decades = Array.from({ length: Math.ceil(to) - Math.floor(from) + 1 }, (_, i) => Math.floor(from) + i);
  return decades.flatMap((decade) => steps.map((step) => Number(`${step}e${decade}`))).filter(within);
}

/** Round numbers at even distances, some four of them. */
function evenTicks(from: number, to: number): number[] {
  const least = (to - from) / 5;
  const decade = 10 ** Math.floor(Math.log10(least));
  const step = ([1, 2, 5].find((each) => each * decade >= least) ?? 10) * decade;
  const first = Math.ceil(from / step);
  const count = Math.floor(to / step) - first + 1;
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(6)));
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A tick's number: 0.05, 20, 10⁹, 2·10⁹. */
function label(value: number): string {
  if (value < 1e4) return String(Number(value.toPrecision(4)));
  const [digits = '', exponent = ''] = value.toExponential().split('e+');
  const power = `10${exponent.replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)] ?? '')}`;
  return digits === '1' ? power : `${digits}·${power}`;
}

const px = (value: number): string => value.toFixed(1);

function shapeOf({ marker }: Mark, x: number, y: number): string {
  const parts: string[] = [];
  traceMarker(
    {
      moveTo: (a, b) => parts.push(`M${px(a)} ${px(b)}`),
      lineTo: (a, b) => parts.push(`L${px(a)} ${px(b)}`),
      // A whole circle is two halves in SVG.
      arc: (a, b, r) =>
        parts.push(`A${px(r)} ${px(r)} 0 1 1 ${px(a - r)} ${px(b)}A${px(r)} ${px(r)} 0 1 1 ${px(a + r)} ${px(b)}`),
      closePath: () => parts.push('Z'),
    },
    marker,
    x,
    y,
    MARKER,
  );
  return parts.join('');
}

/** A marker alone, for legends. */
export function markerPicture(marker: Marker, series: string, hollow = false): string {
  const mark = { x: 0, y: 0, series, marker, text: '' };
  const drawn = `<path class="mark ${series}${hollow ? ' hollow' : ''}" d="${shapeOf(mark, 7, 7)}" />`;
  return `<svg class="key" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">${drawn}</svg>`;
}

function drawn(mark: Mark, x: Scale, y: Scale): string {
  const { series, hollow = false, deviation = 0, href, text } = mark;
  const [left, top] = [x.at(mark.x), y.at(mark.y)];
  const whisker =
    deviation > 0 && deviation < mark.y
      ? `<path class="whisker ${series}" d="M${px(left)} ${px(y.at(mark.y - deviation))}V${px(y.at(mark.y + deviation))}" />`
      : '';
  const title = `<title>${escaped(text)}</title>`;
  const shape = `<path class="mark ${series}${hollow ? ' hollow' : ''}" d="${shapeOf(mark, left, top)}" />`;
  // A finger needs more than the eye.
  const target = `<circle class="target" cx="${px(left)}" cy="${px(top)}" r="12" />`;
  if (href === undefined) return `<g>${title}${whisker}${shape}</g>`;
  return `<a href="${escaped(href)}" aria-label="${escaped(text)}">${title}${target}${whisker}${shape}</a>`;
}

/** Labels of the x axis that do not run into each other, from the left. */
function legible(ticks: readonly number[], at: (value: number) => number): number[] {
  const kept: number[] = [];
  for (const tick of ticks) {
    const before = kept.at(-1);
    if (before === undefined || at(tick) - at(before) >= APART) kept.push(tick);
  }
  return kept;
}

export function plotSvg({ id, title, x: xTitle, y: yTitle, marks, lines = [] }: Plot): string {
  const right = WIDTH - EDGE.right;
  const bottom = HEIGHT - EDGE.bottom;
  const x = scaleOf(
    marks.map((mark) => mark.x),
    EDGE.left,
    right,
  );
  const y = scaleOf(
    marks.map((mark) => mark.y),
    bottom,
    EDGE.top,
  );
  const grid = [
    ...legible(x.ticks, x.at).map(
      (tick) =>
        `<path class="grid" d="M${px(x.at(tick))} ${EDGE.top}V${bottom}" /><text x="${px(x.at(tick))}" y="${bottom + 16}" text-anchor="middle">${label(tick)}</text>`,
    ),
    ...y.ticks.map(
      (tick) =>
        `<path class="grid" d="M${EDGE.left} ${px(y.at(tick))}H${right}" /><text x="${EDGE.left - 6}" y="${px(y.at(tick) + 4)}" text-anchor="end">${label(tick)}</text>`,
    ),
  ].join('');
  const joined = lines
    .filter((line) => line.length > 1)
    .map((line) => {
      const points = line.map((mark) => `${px(x.at(mark.x))} ${px(y.at(mark.y))}`).join('L');
      return `<path class="line ${line[0]?.series ?? ''}" d="M${points}" />`;
    })
    .join('');
  const middle = (EDGE.top + bottom) / 2;
  return `<figure>
    <figcaption id="${id}">${escaped(title)}</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="group" aria-labelledby="${id}">
      ${grid}
      <text class="axis" x="${(EDGE.left + right) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escaped(xTitle)}</text>
      <text class="axis" transform="translate(12 ${middle}) rotate(-90)" text-anchor="middle">${escaped(yTitle)}</text>
      ${joined}${marks.map((mark) => drawn(mark, x, y)).join('')}
    </svg>
  </figure>`;
}
