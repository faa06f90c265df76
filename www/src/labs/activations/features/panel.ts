// The feature view: which model, the list of its features, and the one that is selected.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { ActivationsElement } from '../element';
import { count } from '../../../kit/format';
import { shared } from '../../../kit/styles';
import { titleOf } from '../../../kit/runs';
import './detail';
import './list';
import './share/buttons';

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
    const { features, models, phase } = this.lab;
    const { summary, measuring } = features;
    return html`<figure>
      <div class="head">
        <h2>
          Features${
            summary
              ? html` <span class="muted small"
                  >of
                  ${summary.model === 'imported' ? 'the imported SAE' : titleOf(summary.model)}${
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
                @click=${() => this.lab.enter('model', model)}
              >
                ${model === 'imported' ? 'imported' : titleOf(model)}
              </button>`,
          )}
        </div>
      </div>
      ${
        measuring === undefined
          ? nothing
          : html`<div class="measuring">
              <progress aria-label="Measuring features" max="1" .value=${measuring.share}></progress>
              <button @click=${() => features.cancel()}>Cancel</button>
            </div>`
      }
      ${
        summary
          ? html`<div class="split">
                <feature-list></feature-list>
                <feature-detail></feature-detail>
              </div>
              <acts-share></acts-share>`
          : html`<p class="empty" data-testid="no-features">
              ${
                phase === 'playing' || phase === 'pausing'
                  ? 'Features are measured while training is paused.'
                  : 'Features are shown once a model has been trained or an SAE imported.'
              }
            </p>`
      }
      <figcaption>
        <strong>A feature is known by the examples that activate it most.</strong> Sort by density, search for a token,
        or follow the links to similar features.
      </figcaption>
    </figure>`;
  }
}
