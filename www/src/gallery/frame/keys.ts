// What keys do over a stage: arrows move a thing, and a key that is held makes one change, however often it repeats.

import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { View } from './view';

/** A step goes so much further with Shift. */
export const FURTHER = 5;

const directions: Readonly<Record<string, readonly [number, number] | undefined>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/**
 * Where an arrow key moves what lies at a place: a `step` is a part of the box's width. `undefined` for other keys and
 * for those that are the browser's.
 */
export function arrowed(
  event: KeyboardEvent,
  view: View,
  step: number,
  from: { x: number; y: number },
): { x: number; y: number } | undefined {
  const direction = directions[event.key];
  if (!direction || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  event.preventDefault();
  const length = (view.box[2] - view.box[0]) * step * (event.shiftKey ? FURTHER : 1);
  return view.clamp(from.x + direction[0] * length, from.y + direction[1] * length);
}

const modifiers: ReadonlySet<string> = new Set(['Shift', 'Control', 'Alt', 'Meta']);

/** Tells its host when the key is up under which it changed something. */
export class HeldKey implements ReactiveController {
  private held = false;
  private changed = false;

  constructor(
    private readonly host: ReactiveControllerHost & EventTarget,
    private readonly done: () => void,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.host.addEventListener('keydown', this.onDown, { capture: true });
    window.addEventListener('keyup', this.onUp, { capture: true });
    // A key that goes up in another window, or in the list of a <select>, is never heard of.
    window.addEventListener('blur', this.end);
    window.addEventListener('pointerdown', this.end, { capture: true });
  }

  hostDisconnected(): void {
    this.host.removeEventListener('keydown', this.onDown, { capture: true });
    window.removeEventListener('keyup', this.onUp, { capture: true });
    window.removeEventListener('blur', this.end);
    window.removeEventListener('pointerdown', this.end, { capture: true });
    this.end();
  }

  /** Whether a change is over: none is while a key is down. */
  settles(settled: boolean): boolean {
    if (this.held) this.changed = true;
    return settled && !this.held;
  }

  private readonly onDown = (event: Event): void => {
    if (!(event instanceof KeyboardEvent) || event.repeat || modifiers.has(event.key)) return;
    this.end();
    this.held = true;
  };

  private readonly onUp = (event: KeyboardEvent): void => {
    if (!modifiers.has(event.key)) this.end();
  };

  private readonly end = (): void => {
    this.held = false;
    if (!this.changed) return;
    this.changed = false;
    this.done();
  };
}
