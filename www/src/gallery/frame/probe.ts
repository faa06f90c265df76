// A point by which the reader asks what lies where: it follows the mouse while that is over the stage, else it is
// where it was put, by a tap or by the arrow keys.
//
//   private readonly probe = new Probe(this, { at: () => …, move: (place, settled) => …, text: () => '…' });
//   overlay() { return this.probe.layer(this.editor.handles()); }

import { html, type ReactiveController, type TemplateResult } from 'lit';
import type { Property } from '../../kit/properties';
import { arrowed } from './keys';
import type { SiteEditorHost } from './site-editor';

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Part of the box's width by which an arrow key moves the probe. */
const STEP = 0.01;

/** A place in a link: `0.31*0.5`. */
export function placeProperty(key: string, initial: Place): Property<Place> {
  return {
    key,
    scope: 'view',
    initial,
    expected: 'two numbers x*y',
    parse: (text) => {
      const match = /^(-?\d+(?:\.\d+)?)\*(-?\d+(?:\.\d+)?)$/.exec(text);
      return match ? { value: { x: Number(match[1]), y: Number(match[2]) } } : undefined;
    },
    write: ({ x, y }) => [x, y].map((value) => String(Number(value.toFixed(3)))).join('*'),
  };
}

export interface ProbeOptions {
  /** Where it was put. */
  at(): Place;
  move(place: Place, settled: boolean): void;
  /** What it finds, in words. */
  text(): string;
  /** Called as the mouse moves, to draw anew if that changes anything. */
  hover?(): void;
}

export class Probe implements ReactiveController {
  private mouse: Place | undefined;

  constructor(
    private readonly host: SiteEditorHost,
    private readonly options: ProbeOptions,
  ) {
    host.addController(this);
  }

  hostDisconnected(): void {
    this.mouse = undefined;
  }

  /** Where it asks now. */
  get place(): Place {
    return this.mouse ?? this.options.at();
  }

  /** Whether it is where it was put, and should be drawn. */
  get resting(): boolean {
    return this.mouse === undefined;
  }

  /** Its handle under `content`, which lies over the stage. */
  layer(content: unknown): TemplateResult {
    const { x, y } = this.options.at();
    const { view } = this.host;
    return html`<div
      class="probe-layer"
      @pointermove=${this.onMove}
      @pointerleave=${this.onLeave}
      @pointerup=${this.onUp}
    >
      <div
        class="handle probe"
        role="slider"
        aria-roledescription="probe"
        aria-label="Probe"
        aria-valuemin=${view.box[0]}
        aria-valuemax=${view.box[2]}
        aria-valuenow=${x}
        aria-valuetext=${this.options.text()}
        tabindex="0"
        data-testid="probe"
        .style=${`transform: translate(${view.x(x)}px, ${view.y(y)}px)`}
        @keydown=${this.onKey}
        @focus=${this.onLeave}
      ></div>
      ${content}
    </div>`;
  }

  private readonly onMove = (event: PointerEvent): void => {
    if (event.pointerType === 'touch') return;
    this.mouse = this.placeOf(event);
    this.options.hover?.();
  };

  private readonly onLeave = (): void => {
    this.mouse = undefined;
    this.options.hover?.();
  };

  /** A tap or a click on the bare stage puts it there. */
  private readonly onUp = (event: PointerEvent): void => {
    if ((event.target as Element).closest('.handle')) return;
    this.options.move(this.placeOf(event), true);
  };

  private placeOf(event: PointerEvent): Place {
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    const { view } = this.host;
    return view.clamp(view.fromX(event.clientX - left), view.fromY(event.clientY - top));
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') (event.currentTarget as HTMLElement).blur();
    const to = arrowed(event, this.host.view, STEP, this.options.at());
    if (to) this.options.move(to, true);
  };
}
