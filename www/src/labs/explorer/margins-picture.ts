// Pictures of margins: their spread through the epochs, and how many rows have which after the last of them.

import type { Drawing } from '../../gallery/frame/painter';
import { binned, type Bins } from '../../kit/bins';
import { count, measured } from '../../kit/format';
import type { Pulse } from './protocol';

/** Of the spread through the epochs. */
export const SPREAD_HEIGHT = 138;
/** Of the histogram, with its title and its axis. */
export const HISTOGRAM_HEIGHT = 116;

const EDGE = { top: 20, bottom: 116, left: 10, right: 10 };
const BARS = { top: 26, bottom: 92 };
const BINS = 24;

/** The margin that a share of the rows is below. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** Rows by their margin, from 0 to the largest; a row that no face can be reached from is in none. */
export function histogramOf({ margins }: Pulse): Bins {
  const finite = margins.filter(Number.isFinite);
  return binned(finite, 0, finite.at(-1) ?? 1, BINS);
}

/** For each epoch a line from the 10th to the 90th percentile, and a dot at the median. */
export function drawSpread({ painter, colours }: Drawing, pulses: readonly Pulse[]): void {
  const most = Math.max(1e-12, ...pulses.map(({ margins }) => quantile(margins, 0.9)).filter(Number.isFinite));
  const last = Math.max(1, pulses.at(-1)?.epoch ?? 1);
  const x = (epoch: number): number => EDGE.left + ((painter.width - EDGE.left - EDGE.right) * epoch) / last;
  const y = (margin: number): number => EDGE.bottom - ((EDGE.bottom - EDGE.top) * Math.min(margin, most)) / most;
  painter.path({ stroke: colours.line }, (pen) => {
    pen.moveTo(EDGE.left, EDGE.bottom);
    pen.lineTo(painter.width - EDGE.right, EDGE.bottom);
  });
  painter.path({ stroke: colours.marks[1] ?? colours.accent, width: 4 }, (pen) => {
    for (const { epoch, margins } of pulses) {
      pen.moveTo(x(epoch), y(quantile(margins, 0.1)));
      pen.lineTo(x(epoch), y(quantile(margins, 0.9)));
    }
  });
  const medians = pulses.flatMap(({ epoch, margins }) => [x(epoch), y(quantile(margins, 0.5))]);
  painter.dots({ fill: colours.ink }, medians, 3.5);
  const label = { fill: colours.muted, size: 11 };
  painter.text(EDGE.left, EDGE.bottom + 12, 'epoch 0', { ...label, anchor: 'start' });
  painter.text(painter.width - EDGE.right, EDGE.bottom + 12, String(last), { ...label, anchor: 'end' });
  painter.text(EDGE.left, EDGE.top - 11, `margin ${most.toPrecision(3)}`, { ...label, anchor: 'start' });
}

/** The histogram from `top` on, for a file, in which no element of the page stands below the picture. */
export function drawHistogram({ painter, colours }: Drawing, top: number, pulse: Pulse): void {
  const { counts, edges } = histogramOf(pulse);
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  const wide = (painter.width - EDGE.left - EDGE.right) / counts.length;
  const bottom = top + BARS.bottom;
  const rows = count(pulse.margins.length);
  const title = { fill: colours.ink, size: 11.5, anchor: 'start' } as const;
  painter.text(EDGE.left, top + 12, `Margins of ${rows} test rows after epoch ${pulse.epoch}`, title);
  painter.path({ fill: colours.accent }, (pen) => {
    for (const [i, rowsIn] of counts.entries()) {
      if (rowsIn === 0) continue;
      const [left, right] = [EDGE.left + wide * (i + 0.06), EDGE.left + wide * (i + 0.94)];
      const height = Math.max(1.5, ((BARS.bottom - BARS.top) * rowsIn) / most);
      pen.moveTo(left, bottom);
      pen.lineTo(left, bottom - height);
      pen.lineTo(right, bottom - height);
      pen.lineTo(right, bottom);
      pen.closePath();
    }
  });
  painter.path({ stroke: colours.line }, (pen) => {
    pen.moveTo(EDGE.left, bottom);
    pen.lineTo(painter.width - EDGE.right, bottom);
  });
  const label = { fill: colours.muted, size: 11 };
  painter.text(EDGE.left, bottom + 12, '0', { ...label, anchor: 'start' });
  painter.text(painter.width / 2, bottom + 12, `most in one bar: ${count(most)}`, { ...label, anchor: 'middle' });
  painter.text(painter.width - EDGE.right, bottom + 12, measured(edges.at(-1) ?? 0), { ...label, anchor: 'end' });
}
