// The settings of a run as form controls, in one list: which property, its label, and when it applies.

import { html, nothing, type TemplateResult } from 'lit';
import { measured } from '../shell/format';
import type { LabController } from './controller';
import { properties, type Key, type LabState } from './state';

export interface Field {
  key: Key;
  label: string;
  /** Explains the setting, as a tooltip. */
  hint?: string;
  /** Choices by value; without them the field takes a number, or a tick for a flag. */
  choices?: Readonly<Record<string, string>>;
  /** Step of a number; any without it. */
  step?: number;
  /** Whether it applies. */
  when?: (state: LabState) => boolean;
}

export const common: readonly Field[] = [
  { key: 'activation', label: 'Activation', choices: { topk: 'TopK', relu: 'ReLU', jumprelu: 'JumpReLU' } },
  { key: 'k', label: 'k', hint: 'Active latents per image', step: 1, when: (state) => state.activation === 'topk' },
  {
    key: 'by',
    label: 'Ranked by',
    choices: { magnitude: 'magnitude', value: 'value', positive: 'value, then ReLU' },
    when: (state) => state.activation === 'topk',
  },
  {
    key: 'threshold',
    label: 'Threshold',
    hint: 'A latent is active where its pre-activation lies above',
    when: (state) => state.activation === 'jumprelu',
  },
  { key: 'dSae', label: 'Latents', hint: 'd_sae, the number of latents', step: 1 },
  { key: 'lr', label: 'Learning rate', hint: 'Step size of Adam' },
  { key: 'batch', label: 'Batch size', step: 1 },
  { key: 'seed', label: 'Seed', hint: 'Every random choice comes from it', step: 1 },
];

export const more: readonly Field[] = [
  { key: 'updates', label: 'Updates per batch', hint: 'Encoder updates on each batch', step: 1 },
  { key: 'l1', label: 'l1', hint: 'Weight of the mean absolute sum of the codes' },
  { key: 'decay', label: 'Weight decay' },
  { key: 'alpha', label: 'α', hint: 'Weight of |W_dec|²; left empty, 0.6 / rows for PAM-SGD and 0 for SGD' },
  { key: 'beta', label: 'β', hint: 'Weight of |b_dec|²' },
  { key: 'muEnc', label: 'μ encoder', hint: 'Weight of the squared change of W_enc' },
  { key: 'nuEnc', label: 'ν encoder', hint: 'Weight of the squared change of b_enc' },
  { key: 'muDec', label: 'μ decoder', hint: 'Weight of the squared change of W_dec' },
  { key: 'nuDec', label: 'ν decoder', hint: 'Weight of the squared change of b_dec' },
  { key: 'tied', label: 'SGD shares encoder and decoder weights (tied)' },
];

/**
 * One labelled control. Values are bound without `live`: the bar renders ten times a second while a run trains, and must
 * not take back what is being typed.
 */
export function field(
  lab: LabController,
  { key, label, hint, choices, step, when }: Field,
): TemplateResult | typeof nothing {
  if (when && !when(lab.state)) return nothing;
  const value = lab.state[key];
  const enter = (event: Event): void => {
    const control = event.target as HTMLInputElement | HTMLSelectElement;
    lab.enter(key, control.value);
    // What was refused makes way for what holds.
    control.value = String(lab.state[key] ?? '');
  };
  const id = `field-${properties[key].key}`;
  if (typeof value === 'boolean') {
    return html`<div class="check">
      <input
        id=${id}
        type="checkbox"
        .checked=${value}
        @change=${(event: Event) => lab.enter(key, (event.target as HTMLInputElement).checked ? 'yes' : 'no')}
      />
      <label for=${id}>${label}</label>
    </div>`;
  }
  return html`<div class="field" title=${hint ?? nothing}>
    <label for=${id}>${label}</label>
    ${
      choices
        ? html`<select id=${id} @change=${enter}>
            ${Object.entries(choices).map(
              ([choice, name]) => html`<option value=${choice} .selected=${choice === String(value)}>${name}</option>`,
            )}
          </select>`
        : html`<input
            id=${id}
            type="number"
            inputmode="decimal"
            step=${step ?? 'any'}
            placeholder=${value === undefined ? measured(lab.info?.options.pam.alpha) : nothing}
            .value=${String(value ?? '')}
            @change=${enter}
          />`
    }
  </div>`;
}
