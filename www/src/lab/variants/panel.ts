// The recipes of other programs as controls, below the other settings that are rarely changed.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import '../../kit/hint';
import { shared } from '../../kit/styles';
import { settingsStyles } from '../bar-styles';
import { LabElement } from '../element';
import { field, type Field } from '../fields';
import { enterVariant, readVariants, writeVariants, type VariantKey, type Variants } from './options';

const preset: Field<Variants> = {
  key: 'preset',
  label: 'Preset',
  hint: 'Step size 2e-4 / √(latents / 2¹⁴), warm-up, decoder rows of unit norm that start as W_encᵀ, and the start of b_dec, as in that program; dictionary_learning has AuxK too. For runs with untied weights; what is chosen beside it goes before it',
  choices: { none: 'none', 'dictionary-learning': 'dictionary_learning', sparsify: 'sparsify' },
};

const all: readonly Field<Variants>[] = [
  { key: 'lr', label: 'Step size', hint: 'Of all runs, also of those that choose their own; if empty, as above' },
  { key: 'warmupSteps', label: 'Warm-up steps', hint: 'Steps over which the step size rises linearly from 0', step: 1 },
  {
    key: 'decoderNorm',
    label: 'Decoder rows',
    hint: 'Rows of W_dec kept at length 1, the gradient along them removed. For SGD with untied weights',
    choices: { free: 'any length', unit: 'unit norm' },
  },
  {
    key: 'decoderStart',
    label: 'W_dec starts',
    hint: 'For runs with untied weights',
    choices: { small: 'small and random', transposed: 'as W_encᵀ' },
  },
  {
    key: 'biasStart',
    label: 'b_dec starts',
    choices: { zero: 'at 0', mean: 'at the mean row', median: 'at the geometric median' },
  },
  { key: 'revive', label: 'Dead latents start anew after an epoch' },
  { key: 'auxk', label: 'AuxK: dead latents learn what the others leave' },
  { key: 'auxkK', label: 'AuxK: k', hint: 'If empty, half of the values in a row', step: 1, when: ({ auxk }) => auxk },
  { key: 'auxkCoefficient', label: 'AuxK: weight', hint: 'If empty, 1/32', when: ({ auxk }) => auxk },
  {
    key: 'auxkDeadAfter',
    label: 'AuxK: dead after',
    hint: 'Rows without activity; if empty, those of an epoch',
    step: 1,
    when: ({ auxk }) => auxk,
  },
];

/** Of JumpReLU alone. */
const thresholds: readonly Field<Variants>[] = [
  {
    key: 'targetL0',
    label: 'Target L0',
    hint: 'Trains the thresholds, by straight-through estimation, towards so many active latents; if empty, they stay',
  },
  {
    key: 'bandwidth',
    label: 'Bandwidth',
    hint: 'Pre-activations within half of it decide about a threshold; if empty, 1',
    when: ({ targetL0 }) => targetL0 !== undefined,
  },
  {
    key: 'coefficient',
    label: 'Weight of L0',
    hint: 'Weight of (L0 / target − 1)²; if empty, 1',
    when: ({ targetL0 }) => targetL0 !== undefined,
  },
];

@customElement('lab-variants')
export class LabVariants extends LabElement {
  static override styles = [
    shared,
    settingsStyles,
    css`
      :host {
        display: block;
      }
      fieldset {
        border: 0;
        margin: 6px 0 0;
        padding: 0;
      }
      legend {
        padding: 0 0 4px;
        font-size: 0.867rem;
        font-weight: 600;
      }
      p {
        margin: 6px 0 0;
        max-width: 76ch;
      }
      .field .list {
        width: 130px;
      }
    `,
  ];

  /** A text that is no good the worker refuses, and says why. */
  private get variants(): Variants {
    try {
      return readVariants(this.lab.state.variants);
    } catch {
      return readVariants('');
    }
  }

  private enter(key: VariantKey, text: string): void {
    const entered = enterVariant(key, text);
    if (typeof entered === 'string') {
      const named = [preset, ...all, ...thresholds].find((each) => each.key === key);
      this.lab.fail(`${named?.label ?? 'Prefixes'} must be ${entered}; “${text}” is not`);
      return;
    }
    this.lab.change({ variants: writeVariants({ ...this.variants, [key]: entered.value }) });
  }

  /** Settings that are chosen are not to be hidden. */
  protected override firstUpdated(): void {
    const details = this.closest('details');
    if (details && this.lab.state.variants !== '') details.open = true;
  }

  override render(): TemplateResult {
    const { state } = this.lab;
    const { variants } = this;
    const owner = { state: variants, enter: (key: VariantKey, text: string) => this.enter(key, text) };
    // A lab with recipes of its own has the presets among them.
    const fields = [
      ...('recipe' in state ? [] : [preset]),
      ...all,
      ...(state.activation === 'jumprelu' ? thresholds : []),
    ];
    return html`<fieldset data-testid="variants">
      <legend>Recipes of other programs</legend>
      <div class="fields">${fields.map((each) => field(owner, each, undefined))} ${this.prefixes(variants)}</div>
      ${this.where()}
    </fieldset>`;
  }

  private prefixes({ prefixes }: Variants): TemplateResult {
    const written = prefixes.join(', ');
    return html`<div class="field">
      <span class="name"
        ><label for="field-prefixes">Prefixes</label
        ><hint-button about="Prefixes"
          >Matryoshka: numbers of latents, ascending, by whose first latents rows are reconstructed too, such as 16,
          64.</hint-button
        ></span
      >
      <input
        id="field-prefixes"
        type="text"
        class="list"
        .value=${written}
        @change=${(event: Event) => {
          const control = event.target as HTMLInputElement;
          this.enter('prefixes', control.value);
          control.value = this.variants.prefixes.join(', ');
        }}
      />
    </div>`;
  }

  /** How such runs train, said before they do. */
  private where(): TemplateResult | typeof nothing {
    const { activation, variants } = this.lab.state;
    if (activation !== 'batchtopk' && variants === '') return nothing;
    return html`<p class="small muted" data-testid="variants-where">
      On the CPU such runs use one thread. The experiments below take the activation alone from here.
    </p>`;
  }
}
