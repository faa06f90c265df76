// Export of a trained SAE: as a folder of another program, in one zip, or as a checkpoint of this one.

import { css, html, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { download } from '../../../kit/download';
import { shared } from '../../../kit/styles';
import { titleOf } from '../../../kit/runs';
import type { About, Format, ModelName } from '../protocol';
import { ActivationsElement } from '../element';

const formats: Record<Format, { name: string; hint: string }> = {
  saelens: {
    name: 'SAELens',
    hint: 'cfg.json and sae_weights.safetensors; TopK by magnitude becomes topk with twice the latents, each with its negative',
  },
  abstopk: {
    name: 'SAELens abstopk',
    hint: 'TopK by magnitude with its own latents, which newer versions of SAELens load (6.54 does)',
  },
  sparsify: {
    name: 'sparsify',
    hint: 'cfg.json and sae.safetensors; TopK only, by magnitude with twice the latents',
  },
  dictionary_learning: {
    name: 'dictionary_learning',
    hint: 'config.json and ae.pt; TopK by magnitude with twice the latents',
  },
  checkpoint: {
    name: 'Checkpoint',
    hint: 'drop it here to continue the run, bit for bit on the same data; or continue it natively',
  },
};

@customElement('acts-export')
export class ActsExport extends ActivationsElement {
  static override styles = [
    shared,
    css`
      .model {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        align-items: center;
      }
      .model + .model {
        margin-top: 10px;
      }
      .model > span:first-child {
        min-width: 96px;
      }
      .about {
        display: flex;
        flex-wrap: wrap;
        gap: 8px 16px;
        align-items: center;
        margin-top: 12px;
        font-size: 0.867rem;
      }
      .about input[type='number'] {
        width: 68px;
      }
    `,
  ];

  @state() private unitNorm = false;
  private readonly about: About = { model: '', hook: '', layer: undefined };

  override render(): TemplateResult {
    const { models, epoch } = this.lab;
    return html`<figure>
      <div class="head"><h2>Export the SAE</h2></div>
      ${models.map(
        (model) =>
          html`<div class="model">
            <span class=${model === 'imported' ? '' : `chip ${model}`}
              >${model === 'imported' ? 'Imported' : titleOf(model)}</span
            >
            ${(Object.keys(formats) as Format[])
              .filter((format) => model !== 'imported' || format !== 'checkpoint')
              .map(
                (format) =>
                  html`<button
                    data-testid="write-${model}-${format}"
                    ?disabled=${model !== 'imported' && epoch === 0}
                    @click=${() => void this.save(format, model)}
                  >
                    ${formats[format].name}
                  </button>`,
              )}
          </div>`,
      )}
      ${this.choices()}
      <p class="small muted">${Object.values(formats).map(({ name, hint }) => html`<b>${name}</b>: ${hint}. `)}</p>
      <figcaption>
        <strong>A zip of the folder that SAELens or sparsify loads.</strong> The standardisation of the rows is folded
        into the weights, so the exported SAE takes activations as they are. SAEs from SAELens, sparsify,
        dictionary_learning and Gemma Scope can be dropped on the page: their features are shown on the current rows,
        and they can be trained further.
      </figcaption>
    </figure>`;
  }

  /** What is written into the configuration, and how the decoder is scaled. */
  private choices(): TemplateResult {
    const text = (key: 'model' | 'hook', placeholder: string): TemplateResult =>
      html`<input
        type="text"
        placeholder=${placeholder}
        @change=${(event: Event) => (this.about[key] = (event.target as HTMLInputElement).value.trim())}
      />`;
    return html`<div class="about">
      <label>Model ${text('model', 'gpt2')}</label>
      <label>Hook ${text('hook', 'blocks.6.hook_resid_post')}</label>
      <label
        >Layer
        <input
          type="number"
          min="0"
          step="1"
          @change=${(event: Event) => {
            const layer = (event.target as HTMLInputElement).valueAsNumber;
            this.about.layer = Number.isSafeInteger(layer) && layer >= 0 ? layer : undefined;
          }}
        />
      </label>
      <label
        ><input type="checkbox" .checked=${live(this.unitNorm)} @change=${() => (this.unitNorm = !this.unitNorm)} />
        Decoder rows of unit norm (ReLU and JumpReLU)</label
      >
    </div>`;
  }

  private async save(format: Format, model: ModelName): Promise<void> {
    const session = this.lab.session?.id;
    if (session === undefined) return;
    const written = await this.lab.ask((worker) =>
      worker.write(session, { what: format, unitNorm: this.unitNorm, about: this.about }, model),
    );
    if (written) download(written.name, new Blob([written.bytes], { type: 'application/octet-stream' }));
  }
}
