// Turning the lifting by a drag beside its sites.

import { css, html, type TemplateResult } from 'lit';

/** From where one looks, in degrees. */
export interface Look {
  readonly turn: number;
  readonly tilt: number;
}

/** Below this elevation, in degrees, places on the ground could not be told apart. */
export const LEAST_TILT = 12;
export const MOST_TILT = 90;

/** Degrees for each pixel of a drag. */
const TURN = 0.5;

export const orbitStyles = css`
  .orbit {
    position: absolute;
    inset: 0;
    touch-action: pan-y pinch-zoom;
    cursor: move;
  }
  .orbit .handles {
    touch-action: pan-y pinch-zoom;
  }
`;

export class Orbit {
  private grip: (Look & { readonly x: number; readonly y: number }) | undefined;

  constructor(
    private readonly look: () => Look,
    private readonly change: (look: Look, settled: boolean) => void,
  ) {}

  /** Takes drags around `content`, which lies over the stage. */
  layer(content: unknown): TemplateResult {
    return html`<div
      class="orbit"
      data-testid="orbit"
      @pointerdown=${this.onDown}
      @pointermove=${this.onMove}
      @pointerup=${this.onUp}
      @pointercancel=${this.onUp}
    >
      ${content}
    </div>`;
  }

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0 || (event.target as Element).closest('.handle')) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.grip = { x: event.clientX, y: event.clientY, ...this.look() };
  };

  private readonly onMove = (event: PointerEvent): void => this.turn(event, false);

  private readonly onUp = (event: PointerEvent): void => {
    if (event.clientX !== this.grip?.x || event.clientY !== this.grip.y) this.turn(event, true);
    this.grip = undefined;
  };

  private turn({ clientX, clientY, pointerType }: PointerEvent, settled: boolean): void {
    if (!this.grip) return;
    const { x, y, turn, tilt } = this.grip;
    const to = turn - TURN * (clientX - x);
    // By touch a vertical stroke scrolls the page.
    const up = pointerType === 'touch' ? tilt : tilt + TURN * (clientY - y);
    const within = Math.min(Math.max(up, LEAST_TILT), MOST_TILT);
    this.change({ turn: ((((to + 180) % 360) + 360) % 360) - 180, tilt: within }, settled);
  }
}
