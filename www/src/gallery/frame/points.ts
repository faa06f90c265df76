// Points that a reader draws by hand: how a link holds them, and the layer that takes the strokes.

import { html, nothing, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from 'lit';
import type { Property } from '../../kit/properties';
import { measured } from '../../kit/format';
import { arrowed } from './keys';
import type { Place } from './probe';
import type { View } from './view';

/** x0 y0 x1 y1 … */
export type Points = readonly number[];

/** Most points of one figure: exact diagrams stay instant, and links stay short enough to be sent. */
export const MOST_POINTS = 400;

/** Digits after the point that a link keeps; boxes are some 4 wide. */
const DIGITS = 2;

/** Pixels between two points of a stroke. */
const SPACING = 9;

/** Part of the box's width by which an arrow key moves the pen. */
const STEP = 0.005;

/** `0.31*0.5_-1*0.25`, with `_` between points. */
export function pointsProperty(key: string): Property<Points> {
  return {
    key,
    scope: 'points',
    initial: [],
    expected: `at most ${MOST_POINTS} points such as 0.31*0.5, with _ between`,
    parse: (text) => {
      const points: number[] = [];
      for (const entry of text === '' ? [] : text.split('_')) {
        const match = /^(-?\d{1,3}(?:\.\d+)?)\*(-?\d{1,3}(?:\.\d+)?)$/.exec(entry);
        if (!match || points.length >= 2 * MOST_POINTS) return undefined;
        points.push(Number(match[1]), Number(match[2]));
      }
      return { value: points };
    },
    write: (points) => {
      const short = (value: number): string => String(Number(value.toFixed(DIGITS)));
      const entries: string[] = [];
      for (let i = 0; i + 1 < points.length; i += 2) {
        entries.push(`${short(points[i] ?? 0)}*${short(points[i + 1] ?? 0)}`);
      }
      return entries.join('_');
    },
  };
}

/** As a link keeps it, so that a link restores exactly what was seen. */
export function kept(value: number): number {
  return Number(value.toFixed(DIGITS));
}

export interface PenOptions {
  /** Adds a point of the stage; not `settled` while the stroke goes on. */
  put(place: Place, settled: boolean): void;
  /** The stroke has ended. */
  end(): void;
}

/** The layer over the stage; `held` while points are drawn. By keyboard: arrows move a cross, Enter puts a point. */
export class PointPen implements ReactiveController {
  held = false;
  private last: Place | undefined;
  private place: Place | undefined;

  constructor(
    private readonly host: ReactiveControllerHost & HTMLElement & { readonly view: View },
    private readonly options: PenOptions,
  ) {
    host.addController(this);
  }

  hostDisconnected(): void {
    this.last = undefined;
  }

  layer(): TemplateResult | typeof nothing {
    if (!this.held) return nothing;
    const { view } = this.host;
    const [x0, y0, x1, y1] = view.box;
    const { x, y } = (this.place ??= { x: (3 * x0 + x1) / 4, y: (y0 + y1) / 2 });
    return html`<div
      class="pen"
      data-testid="pen"
      @pointerdown=${this.onDown}
      @pointermove=${this.onMove}
      @pointerup=${this.onUp}
      @pointercancel=${this.onUp}
    >
      <div
        class="handle nib"
        role="slider"
        aria-roledescription="pen"
        aria-label="Pen: Enter adds a point"
        aria-valuemin=${x0}
        aria-valuemax=${x1}
        aria-valuenow=${x}
        aria-valuetext=${`x ${measured(kept(x))}, y ${measured(kept(y))}`}
        tabindex="0"
        .style=${`transform: translate(${view.x(x)}px, ${view.y(y)}px)`}
        @keydown=${this.onKey}
      ></div>
    </div>`;
  }

  private placeOf(event: PointerEvent): Place {
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    const { view } = this.host;
    return view.clamp(view.fromX(event.clientX - left), view.fromY(event.clientY - top));
  }

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0 || (event.target as Element).closest('.handle')) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.last = this.placeOf(event);
    this.options.put(this.last, false);
  };

  private readonly onMove = (event: PointerEvent): void => {
    if (!this.last) return;
    const place = this.placeOf(event);
    if (Math.hypot(place.x - this.last.x, place.y - this.last.y) * this.host.view.scale < SPACING) return;
    this.last = place;
    this.options.put(place, false);
  };

  private readonly onUp = (): void => {
    if (!this.last) return;
    this.last = undefined;
    this.options.end();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.place) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.options.put(this.place, true);
      return;
    }
    const to = arrowed(event, this.host.view, STEP, this.place);
    if (!to) return;
    this.place = to;
    this.host.requestUpdate();
  };
}
