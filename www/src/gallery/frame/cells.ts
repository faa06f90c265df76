// Partitions and their sites as figures draw them, and as rows of a table.

import { corners, ownersOf, traceBorders, traceCells, type Diagram } from './diagram';
import { circle, cross, type Drawing } from './painter';
import type { Sites } from './sites';

export interface CellStyle {
  /** Of the borders, in pixels; 1. */
  readonly width?: number;
  /** Of the borders; 0.45. */
  readonly lines?: number;
  /** Of the areas; 1. */
  readonly areas?: number;
}

/** Cells in their colours, and the borders between them. */
export function drawCells(
  { painter, view, colours }: Drawing,
  diagram: Diagram,
  { width = 1, lines = 0.45, areas = 1 }: CellStyle = {},
): void {
  for (const [colour, fill] of colours.tints.entries()) {
    painter.path({ fill, opacity: areas }, (pen) =>
      traceCells(pen, diagram, view, (cell) => diagram.colours[cell] === colour),
    );
  }
  painter.path({ stroke: colours.ink, width, opacity: lines }, (pen) => traceBorders(pen, diagram, view));
}

/** The edge of one cell; none for −1. */
export function outlineCell({ painter, view, colours }: Drawing, diagram: Diagram, cell: number): void {
  painter.path({ stroke: colours.ink, width: 2.5 }, (pen) => {
    traceCells(pen, diagram, view, (each) => each === cell);
    pen.closePath();
  });
}

/** Room above a site for its name, in pixels; below it where there is none. */
const ABOVE = 14;

export interface Marks {
  /** x0 y0 x1 y1 … */
  readonly at: Float64Array;
  name(i: number): string;
  /** Those that stand out. */
  readonly active: ReadonlySet<number>;
  /** Whether the name is written; always. */
  readonly named?: (i: number) => boolean;
  /** Of a dot, in pixels; 3.5. */
  readonly radius?: number;
  /** Whether the dots are rings, smaller: images of others. */
  readonly hollow?: boolean;
  /** Whether the dots lie there already. */
  readonly bare?: boolean;
}

/** Sites as dots with their names, a ring around each that is active. */
export function drawMarks({ painter, view, colours }: Drawing, marks: Marks): void {
  const { at, active, radius = 3.5, hollow = false, bare = false, named = () => true } = marks;
  const style = hollow ? { fill: colours.panel, stroke: colours.ink, width: 1.2 } : { fill: colours.ink };
  if (!bare) painter.dots(style, view.places(at), hollow ? radius - 0.5 : radius);
  const ring = { fill: colours.panel, stroke: colours.ink, width: 2.5 };
  painter.dots(
    ring,
    view.places(at, (i) => active.has(i)),
    radius + 2.5,
  );
  for (let i = 0; 2 * i < at.length; i++) {
    if (!named(i)) continue;
    const [x, y] = [view.x(at[2 * i] ?? 0), view.y(at[2 * i + 1] ?? 0)];
    painter.text(x, y < ABOVE + 6 ? y + ABOVE : y - ABOVE, marks.name(i), {
      fill: colours.ink,
      halo: colours.panel,
      bold: active.has(i),
      ...(hollow ? { size: 11 } : {}),
    });
  }
}

/** Weights as circles about their sites whose squared radii they are, in another colour and finer dashes below 0. */
export function drawWeights({ painter, view, colours }: Drawing, { at, weights }: Sites, opacity = 1): void {
  for (const [sign, stroke, dash] of [
    [1, colours.ink, [5, 4]],
    [-1, colours.alert, [2, 4]],
  ] as const) {
    painter.path({ stroke, width: 1.5, dash: [...dash], opacity }, (pen) =>
      weights.forEach((weight, i) => {
        const [x, y] = [view.x(at[2 * i] ?? 0), view.y(at[2 * i + 1] ?? 0)];
        if (weight * sign > 0) circle(pen, x, y, Math.sqrt(Math.abs(weight)) * view.scale);
      }),
    );
  }
}

/** The probe, where it was put. */
export function drawProbe({ painter, view, colours }: Drawing, { x, y }: { x: number; y: number }): void {
  painter.path({ stroke: colours.alert, width: 2 }, (pen) => cross(pen, view.x(x), view.y(y), 7));
}

type Row = (string | number)[];

/** A row for each cell: its number, what `own` says of it, its area and its corners. */
export function cellRows(diagram: Diagram | undefined, own: (cell: number, owners: Uint32Array) => Row): Row[] {
  return Array.from({ length: diagram?.cells ?? 0 }, (_, cell) => {
    if (!diagram) return [];
    return [cell, ...own(cell, ownersOf(diagram, cell)), diagram.areas[cell] ?? 0, corners(diagram, cell)];
  });
}
