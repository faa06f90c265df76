// Settings as form controls: which property, its label, and when it applies.

import { html, nothing, type TemplateResult } from 'lit';

export interface Field<S> {
  key: keyof S & string;
  label: string;
  /** Explains the setting, as a tooltip. */
  hint?: string;
  /** Choices by value; without them the field takes a number, or a tick for a flag. */
  choices?: Readonly<Record<string, string>>;
  /** Step of a number; any without it. */
  step?: number;
  /** Whether it applies. */
  when?: (state: S) => boolean;
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
  standIn: string | undefined,
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
  return html`<div class="field" title=${hint ?? nothing}>
    <label for=${id}>${label}</label>
    ${
      choices
        ? html`<select id=${id} @change=${enter}>
            ${Object.entries(choices).map(
              ([choice, name]) => html`<option value=${choice} .selected=${choice === value}>${name}</option>`,
            )}
          </select>`
        : html`<input
            id=${id}
            type="number"
            inputmode="decimal"
            step=${step ?? 'any'}
            placeholder=${value === undefined ? (standIn ?? nothing) : nothing}
            .value=${text(value)}
            @change=${enter}
          />`
    }
  </div>`;
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
