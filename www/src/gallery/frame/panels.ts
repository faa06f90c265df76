// Pictures side by side on one stage, or below one another where the stage is narrow. Each panel shows the same box of
// the plane; a panel's place is the shift from that box to where it lies on the stage.

import type { Painter, Pen } from './painter';
import { View, type Box } from './view';

/** Stages narrower than this, in pixels, have their panels below one another. */
const NARROW = 560;

/** Between two panels, and above each for its heading, as parts of a panel's width; and the least height, in pixels. */
const GAP = 0.06;
const HEAD = 26;

export interface Panel {
  readonly dx: number;
  readonly dy: number;
}

export interface Layout {
  readonly view: View;
  readonly panels: readonly Panel[];
}

/** Where `count` panels of a box lie on a stage so wide. */
export function layOut(box: Box, count: number, width: number): Layout {
  const [x0, y0, x1, y1] = box;
  const [w, h] = [x1 - x0, y1 - y0];
  const columns = width < NARROW ? 1 : count;
  const rows = count / columns;
  const across = columns * w + (columns - 1) * GAP * w;
  const head = (HEAD * across) / width;
  const places = Array.from({ length: count }, (_, i) => ({
    dx: (i % columns) * (1 + GAP) * w,
    // The figure's y points up: the first row is the highest.
    dy: -Math.floor(i / columns) * (h + head),
  }));
  return { view: new View([x0, y1 - rows * (h + head) + head, x0 + across, y1 + head], width), panels: places };
}

/** The view of one panel's own coordinates. */
export function within({ view }: Layout, { dx, dy }: Panel): View {
  const [x0, y0, x1, y1] = view.box;
  return new View([x0 - dx, y0 - dy, x1 - dx, y1 - dy], view.width);
}

/** The panel that holds a place of the stage, and the place in its own coordinates; the nearest panel if none does. */
export function panelAt({ panels }: Layout, [x0, y0, x1, y1]: Box, x: number, y: number): number {
  const away = ({ dx, dy }: Panel): number =>
    Math.max(x0 + dx - x, x - x1 - dx, 0) + Math.max(y0 + dy - y, y - y1 - dy, 0);
  let best = 0;
  for (const [i, panel] of panels.entries()) if (away(panel) < away(panels[best] ?? panel)) best = i;
  return best;
}

/** A panel's heading, above its upper left corner. */
export function heading(painter: Painter, view: View, [x0, , , y1]: Box, text: string, fill: string): void {
  painter.text(view.x(x0) + 2, view.y(y1) - HEAD / 2 + 1, text, { fill, anchor: 'start', size: 13, bold: true });
}

/** Traces the edge of a box. */
export function traceBox(pen: Pen, view: View, [x0, y0, x1, y1]: Box): void {
  pen.moveTo(view.x(x0), view.y(y0));
  pen.lineTo(view.x(x1), view.y(y0));
  pen.lineTo(view.x(x1), view.y(y1));
  pen.lineTo(view.x(x0), view.y(y1));
  pen.closePath();
}
