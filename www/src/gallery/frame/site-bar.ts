// The bar under a stage for the site that is selected: its weight, and buttons to add and remove.

import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { measured } from '../../kit/format';

/** Steps of the slider from end to end of the range of weights. */
const WEIGHT_STEPS = 200;

export interface SiteBar {
  /** What sites are called. */
  readonly noun: string;
  readonly weighted: boolean;
  readonly weightRange: readonly [number, number];
  readonly selected: { id: number; label: string; weight: number; removable: boolean } | undefined;
  /** Whether sites of the selected kind are ever removed. */
  readonly mayRemove: boolean;
  readonly weigh: (weight: number, settled: boolean) => void;
  readonly remove: () => void;
  /** Left out where none may be added. */
  readonly add?: () => void;
}

export function siteBar(bar: SiteBar): TemplateResult {
  const { noun, selected, add } = bar;
  return html`<div class="bar" role="group" aria-label=${`Selected ${noun}`}>
    ${
      selected
        ? html`<span><b>${selected.label}</b></span> ${bar.weighted ? weightSlider(bar, selected.weight) : nothing}`
        : html`<span class="muted">Select a ${noun} to move it${bar.weighted ? ' or change its weight' : ''}.</span>`
    }
    ${
      selected && bar.mayRemove
        ? html`<button data-testid="remove" ?disabled=${!selected.removable} @click=${() => bar.remove()}>
            Remove
          </button>`
        : nothing
    }
    ${add ? html`<button data-testid="add" @click=${() => add()}>Add a ${noun}</button>` : nothing}
    <span class="keys muted small">${keysOf(bar)}</span>
  </div>`;
}

function weightSlider({ weightRange: [least, most], weigh }: SiteBar, weight: number): TemplateResult {
  const value = (event: Event): number => Number((event.target as HTMLInputElement).value);
  return html`<label for="weight">Weight</label>
    <input
      id="weight"
      data-testid="weight"
      type="range"
      min=${least}
      max=${most}
      step=${(most - least) / WEIGHT_STEPS}
      .value=${live(String(weight))}
      @input=${(event: Event) => weigh(value(event), false)}
      @change=${(event: Event) => weigh(value(event), true)}
    />
    <span class="number">${measured(weight)}</span>`;
}

/** What the keyboard does at a handle, for those who have one. */
function keysOf({ noun, weighted, add }: SiteBar): string {
  const each = [
    'arrows move, Shift further',
    ...(weighted ? ['+ − weight'] : []),
    ...(add ? ['Enter adds', 'Delete removes'] : []),
    `Page Up/Down: next ${noun}`,
  ];
  return `Keys: ${each.join(' · ')}`;
}
