// The picture of a slice: cells, faces as wide as their jump, the rows near the plane, and the crosshair.

import { HUES } from '../../gallery/frame/colours';
import { NO_CELL, traceBorders, traceCells } from '../../gallery/frame/diagram';
import { cross, type CanvasPainter, type Drawing, type Pen } from '../../gallery/frame/painter';
import { traceBox } from '../../gallery/frame/panels';
import type { View } from '../../gallery/frame/view';
import { faceWidths, groupsOf, sequential } from './colouring';
import type { NearRow, Shade, Slice } from './protocol';
import { drawBorders, fillCells, wordOf } from './raster';

/** Rows whose names are written, the nearest. */
const NAMED = 8;
/** Pixels that a letter of a name takes across, and a line of them down. */
const LETTER = 7;
const LINE = 13;
const FACE_OPACITY = 0.6;

/** Of faces whose jumps are not known, in pixels. */
const THIN = 0.6;

const fillsOf = (shade: Shade, { tints }: Drawing['colours']): readonly string[] =>
  shade === 'identity' || shade === 'leading' ? tints : sequential;

/** Whether it is known by how much the reconstruction jumps at the faces: while the plane moves it is not. */
export const hasJumps = ({ jumps }: Slice): boolean => jumps.length > 0;

/** Cells and faces, as wide as their jump; all alike where jumps are not known. */
export function drawSlice(drawing: Drawing, slice: Slice, shade: Shade): void {
  const { painter, view, colours } = drawing;
  const { diagram } = slice;
  const groups = groupsOf(slice, shade, HUES);
  for (const [group, fill] of fillsOf(shade, colours).entries()) {
    painter.path({ fill }, (pen) => traceCells(pen, diagram, view, (cell) => groups[cell] === group));
  }
  if (hasJumps(slice)) drawFaces(drawing, slice);
  else {
    const style = { stroke: colours.ink, width: THIN, opacity: FACE_OPACITY };
    painter.path(style, (pen) => traceBorders(pen, diagram, view));
  }
  drawLimit(drawing, slice);
}

/** The same quickly, for a plane that moves. */
export function drawMoving(drawing: Drawing, painter: CanvasPainter, slice: Slice, shade: Shade): void {
  const { view, colours } = drawing;
  const { diagram } = slice;
  const fills = Uint32Array.from(fillsOf(shade, colours), wordOf);
  const ink = { word: wordOf(colours.ink), opacity: Math.min(1, FACE_OPACITY * THIN * painter.ratio) };
  painter.pixels((words, width, height) => {
    const raster = { words, width, height, view };
    fillCells(raster, diagram, groupsOf(slice, shade, HUES), fills);
    drawBorders(raster, diagram, ink);
  });
  drawLimit(drawing, slice);
}

/** What is exact, where that is not the whole window. */
function drawLimit({ painter, view, colours }: Drawing, { box, missing }: Slice): void {
  if (missing === undefined) return;
  painter.path({ stroke: colours.alert, width: 2, dash: [6, 4] }, (pen) => traceBox(pen, view, box));
}

function drawFaces({ painter, view, colours }: Drawing, { diagram, jumps }: Slice): void {
  const size = Math.sqrt((view.width * view.height) / Math.max(1, diagram.cells));
  const { widths, groups } = faceWidths(jumps, size);
  for (const [group, width] of widths.entries()) {
    painter.path({ stroke: colours.ink, width, opacity: FACE_OPACITY }, (pen) =>
      traceEdges(pen, diagram, view, (edge) => groups[edge] === group),
    );
  }
}

/** Traces the edges between cells, each once, that `wanted` accepts. */
function traceEdges(
  pen: Pen,
  { cells, offsets, coordinates, neighbours }: Slice['diagram'],
  view: View,
  wanted: (edge: number) => boolean,
): void {
  for (let cell = 0; cell < cells; cell++) {
    const [from, to] = [offsets[cell] ?? 0, offsets[cell + 1] ?? 0];
    for (let k = from; k < to; k++) {
      const other = neighbours[k] ?? NO_CELL;
      if (other === NO_CELL || other < cell || !wanted(k)) continue;
      const next = k + 1 < to ? k + 1 : from;
      pen.moveTo(view.x(coordinates[2 * k] ?? 0), view.y(coordinates[2 * k + 1] ?? 0));
      pen.lineTo(view.x(coordinates[2 * next] ?? 0), view.y(coordinates[2 * next + 1] ?? 0));
    }
  }
}

/** A row as it is called on the picture. */
export function nameOf({ number, label, token }: Pick<NearRow, 'number' | 'label' | 'token'>): string {
  return token ?? (label === undefined ? `row ${number}` : String(label));
}

export function drawRows({ painter, view, colours }: Drawing, near: readonly NearRow[]): void {
  const places = (rows: readonly NearRow[]): number[] => rows.flatMap(({ x, y }) => [view.x(x), view.y(y)]);
  const ring = { fill: colours.panel, stroke: colours.ink, width: 1.2 };
  painter.dots(ring, places(near.filter(({ anchor }) => !anchor)), 2.5);
  painter.dots(
    { fill: colours.ink, stroke: colours.panel, width: 1.5 },
    places(near.filter(({ anchor }) => anchor)),
    5,
  );
  const named: { x: number; y: number; reach: number }[] = [];
  for (const row of near.slice(0, NAMED)) {
    const [x, y] = [view.x(row.x), view.y(row.y)];
    const name = nameOf(row);
    const reach = (LETTER * name.length) / 2;
    // One name over another is read by nobody; the nearest rows come first.
    if (named.some((other) => Math.abs(other.y - y) < LINE && Math.abs(other.x - x) < reach + other.reach)) continue;
    named.push({ x, y, reach });
    painter.text(x, y < 18 ? y + 14 : y - 12, name, {
      fill: colours.ink,
      halo: colours.panel,
      bold: row.anchor,
      size: 11,
    });
  }
}

export function drawCrosshair({ painter, view, colours }: Drawing, { x, y }: { x: number; y: number }): void {
  painter.path({ stroke: colours.panel, width: 4 }, (pen) => cross(pen, view.x(x), view.y(y), 8));
  painter.path({ stroke: colours.alert, width: 2 }, (pen) => cross(pen, view.x(x), view.y(y), 8));
}
