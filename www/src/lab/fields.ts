// Settings as form controls: which setting, its label, when it applies; and the fields that all labs have.

import { html, nothing, type TemplateResult } from 'lit';
import { measured } from '../kit/format';
import '../kit/hint';
import type { StateOf } from '../kit/properties';
import type { LabProperties } from './settings';
import { stepped } from './steps';
import type { Labels } from './wording';

export interface Field<S> {
  key: keyof S & string;
  label: string;
  /** Explains the setting. */
  hint?: string;
  /** Choices by value; without them the field takes a number, or a tick for a flag. */
  choices?: Readonly<Record<string, string>>;
  /** Step of a whole number; without it the arrow keys multiply and divide. */
  step?: number;
  /** Whether it applies. */
  when?: (state: S) => boolean;
}

/** Fields of what a model is: its activation. */
export const activationFields: readonly Field<StateOf<LabProperties>>[] = [
  {
    key: 'activation',
    label: 'Activation',
    choices: { topk: 'TopK', relu: 'ReLU', jumprelu: 'JumpReLU', batchtopk: 'BatchTopK' },
  },
  {
    key: 'by',
    label: 'Ranked by',
    choices: { magnitude: 'magnitude', value: 'value', positive: 'value, then ReLU' },
    when: ({ activation }) => activation === 'topk',
  },
  {
    key: 'threshold',
    label: 'Threshold',
    hint: 'A latent is active where its pre-activation is above the threshold',
    when: ({ activation }) => activation === 'jumprelu',
  },
];

/** Fields of how a model is trained that are rarely changed. */
export const moreFields: readonly Field<StateOf<LabProperties>>[] = [
  { key: 'updates', label: 'Updates per batch', hint: 'Encoder updates on each batch', step: 1 },
  { key: 'l1', label: 'l1', hint: 'Weight of the mean over rows of Σ|z|' },
  { key: 'decay', label: 'Weight decay', hint: 'L2 weight decay of Adam on the matrices' },
  { key: 'alpha', label: 'α', hint: 'Weight of |W_dec|²; if empty, 0.6 / rows for PAM-SGD and 0 for SGD' },
  { key: 'beta', label: 'β', hint: 'Weight of |b_dec|²' },
  { key: 'muEnc', label: 'μ encoder', hint: 'Weight of the squared change of W_enc' },
  { key: 'nuEnc', label: 'ν encoder', hint: 'Weight of the squared change of b_enc' },
  { key: 'muDec', label: 'μ decoder', hint: 'Weight of the squared change of W_dec' },
  { key: 'nuDec', label: 'ν decoder', hint: 'Weight of the squared change of b_dec' },
];

/** What each setting is called, for messages. */
export function labelsOf(...fields: readonly { key: string; label: string }[]): Labels {
  return Object.fromEntries([['epochs', 'Epochs'], ...fields.map(({ key, label }) => [key, label] as const)]);
}

/** Holds the settings and takes what is typed. */
interface Owner<S> {
  readonly state: S;
  enter(key: keyof S & string, text: string): void;
}

/**
 * One labelled control; `standIn` is shown where the value is left to the program. Values are bound without `live`: a
 * bar may render ten times a second while a run trains, and must not take back what is being typed.
 */
export function field<S>(
  owner: Owner<S>,
  { key, label, hint, choices, step, when }: Field<S>,
  standIn: number | undefined,
): TemplateResult | typeof nothing {
  if (when && !when(owner.state)) return nothing;
  const value: unknown = owner.state[key];
  const enter = (event: Event): void => {
    const control = event.target as HTMLInputElement | HTMLSelectElement;
    owner.enter(key, control.value);
    // What was refused makes way for what holds.
    control.value = text(owner.state[key]);
  };
  const id = `field-${key}`;
  if (typeof value === 'boolean') {
    return html`<div class="check">
      <input
        id=${id}
        type="checkbox"
        .checked=${value}
        @change=${(event: Event) => owner.enter(key, (event.target as HTMLInputElement).checked ? 'yes' : 'no')}
      />
      <label for=${id}>${label}</label>
    </div>`;
  }
  return html`<div class="field">
    <span class="name"
      ><label for=${id}>${label}</label
      >${hint ? html`<hint-button about=${label}>${hint}.</hint-button>` : nothing}</span
    >
    ${
      choices
        ? html`<select id=${id} @change=${enter}>
            ${Object.entries(choices).map(
              ([choice, name]) => html`<option value=${choice} .selected=${choice === value}>${name}</option>`,
            )}
          </select>`
        : html`<input
            id=${id}
            class=${step === undefined ? 'real' : ''}
            type="number"
            inputmode="decimal"
            step=${step ?? 'any'}
            placeholder=${value === undefined && standIn !== undefined ? measured(standIn) : nothing}
            .value=${text(value)}
            @change=${enter}
            @keydown=${step === undefined ? (event: KeyboardEvent) => multiply(event, standIn) : nothing}
          />`
    }
  </div>`;
}

/** Arrow keys multiply and divide: a step size of 0.003 is no neighbour of 1.003. */
function multiply(event: KeyboardEvent, standIn: number | undefined): void {
  if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
  event.preventDefault();
  const control = event.target as HTMLInputElement;
  const value = control.value === '' ? (standIn ?? 0) : Number(control.value);
  control.value = String(stepped(value, event.key === 'ArrowUp' ? 1 : -1));
  control.dispatchEvent(new Event('change'));
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
