// The picture of an experiment, drawn alike on the screen, as SVG and as PNG: a metric by setting, with the spread over
// seeds, or over epochs, steps or seconds at one setting.

import { measured } from '../../kit/format';
import type { Painter, Pen } from '../../kit/painter';
import { runLooks, titleOf, traceMarker } from '../../kit/runs';
import type { RunName } from '../protocol';
import { linear, logarithmic, type Scale } from './scale';

/** A value with its spread over seeds. */
export interface Point {
  /** Place on the axis: the number of a setting, or an epoch, a step, a second. */
  at: number;
  value: number;
  /** Sample standard deviation, where there are seeds enough. */
  deviation: number | undefined;
}

export interface Series {
  run: RunName;
  points: readonly Point[];
}

export interface Picture {
  /** What is measured. */
  title: string;
  series: readonly Series[];
  log: boolean;
  /** Settings by name, or what the curves are drawn over. */
  across: { settings: readonly string[]; label: string } | { curves: true; label: string };
}

/** Plain colours for a painter. */
export interface PictureColours {
  ink: string;
  muted: string;
  line: string;
  run: (run: RunName) => string;
}

/** Room for what stands around the plot, in pixels. */
const LEFT = 62;
const RIGHT = 16;
const BELOW = 48;
const LEGEND_LINE = 18;
const SIZE = 9;
/** Letters of the legend are about so wide. */
const LETTER = 6.6;

interface Frame {
  x: Scale;
  y: Scale;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Draws the whole picture. */
export function drawPicture(painter: Painter, picture: Picture, colours: PictureColours): void {
  const top = legend(painter, picture, colours);
  const shown = picture.series.flatMap(({ points }) => points);
  if (shown.length === 0) {
    painter.text(painter.width / 2, painter.height / 2, 'No run has ended yet.', { fill: colours.muted });
    return;
  }
  const frame = frameOf(painter, picture, top);
  grid(painter, picture, frame, colours);
  picture.series.forEach((series, i) => drawSeries(painter, picture, frame, series, i, colours));
}

/** The names of the runs, in as many lines as they need; where the plot may begin. */
function legend(painter: Painter, { series }: Picture, colours: PictureColours): number {
  let [x, y] = [LEFT, 12];
  for (const { run } of series) {
    const title = titleOf(run);
    const width = 34 + title.length * LETTER;
    if (x > LEFT && x + width > painter.width - RIGHT) [x, y] = [LEFT, y + LEGEND_LINE];
    marker(painter, run, x + 6, y, colours);
    painter.text(x + 16, y, title, { fill: colours.ink, anchor: 'start' });
    x += width;
  }
  return y + LEGEND_LINE;
}

function frameOf({ width, height }: Painter, { series, log, across }: Picture, top: number): Frame {
  const points = series.flatMap((each) => each.points);
  const ends = points.flatMap(({ value, deviation = 0 }) => [value - deviation, value + deviation]);
  const finite = ends.filter((value) => Number.isFinite(value) && (!log || value > 0));
  const [least, most] = finite.length > 0 ? [Math.min(...finite), Math.max(...finite)] : [1, 1];
  const [left, right, bottom] = [LEFT, width - RIGHT, height - BELOW];
  const y = log ? logarithmic(least / 1.08, most * 1.08, bottom, top + 14) : linear(0, most * 1.05, bottom, top + 14);
  const places = points.map(({ at }) => at);
  const x =
    'settings' in across
      ? linear(-0.5, across.settings.length - 0.5, left, right)
      : linear(Math.min(...places, 1), Math.max(...places, 1), left + 8, right);
  return { x, y, left, right, top, bottom };
}

function grid(painter: Painter, picture: Picture, frame: Frame, colours: PictureColours): void {
  const { x, y, left, right, top, bottom } = frame;
  const { across } = picture;
  painter.text(left - 8, top, picture.title, { fill: colours.muted, anchor: 'start' });
  painter.path({ stroke: colours.line }, (pen) => {
    for (const tick of y.ticks) segment(pen, left, y.of(tick), right, y.of(tick));
  });
  for (const tick of y.ticks) painter.text(left - 8, y.of(tick), measured(tick), { fill: colours.ink, anchor: 'end' });
  const labels =
    'settings' in across
      ? across.settings.map((text, at) => ({ at, text }))
      : x.ticks.map((at) => ({ at, text: measured(at) }));
  for (const { at, text } of labels) painter.text(x.of(at), bottom + 16, text, { fill: colours.ink });
  painter.text((left + right) / 2, bottom + 36, across.label, { fill: colours.muted });
}

function segment(pen: Pen, x0: number, y0: number, x1: number, y1: number): void {
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
}

function drawSeries(
  painter: Painter,
  { series, log, across }: Picture,
  { x, y, bottom }: Frame,
  { run, points }: Series,
  number: number,
  colours: PictureColours,
): void {
  const colour = colours.run(run);
  // Bars stand side by side from 0; points on a logarithmic scale, which has no 0, stand a little apart.
  const bars = 'settings' in across && !log;
  const slot = x.of(1) - x.of(0);
  const apart = 'settings' in across ? ((bars ? 0.8 : 0.3) * slot) / series.length : 0;
  const shown = points
    .filter(({ value }) => Number.isFinite(value) && (!log || value > 0))
    .map((point) => ({ ...point, x: x.of(point.at) + (number - (series.length - 1) / 2) * apart }));
  if (bars) {
    const width = 0.86 * apart;
    for (const point of shown) {
      painter.path({ fill: colour, opacity: 0.8 }, (pen) => {
        pen.moveTo(point.x - width / 2, bottom);
        pen.lineTo(point.x - width / 2, y.of(point.value));
        pen.lineTo(point.x + width / 2, y.of(point.value));
        pen.lineTo(point.x + width / 2, bottom);
        pen.closePath();
      });
    }
  } else {
    painter.path({ stroke: colour, width: 2 }, (pen) => {
      shown.forEach((point, i) =>
        i === 0 ? pen.moveTo(point.x, y.of(point.value)) : pen.lineTo(point.x, y.of(point.value)),
      );
    });
  }
  painter.path({ stroke: bars ? colours.ink : colour, width: 1.5 }, (pen) => {
    for (const { x: at, value, deviation } of shown) {
      if (deviation === undefined || deviation === 0) continue;
      segment(pen, at, y.of(value - deviation), at, y.of(value + deviation));
      for (const end of [value - deviation, value + deviation]) segment(pen, at - 4, y.of(end), at + 4, y.of(end));
    }
  });
  for (const point of shown) marker(painter, run, point.x, y.of(point.value), colours);
}

function marker(painter: Painter, run: RunName, x: number, y: number, colours: PictureColours): void {
  painter.path({ fill: colours.run(run) }, (pen) =>
    traceMarker(pen, runLooks.get(run)?.marker ?? 'circle', x, y, SIZE),
  );
}
