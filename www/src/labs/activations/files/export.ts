// Export of a trained SAE: as a folder of another program, in one zip, or as a checkpoint of this one.

import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { download } from '../../../kit/download';
import { shared } from '../../../kit/styles';
import { titleOf } from '../../../lab/session';
import type { Format, ModelName } from '../protocol';
import { ActivationsElement } from '../element';

const formats: Record<Format, { name: string; hint: string }> = {
  saelens: { name: 'SAELens', hint: 'cfg.json and sae_weights.safetensors' },
  sparsify: { name: 'sparsify', hint: 'cfg.json and sae.safetensors; TopK only' },
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
    `,
  ];

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
      <p class="small muted">${Object.values(formats).map(({ name, hint }) => html`<b>${name}</b>: ${hint}. `)}</p>
      <figcaption>
        <strong>A zip of the folder that SAELens or sparsify loads.</strong> The standardisation of the rows is folded
        into the weights, so the exported SAE takes activations as they are. SAEs from SAELens, sparsify,
        dictionary_learning and Gemma Scope can be dropped on the page: their features are shown on the current rows,
        and they can be trained further.
      </figcaption>
    </figure>`;
  }

  private async save(format: Format, model: ModelName): Promise<void> {
    const session = this.lab.session?.id;
    if (session === undefined) return;
    const written = await this.lab.ask((worker) => worker.write(session, format, model));
    if (written) download(written.name, new Blob([written.bytes], { type: 'application/octet-stream' }));
  }
}
