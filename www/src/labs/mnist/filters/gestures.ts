// What pointers and a wheel do to a sheet of filters: hover and tap select, a drag moves, a pinch and the wheel zoom.

import { panned, zoomed, type Point, type View } from './view';

/** Pixels that a pointer may move and still be a tap. */
const TAP = 5;
/** Pixels of the wheel that double the size. */
const WHEEL_DOUBLE = 300;
/** Pixels of a line and of a page, for wheels that count in them. */
const WHEEL_UNITS = [1, 16, 400] as const;

export interface SheetHost {
  readonly view: View;
  /** How far it may be enlarged. */
  readonly mostZoom: number;
  show(view: View): void;
  /** Selects what lies at a share of the window. */
  select(at: Point): void;
}

export class Gestures {
  /** Pointers that are down, where they are. */
  private readonly down = new Map<number, Point>();
  private moved = 0;

  constructor(
    private readonly host: SheetHost,
    private readonly box: () => DOMRect,
  ) {}

  /** Whether the page must not take the touch for itself. */
  get holds(): boolean {
    return this.down.size > 1 || this.host.view.zoom > 1;
  }

  private share({ clientX, clientY }: { clientX: number; clientY: number }): Point {
    const { left, top, width, height } = this.box();
    return { x: (clientX - left) / width, y: (clientY - top) / height };
  }

  press(event: PointerEvent): void {
    if (event.button !== 0) return;
    if (this.down.size === 0) this.moved = 0;
    this.down.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  move(event: PointerEvent): void {
    const from = this.down.get(event.pointerId);
    if (!from) {
      if (event.pointerType === 'mouse') this.host.select(this.share(event));
      return;
    }
    const to = { x: event.clientX, y: event.clientY };
    this.moved += Math.hypot(to.x - from.x, to.y - from.y);
    const [other] = [...this.down].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    this.down.set(event.pointerId, to);
    if (other) this.pinch(from, to, other);
    else if (this.moved > TAP && this.host.view.zoom > 1) {
      const { width, height } = this.box();
      this.host.show(panned(this.host.view, { x: (to.x - from.x) / width, y: (to.y - from.y) / height }));
    }
  }

  /** Two fingers: the sheet follows their middle, and grows as they part. */
  private pinch(from: Point, to: Point, other: Point): void {
    const { width, height } = this.box();
    const apart = (a: Point): number => Math.max(1, Math.hypot(a.x - other.x, a.y - other.y));
    const middle = this.share({ clientX: (to.x + other.x) / 2, clientY: (to.y + other.y) / 2 });
    const by = { x: (to.x - from.x) / 2 / width, y: (to.y - from.y) / 2 / height };
    this.host.show(zoomed(panned(this.host.view, by), apart(to) / apart(from), middle, this.host.mostZoom));
  }

  lift(event: PointerEvent): void {
    if (!this.down.delete(event.pointerId) || event.type === 'pointercancel') return;
    if (this.moved <= TAP && this.down.size === 0) this.host.select(this.share(event));
  }

  /** Zooms by the wheel where it is meant for the sheet: with Ctrl, as a pinch on a trackpad has it, or in focus. */
  wheel(event: WheelEvent, focused: boolean): void {
    if (!event.ctrlKey && !focused) return;
    const pixels = event.deltaY * (WHEEL_UNITS[event.deltaMode] ?? 1) * (event.ctrlKey ? 4 : 1);
    const { view, mostZoom } = this.host;
    const next = zoomed(view, 2 ** (-pixels / WHEEL_DOUBLE), this.share(event), mostZoom);
    // At the end of the range the page may scroll on; Ctrl would zoom the page.
    if (event.ctrlKey || next.zoom !== view.zoom) event.preventDefault();
    this.host.show(next);
  }
}
