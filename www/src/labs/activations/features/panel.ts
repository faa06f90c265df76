// The feature view: which model, the list of its features, and the one in hand.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { ActivationsElement } from '../element';
import { count } from '../../../kit/format';
import { runNames, shared } from '../../../kit/styles';
import type { ModelName } from '../protocol';
import './detail';
import './list';

@customElement('feature-panel')
export class FeaturePanel extends ActivationsElement {
  static override styles = [
    shared,
    css`
      .split {
        display: grid;
        grid-template-columns: minmax(0, 5fr) minmax(0, 7fr);
        gap: 24px;
        align-items: start;
      }
      feature-list {
        position: sticky;
        top: 78px;
      }
      .empty {
        margin: 0;
        color: var(--muted);
      }
      .measuring {
        display: flex;
        align-items: center;
        gap: 14px;
        margin-bottom: 12px;
      }
      @media (max-width: 900px) {
        .split {
          grid-template-columns: minmax(0, 1fr);
        }
        feature-list {
          position: static;
        }
      }
    `,
  ];

  protected override readonly topics = ['change', 'progress'] as const;

  override render(): TemplateResult {
    const { features, methods, files, phase } = this.lab;
    const { summary, measuring } = features;
    const models: ModelName[] = [...methods, ...(files.imported === undefined ? [] : (['imported'] as const))];
    return html`<figure>
      <div class="head">
        <h2>
          Features${
            summary
              ? html` <span class="muted small"
                  >of
                  ${summary.model === 'imported' ? 'the imported SAE' : runNames[summary.model]}${
                    summary.model === 'imported' ? '' : ` after epoch ${summary.epoch}`
                  },
                  on ${count(summary.rows)} rows</span
                >`
              : nothing
          }
        </h2>
        <div class="segments" role="group" aria-label="Model">
          ${models.map(
            (model) =>
              html`<button
                aria-pressed=${model === features.model ? 'true' : 'false'}
                @click=${() => this.lab.change({ model })}
              >
                ${model === 'imported' ? 'imported' : runNames[model]}
              </button>`,
          )}
        </div>
      </div>
      ${
        measuring === undefined
          ? nothing
          : html`<div class="measuring" role="status">
              <progress aria-label="Measuring features" max="1" .value=${measuring.share}></progress>
              <button @click=${() => features.cancel()}>Cancel</button>
            </div>`
      }
      ${
        summary
          ? html`<div class="split">
              <feature-list .lab=${this.lab}></feature-list>
              <feature-detail .lab=${this.lab}></feature-detail>
            </div>`
          : html`<p class="empty" data-testid="no-features">
              ${
                phase === 'playing' || phase === 'pausing'
                  ? 'Features are measured when training rests: pause it to see how far they are.'
                  : 'Features are shown once a model has trained, or an SAE has been dropped on the page.'
              }
            </p>`
      }
      <figcaption>
        <strong>What a latent stands for shows in the rows that activate it.</strong> Sort by density, search for a
        word, follow a feature to its nearest ones.
      </figcaption>
    </figure>`;
  }
}
