// What a pointer and keys do over a stage: they move a window over the plane, zoom it, and turn the plane.

import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { View } from '../../gallery/frame/view';
import type { Window } from './protocol';
import { wrapped, zoomed } from './settings';

/** Parts of the window that an arrow key pans, the factor of a zoom, and degrees that a key turns. */
const PAN = 0.05;
const FURTHER = 4;
const ZOOM = 1.25;
const TURN = 2;
/** Degrees for each pixel of a drag with Shift. */
const TURN_PER_PIXEL = 0.35;
/** A pointer that moved less has not dragged, in pixels. */
const STILL = 4;

interface Angles {
  turn: number;
  tilt: number;
}

export interface Movable {
  readonly view: View;
  readonly window: Window | undefined;
  readonly angles: Angles;
  move(window: Window | undefined): void;
  turnTo(angles: Angles): void;
  /** The pointer is over a point, or gone. */
  point(at: { x: number; y: number } | undefined): void;
  /** A tap or a click on a point. */
  put(at: { x: number; y: number }): void;
}

interface Held {
  x: number;
  y: number;
  moved: boolean;
}

export class Gestures implements ReactiveController {
  private readonly held = new Map<number, Held>();

  constructor(
    host: ReactiveControllerHost & HTMLElement,
    private readonly target: Movable,
  ) {
    host.addController(this);
  }

  hostDisconnected(): void {
    this.held.clear();
  }

  readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.held.set(event.pointerId, { x: event.clientX, y: event.clientY, moved: false });
  };

  readonly onMove = (event: PointerEvent): void => {
    const held = this.held.get(event.pointerId);
    if (!held) {
      if (event.pointerType !== 'touch') this.target.point(this.placeOf(event));
      return;
    }
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    if (!held.moved && Math.hypot(dx, dy) < STILL) return;
    const other = [...this.held].find(([id]) => id !== event.pointerId)?.[1];
    if (other) this.pinch(held, event, other);
    else if (event.shiftKey) this.turn(dx * TURN_PER_PIXEL, -dy * TURN_PER_PIXEL);
    else this.pan(-dx / this.target.view.scale, dy / this.target.view.scale);
    this.held.set(event.pointerId, { x: event.clientX, y: event.clientY, moved: true });
  };

  readonly onUp = (event: PointerEvent): void => {
    const held = this.held.get(event.pointerId);
    this.held.delete(event.pointerId);
    if (held && !held.moved && event.type === 'pointerup') this.target.put(this.placeOf(event));
  };

  readonly onLeave = (): void => this.target.point(undefined);

  /** The page scrolls unless the stage has been chosen, by a click or by Tab; a pinch on a touchpad always zooms. */
  readonly onWheel = (event: WheelEvent): void => {
    const stage = event.currentTarget as HTMLElement;
    if (!event.ctrlKey && !stage.matches(':focus')) return;
    event.preventDefault();
    this.zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300))), this.placeOf(event));
  };

  readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { window } = this.target;
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (direction) {
      const [x = 0, y = 0] = direction;
      if (event.shiftKey) this.turn(TURN * x, TURN * y);
      else this.pan(x * PAN * (window?.w ?? 0), y * PAN * (window?.w ?? 0));
    } else if (event.key === '+' || event.key === '=') this.zoom(1 / ZOOM);
    else if (event.key === '-' || event.key === '_') this.zoom(ZOOM);
    else if (event.key === 'PageUp') this.turn(TURN * FURTHER, 0);
    else if (event.key === 'PageDown') this.turn(-TURN * FURTHER, 0);
    else if (event.key === 'Home') this.target.move(undefined);
    else return;
    event.preventDefault();
  };

  zoom(factor: number, at?: { x: number; y: number }): void {
    const { window } = this.target;
    if (window) this.target.move(zoomed(window, factor, at ?? window));
  }

  private pan(dx: number, dy: number): void {
    const { window } = this.target;
    if (window) this.target.move({ ...window, x: window.x + dx, y: window.y + dy });
  }

  private turn(turn: number, tilt: number): void {
    const { angles } = this.target;
    this.target.turnTo({ turn: wrapped(angles.turn + turn), tilt: wrapped(angles.tilt + tilt) });
  }

  /** Two fingers: the point between them keeps its place. */
  private pinch(from: Held, to: PointerEvent, other: Held): void {
    const { window, view } = this.target;
    if (!window) return;
    const before = Math.hypot(from.x - other.x, from.y - other.y);
    const after = Math.hypot(to.clientX - other.x, to.clientY - other.y);
    const { left, top } = (to.currentTarget as Element).getBoundingClientRect();
    const [x, y] = [(from.x + other.x) / 2 - left, (from.y + other.y) / 2 - top];
    const about = { x: view.fromX(x), y: view.fromY(y) };
    const next = zoomed(window, before / Math.max(after, 1), about);
    const [dx, dy] = [(to.clientX - from.x) / 2 / view.scale, (to.clientY - from.y) / 2 / view.scale];
    this.target.move({ ...next, x: next.x - dx, y: next.y + dy });
  }

  private placeOf(event: MouseEvent): { x: number; y: number } {
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    const { view } = this.target;
    return { x: view.fromX(event.clientX - left), y: view.fromY(event.clientY - top) };
  }
}
