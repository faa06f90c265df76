// The controls above a figure's picture: a label, a native control, and what a change does. While a slider is dragged
// changes are not settled; see `set` in figure.ts.

import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import '../../kit/hint';

interface Control<T> {
  /** Its id in the figure. */
  readonly id: string;
  readonly label: string;
  readonly value: T;
  /** What more there is to know of it. */
  readonly hint?: string;
}

export interface Slider extends Control<number> {
  /** The value as the label shows it. */
  readonly shown?: string;
  /** The value as it is read out, where the number says too little. */
  readonly said?: string;
  readonly range: readonly [least: number, most: number, step: number];
  readonly change: (value: number, settled: boolean) => void;
}

export interface Choice<T extends string | number> extends Control<T> {
  readonly options: readonly (readonly [value: T, name: string])[];
  readonly change: (value: T) => void;
}

export interface Checkbox extends Control<boolean> {
  readonly change: (value: boolean) => void;
}

/** A hint stands beside the label, not in it: a label speaks as a whole. */
function hinted({ label, hint }: Pick<Control<unknown>, 'label' | 'hint'>): TemplateResult | typeof nothing {
  return hint === undefined ? nothing : html`<hint-button about=${label}>${hint}</hint-button>`;
}

export function slider(control: Slider): TemplateResult {
  const { id, label, value, shown, said, change } = control;
  const [least, most, step] = control.range;
  const number = (event: Event): number => Number((event.target as HTMLInputElement).value);
  return html`<div class="field wide">
    <span class="name"
      ><label for=${id}>${label}${shown === undefined ? nothing : html` <b class="number">${shown}</b>`}</label>
      ${hinted(control)}</span
    >
    <input
      id=${id}
      type="range"
      min=${least}
      max=${most}
      step=${step}
      aria-valuetext=${said ?? nothing}
      .value=${live(String(value))}
      @input=${(event: Event) => change(number(event), false)}
      @change=${(event: Event) => change(number(event), true)}
    />
  </div>`;
}

export function choice<T extends string | number>(control: Choice<T>): TemplateResult {
  const { id, label, value, options, change } = control;
  const chosen = (event: Event): T | undefined => options[(event.target as HTMLSelectElement).selectedIndex]?.[0];
  const onChange = (event: Event): void => {
    const picked = chosen(event);
    if (picked !== undefined) change(picked);
  };
  return html`<div class="field">
    <span class="name"><label for=${id}>${label}</label> ${hinted(control)}</span>
    <select id=${id} @change=${onChange}>
      ${options.map(([each, name]) => html`<option value=${each} .selected=${live(each === value)}>${name}</option>`)}
    </select>
  </div>`;
}

export function checkbox(control: Checkbox): TemplateResult {
  const { id, label, value, change } = control;
  return html`<div class="check">
    <input
      id=${id}
      type="checkbox"
      .checked=${live(value)}
      @change=${(event: Event) => change((event.target as HTMLInputElement).checked)}
    />
    <label for=${id}>${label}</label> ${hinted(control)}
  </div>`;
}

/** Choices of numbers as they are written elsewhere on the page. */
export function numbered<T extends number>(
  values: readonly T[],
  write: (value: number) => string,
): (readonly [T, string])[] {
  return values.map((value) => [value, write(value)] as const);
}
