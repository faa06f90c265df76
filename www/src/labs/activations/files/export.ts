// Taking a trained SAE away: as a folder of another program, in one zip, or as a checkpoint of this one.

import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { download } from '../../../kit/download';
import { runNames, shared } from '../../../kit/styles';
import type { ModelName } from '../protocol';
import { ActivationsElement } from '../element';

const formats = {
  saelens: { name: 'SAELens', hint: 'cfg.json and sae_weights.safetensors' },
  sparsify: { name: 'sparsify', hint: 'cfg.json and sae.safetensors; TopK only' },
  checkpoint: { name: 'Checkpoint', hint: 'goes on here, or natively, bit for bit' },
} as const;

@customElement('acts-take-home')
export class ActsTakeHome extends ActivationsElement {
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
    `,
  ];

  override render(): TemplateResult {
    const { methods, epoch, files } = this.lab;
    const models: ModelName[] = [...methods, ...(files.imported === undefined ? [] : (['imported'] as const))];
    return html`<figure>
      <div class="head"><h2>Take your SAE home</h2></div>
      ${models.map(
        (model) =>
          html`<div class="model">
            <span class=${model === 'imported' ? '' : `chip ${model}`}
              >${model === 'imported' ? 'Imported' : runNames[model]}</span
            >
            ${(Object.keys(formats) as (keyof typeof formats)[])
              .filter((format) => model !== 'imported' || format !== 'checkpoint')
              .map(
                (format) =>
                  html`<button
                    title=${formats[format].hint}
                    data-testid="write-${model}-${format}"
                    ?disabled=${model !== 'imported' && epoch === 0}
                    @click=${() => void this.save(format, model)}
                  >
                    ${formats[format].name}
                  </button>`,
              )}
          </div>`,
      )}
      <figcaption>
        <strong>One zip with the folder that SAELens or sparsify loads.</strong> The standardisation of the rows is
        folded into the weights, so that the SAE reads activations as they come. SAEs of SAELens, sparsify,
        dictionary_learning and Gemma Scope can be dropped on the page: their features are shown on the rows at hand,
        and they can be trained on.
      </figcaption>
    </figure>`;
  }

  private async save(format: keyof typeof formats, model: ModelName): Promise<void> {
    const written = await this.lab.worker.write(format, model);
    if (!written.ok) {
      this.lab.fail(written.message);
      return;
    }
    const { name, bytes } = written.value;
    download(name, new Blob([bytes], { type: 'application/octet-stream' }));
  }
}
