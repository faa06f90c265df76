// The values of all curves at one place of their axis: a small table beside the crosshair, for the eye, and the same in
// words for the box, which is a slider over the places.

import { css } from 'lit';
import { measured } from './format';

/** One curve. */
export interface Curve {
  /** What it is called where its values are shown. */
  name: string;
  /** The run that it is of, by whose name it has its colour and its marker. */
  run: string;
  /** What it is of: test rows, training rows, or a run that is kept for comparison. */
  line: 'solid' | 'dashed' | 'dotted';
  /** Where its values stand on the axis, ascending. */
  places: readonly number[];
  values: readonly number[];
}

/** What curves are drawn over. */
export interface PlotAxis {
  /** Beside the axis. */
  label: string;
  /** Whether all curves have their values at the same places; else what holds at a place is the last value before it. */
  shared: boolean;
  /** A place in words. */
  at: (place: number) => string;
}

/** Every place at which some curve has a value. */
export function placesOfAll(curves: readonly Curve[]): number[] {
  return [...new Set(curves.flatMap(({ places }) => places))].sort((a, b) => a - b);
}

/** What a curve says of a place. */
function valueAt({ places, values }: Curve, place: number, { shared }: PlotAxis): number | undefined {
  const at = shared ? places.indexOf(place) : places.findLastIndex((each) => each <= place);
  return values[at];
}

export const crosshairStyles = css`
  .chart:focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .values {
    position: absolute;
    z-index: 2;
    top: 8px;
    display: grid;
    grid-template-columns: auto auto auto;
    gap: 2px 8px;
    align-items: center;
    padding: 8px 10px;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--panel);
    font-size: 0.8rem;
    font-variant-numeric: tabular-nums;
    pointer-events: none;
  }
  .values[hidden] {
    display: none;
  }
  .values strong {
    grid-column: 1 / -1;
  }
  .values i {
    width: 22px;
    border-top: 2.5px solid;
  }
  .values i.dashed {
    border-top: 1.5px dashed;
  }
  .values i.dotted {
    border-top: 2px dotted;
  }
  .values b {
    text-align: right;
  }
  @media (forced-colors: active) {
    .values i {
      forced-color-adjust: none;
    }
  }
`;

/** Places of a step with Shift. */
const FURTHER = 10;

export class Crosshair {
  /** The place that the keyboard has chosen, by its number. */
  chosen: number | undefined;
  private curves: readonly Curve[] = [];
  private places: readonly number[] = [];
  private axis: PlotAxis | undefined;
  private shown: number | undefined;
  private readonly values = document.createElement('div');
  private readonly ending = new AbortController();

  constructor(
    private readonly box: HTMLElement,
    /** Puts the crosshair at a place, by its number, or away; what follows is told by `show`. */
    private readonly point: (place: number | undefined) => void,
  ) {
    this.values.className = 'values';
    this.values.hidden = true;
    // The box says the same.
    this.values.setAttribute('aria-hidden', 'true');
    box.append(this.values);
    const { signal } = this.ending;
    box.addEventListener('keydown', (event) => this.onKey(event), { signal });
    box.addEventListener('blur', () => this.choose(undefined), { signal });
  }

  destroy(): void {
    this.ending.abort();
    this.values.remove();
  }

  private get last(): number {
    return this.places.length - 1;
  }

  /** Takes the curves as they are now. */
  follow(curves: readonly Curve[], axis: PlotAxis): void {
    this.curves = curves;
    this.axis = axis;
    this.places = placesOfAll(curves);
    const { box, places, last } = this;
    if (last >= 0) {
      box.tabIndex = 0;
      box.setAttribute('role', 'slider');
      box.setAttribute('aria-valuemin', String(places[0]));
      box.setAttribute('aria-valuemax', String(places[last]));
    }
    this.describe(this.shown ?? last);
    this.fill();
  }

  /** Shows the values of a place, away from the crosshair; none for `undefined`. */
  show(place: number | undefined, rightHalf: boolean): void {
    // When the pointer leaves, the place that the keyboard has chosen is shown again.
    if (place === undefined && this.chosen !== undefined && this.shown !== this.chosen) {
      this.point(this.chosen);
      return;
    }
    this.shown = place;
    this.values.style.left = rightHalf ? '66px' : '';
    this.values.style.right = rightHalf ? '' : '8px';
    this.fill();
  }

  private fill(): void {
    const { shown, values, axis } = this;
    const place = shown === undefined ? undefined : this.places[shown];
    values.hidden = place === undefined;
    if (place === undefined || !axis) return;
    const heading = document.createElement('strong');
    heading.textContent = axis.at(place);
    values.replaceChildren(heading, ...this.curves.flatMap((curve) => row(curve, valueAt(curve, place, axis))));
  }

  private describe(at: number): void {
    const { axis } = this;
    const place = this.places[at];
    if (place === undefined || !axis) return;
    const each = this.curves.map((curve) => `${curve.name} ${measured(valueAt(curve, place, axis))}`);
    this.box.setAttribute('aria-valuenow', String(place));
    this.box.setAttribute('aria-valuetext', `${axis.at(place)}: ${each.join(', ')}`);
  }

  private choose(place: number | undefined): void {
    this.chosen = place;
    if (place !== undefined) this.describe(place);
    this.point(place);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || this.last < 0) return;
    const step = event.shiftKey ? FURTHER : 1;
    const from = this.chosen ?? this.last;
    const to: number | undefined = {
      ArrowLeft: from - step,
      ArrowDown: from - step,
      // The first key shows the last place, where the curves are.
      ArrowRight: this.chosen === undefined ? from : from + step,
      ArrowUp: this.chosen === undefined ? from : from + step,
      Home: 0,
      End: this.last,
    }[event.key];
    if (event.key === 'Escape') this.choose(undefined);
    if (to === undefined) return;
    event.preventDefault();
    this.choose(Math.min(Math.max(to, 0), this.last));
  }
}

/** The curve's line, its name and its value. */
function row({ run, line: style, name }: Curve, shown: number | undefined): HTMLElement[] {
  const [line, label, value] = [
    document.createElement('i'),
    document.createElement('span'),
    document.createElement('b'),
  ];
  line.className = style;
  line.style.borderTopColor = `var(--${run})`;
  label.textContent = name;
  value.textContent = measured(shown);
  return [line, label, value];
}
