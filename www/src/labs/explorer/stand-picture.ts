// Bars of where an SAE stands, a row for each way to part the rows into cells: from the left what no affine map of the
// rank can avoid, what the encoder's directions cost beyond it, and what one shared dictionary costs beyond that.

import type { Drawing } from '../../gallery/frame/painter';
import { percent } from '../../kit/format';
import { drawHistogram, HISTOGRAM_HEIGHT } from './margins-picture';
import type { DepthBounds, Pulse, Stand } from './protocol';

const ROW = 46;
const BAR = 18;
const TOP = 8;
const LABEL = 14;
const AXIS = 22;
/** Of a file's legend: of a line, and the pixels of a swatch and of a letter. */
const LINE = 17;
const SWATCH = 18;
const LETTER = 6.2;

/** Colours of the parts, as numbers of the hues, and of what is marked. */
export const parts = [
  { name: 'local PCA', hue: 1 },
  { name: 'refit − local PCA', hue: 3 },
  { name: 'SAE − refit', hue: 0 },
] as const;
export const marks = [
  { key: 'mean', name: 'cell means', mark: 4 },
  { key: 'lloyd', name: 'k-means with as many centres', mark: 2 },
  { key: 'sae', name: 'the SAE', mark: 5 },
  { key: 'global', name: 'global PCA', mark: 6 },
] as const;

export function heightOf({ depths }: Stand): number {
  return TOP + depths.length * ROW + AXIS;
}

/** What parts the rows of a bar. */
export function depthName({ depth }: DepthBounds): string {
  if (depth === undefined) return 'the SAE’s own cells';
  return depth === 1 ? 'cells by the strongest latent' : `cells by the ${depth} strongest latents`;
}

/** The values that are marked on a row. */
export function marked(of: DepthBounds): Record<(typeof marks)[number]['key'], number | null> {
  return { mean: of.meanMse, lloyd: of.kmeansMse, sae: of.saeMse, global: of.globalPcaMse };
}

/** The lengths of the parts of a bar; the last is none where the SAE is below the refit, as on coarse cells it may be. */
export function partsOf({ pcaMse, refitMse, saeMse }: DepthBounds): [number, number, number] {
  if (!Number.isFinite(pcaMse)) return [0, 0, 0];
  return [pcaMse, Math.max(0, refitMse - pcaMse), Math.max(0, saeMse - refitMse)];
}

export function drawStand({ painter, colours }: Drawing, stand: Stand): void {
  const { depths } = stand;
  const all = depths.flatMap((each) => [each.refitMse, ...Object.values(marked(each))]);
  const most = Math.max(1e-12, ...all.filter((value): value is number => value !== null && Number.isFinite(value)));
  const width = painter.width - 16;
  const x = (mse: number): number => 8 + (width * mse) / most;
  for (const [i, each] of depths.entries()) {
    const y = TOP + i * ROW + LABEL;
    const covered =
      each.coveredRows === 0 ? 'no row is covered' : `${percent(each.coveredRows / stand.rows)} of the rows`;
    painter.text(8, y - 7, `${depthName(each)}: ${covered}`, { fill: colours.ink, anchor: 'start', size: 11.5 });
    let from = 0;
    for (const [part, length] of partsOf(each).entries()) {
      if (length === 0) continue;
      const [left, right] = [x(from), x(from + length)];
      painter.path({ fill: colours.tints[parts[part]?.hue ?? 7] ?? colours.line, stroke: colours.line }, (pen) => {
        pen.moveTo(left, y);
        pen.lineTo(right, y);
        pen.lineTo(right, y + BAR);
        pen.lineTo(left, y + BAR);
        pen.closePath();
      });
      from += length;
    }
    const at = marked(each);
    for (const { key, mark } of marks) {
      const value = at[key];
      if (value === null || !Number.isFinite(value)) continue;
      painter.path({ stroke: colours.marks[mark] ?? colours.ink, width: 3 }, (pen) => {
        pen.moveTo(x(value), y - 2);
        pen.lineTo(x(value), y + BAR + 2);
      });
    }
  }
  const bottom = TOP + depths.length * ROW + 10;
  const label = { fill: colours.muted, size: 11 };
  painter.text(8, bottom, '0', { ...label, anchor: 'start' });
  painter.text(8 + width, bottom, `MSE ${most.toPrecision(3)}`, { ...label, anchor: 'end' });
}

interface Entry {
  readonly name: string;
  readonly x: number;
  readonly line: number;
  readonly part?: number;
  readonly mark?: number;
}

/** The legend in lines that fit a width. */
function entriesOf(width: number): Entry[] {
  const all = [
    ...parts.map(({ name, hue }) => ({ name, part: hue })),
    ...marks.map(({ name, mark }) => ({ name, mark })),
  ];
  let [x, line] = [8, 0];
  return all.map((each) => {
    const wide = SWATCH + LETTER * each.name.length + 12;
    if (x > 8 && x + wide > width) [x, line] = [8, line + 1];
    const entry = { ...each, x, line };
    x += wide;
    return entry;
  });
}

function legendHeight(width: number): number {
  return LINE * ((entriesOf(width).at(-1)?.line ?? 0) + 1) + 8;
}

function drawLegend({ painter, colours }: Drawing, top: number): void {
  for (const { name, x, line, part, mark } of entriesOf(painter.width)) {
    const y = top + LINE * line;
    const [wide, fill] =
      part === undefined ? [4, colours.marks[mark ?? 0] ?? colours.ink] : [12, colours.tints[part] ?? colours.line];
    painter.path({ fill, ...(part === undefined ? {} : { stroke: colours.line }) }, (pen) => {
      pen.moveTo(x, y);
      pen.lineTo(x + wide, y);
      pen.lineTo(x + wide, y + 12);
      pen.lineTo(x, y + 12);
      pen.closePath();
    });
    painter.text(x + SWATCH, y + 6.5, name, { fill: colours.ink, anchor: 'start', size: 11 });
  }
}

/** Height of the bars in a file, with their legend and the margins of the model. */
export function fileHeightOf(stand: Stand, width: number, pulse: Pulse | undefined): number {
  return heightOf(stand) + legendHeight(width) + (pulse ? HISTOGRAM_HEIGHT : 0);
}

/** Bars, legend and margins, for a file. */
export function drawStandFile(drawing: Drawing, stand: Stand, pulse: Pulse | undefined): void {
  drawStand(drawing, stand);
  const top = heightOf(stand);
  drawLegend(drawing, top);
  if (pulse) drawHistogram(drawing, top + legendHeight(drawing.painter.width), pulse);
}
