// The values of all curves at one epoch: a small table beside the crosshair, for the eye, and the same in words for the
// box, which is a slider over the epochs.

import { css } from 'lit';
import { count, measured } from './format';

/** One curve, a value an epoch. */
export interface Curve {
  /** What it is called where its values are shown. */
  name: string;
  /** CSS variable of its colour, without the dashes. */
  colour: string;
  dashed: boolean;
  values: readonly (number | null)[];
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
  .values b {
    text-align: right;
  }
  @media (forced-colors: active) {
    .values i {
      forced-color-adjust: none;
    }
  }
`;

/** Epochs of a step with Shift. */
const FURTHER = 10;

export class Crosshair {
  /** The epoch that the keyboard has chosen, from 1. */
  epoch: number | undefined;
  private curves: readonly Curve[] = [];
  private shown: number | undefined;
  private readonly values = document.createElement('div');
  private readonly ending = new AbortController();

  constructor(
    private readonly box: HTMLElement,
    /** Puts the crosshair at an epoch, or away; what follows is told by `show`. */
    private readonly point: (epoch: number | undefined) => void,
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
    return Math.max(0, ...this.curves.map(({ values }) => values.length));
  }

  /** Takes the curves as they are now. */
  follow(curves: readonly Curve[]): void {
    this.curves = curves;
    const { box, last } = this;
    if (last > 0) {
      box.tabIndex = 0;
      box.setAttribute('role', 'slider');
      box.setAttribute('aria-valuemin', '1');
      box.setAttribute('aria-valuemax', String(last));
    }
    this.describe(this.shown ?? last);
    this.fill();
  }

  /** Shows the values of an epoch, away from the crosshair; none for `undefined`. */
  show(epoch: number | undefined, rightHalf: boolean): void {
    // When the pointer leaves, the epoch that the keyboard has chosen is shown again.
    if (epoch === undefined && this.epoch !== undefined && this.shown !== this.epoch) {
      this.point(this.epoch);
      return;
    }
    this.shown = epoch;
    this.values.style.left = rightHalf ? '66px' : '';
    this.values.style.right = rightHalf ? '' : '8px';
    this.fill();
  }

  private fill(): void {
    const { shown, values } = this;
    values.hidden = shown === undefined || shown > this.last;
    if (shown === undefined || values.hidden) return;
    const heading = document.createElement('strong');
    heading.textContent = `Epoch ${count(shown)}`;
    values.replaceChildren(heading, ...this.curves.flatMap((curve) => row(curve, shown)));
  }

  private describe(epoch: number): void {
    if (epoch === 0) return;
    const each = this.curves.map(({ name, values }) => `${name} ${measured(values[epoch - 1] ?? undefined)}`);
    this.box.setAttribute('aria-valuenow', String(epoch));
    this.box.setAttribute('aria-valuetext', `Epoch ${count(epoch)}: ${each.join(', ')}`);
  }

  private choose(epoch: number | undefined): void {
    this.epoch = epoch;
    if (epoch !== undefined) this.describe(epoch);
    this.point(epoch);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || this.last === 0) return;
    const step = event.shiftKey ? FURTHER : 1;
    const from = this.epoch ?? this.last;
    const to: number | undefined = {
      ArrowLeft: from - step,
      ArrowDown: from - step,
      // The first key shows the last epoch, where the curves are.
      ArrowRight: this.epoch === undefined ? from : from + step,
      ArrowUp: this.epoch === undefined ? from : from + step,
      Home: 1,
      End: this.last,
    }[event.key];
    if (event.key === 'Escape') this.choose(undefined);
    if (to === undefined) return;
    event.preventDefault();
    this.choose(Math.min(Math.max(to, 1), this.last));
  }
}

/** The curve's line, its name and its value. */
function row({ colour, dashed, name, values }: Curve, epoch: number): HTMLElement[] {
  const [line, label, value] = [
    document.createElement('i'),
    document.createElement('span'),
    document.createElement('b'),
  ];
  line.className = dashed ? 'dashed' : '';
  line.style.borderTopColor = `var(--${colour})`;
  label.textContent = name;
  value.textContent = measured(values[epoch - 1] ?? undefined);
  return [line, label, value];
}
