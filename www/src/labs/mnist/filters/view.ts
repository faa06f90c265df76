// Where a sheet of filters is looked at: how large, and from which corner. All lengths are shares of the whole sheet,
// whose window has the same proportions.

export interface Point {
  x: number;
  y: number;
}

export interface View {
  /** How many times larger than where the whole sheet is seen. */
  zoom: number;
  /** The sheet at the window's upper left corner. */
  x: number;
  y: number;
}

/** The whole sheet. */
export const WHOLE: View = { zoom: 1, x: 0, y: 0 };

/** A part of the sheet. */
export interface Part extends Point {
  width: number;
  height: number;
}

/** Keeps the window within the sheet. */
function within({ zoom, x, y }: View): View {
  const most = 1 - 1 / zoom;
  return { zoom, x: Math.max(0, Math.min(most, x)), y: Math.max(0, Math.min(most, y)) };
}

/** The place of the sheet at a share of the window. */
export function placeAt({ zoom, x, y }: View, at: Point): Point {
  return { x: x + at.x / zoom, y: y + at.y / zoom };
}

/** Enlarges by a factor, up to `most`; what lies at `at`, a share of the window, stays there. */
export function zoomed(view: View, factor: number, at: Point, most: number): View {
  const zoom = Math.max(1, Math.min(most, view.zoom * factor));
  const still = placeAt(view, at);
  return within({ zoom, x: still.x - at.x / zoom, y: still.y - at.y / zoom });
}

/** Moves the sheet along with a pointer that has moved by a share of the window. */
export function panned({ zoom, x, y }: View, by: Point): View {
  return within({ zoom, x: x - by.x / zoom, y: y - by.y / zoom });
}

/** Moves no further than is needed to see a part of the sheet. */
export function revealing(view: View, part: Part): View {
  const seen = 1 / view.zoom;
  const along = (from: number, start: number, length: number): number =>
    length > seen ? start - (seen - length) / 2 : Math.max(start + length - seen, Math.min(start, from));
  return within({ ...view, x: along(view.x, part.x, part.width), y: along(view.y, part.y, part.height) });
}

/** Tiles in rows, with a gap between them, in pixels of a weight. */
export interface Grid {
  count: number;
  columns: number;
  tileWidth: number;
  tileHeight: number;
  gap: number;
}

export function rowsOf({ count, columns }: Grid): number {
  return Math.ceil(count / columns);
}

/** Size of the sheet in pixels of a weight. */
export function sizeOf(grid: Grid): { width: number; height: number } {
  const { columns, tileWidth, tileHeight, gap } = grid;
  return {
    width: Math.max(0, columns * (tileWidth + gap) - gap),
    height: Math.max(0, rowsOf(grid) * (tileHeight + gap) - gap),
  };
}

/** The upper left corner of a tile, in pixels of a weight. */
export function cornerOf({ columns, tileWidth, tileHeight, gap }: Grid, place: number): Point {
  return { x: (place % columns) * (tileWidth + gap), y: Math.floor(place / columns) * (tileHeight + gap) };
}

/** The part of the sheet that a tile takes. */
export function partOf(grid: Grid, place: number): Part {
  const { width, height } = sizeOf(grid);
  const { x, y } = cornerOf(grid, place);
  return { x: x / width, y: y / height, width: grid.tileWidth / width, height: grid.tileHeight / height };
}

/** The tile at a place of the sheet; a gap counts to the tile before it. */
export function tileAt(grid: Grid, at: Point): number | undefined {
  const { width, height } = sizeOf(grid);
  const column = Math.min(grid.columns - 1, Math.floor((at.x * width) / (grid.tileWidth + grid.gap)));
  const place = Math.floor((at.y * height) / (grid.tileHeight + grid.gap)) * grid.columns + Math.max(0, column);
  return place >= 0 && place < grid.count ? place : undefined;
}
