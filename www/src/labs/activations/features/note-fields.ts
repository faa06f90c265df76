// The name and the note of the selected feature.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { shared } from '../../../kit/styles';
import { ActivationsElement } from '../element';
import { LONGEST_NAME, LONGEST_TEXT, type Note } from './notes';

@customElement('feature-note')
export class FeatureNote extends ActivationsElement {
  static override styles = [
    shared,
    css`
      .fields {
        display: grid;
        grid-template-columns: minmax(0, 2fr) minmax(0, 3fr);
        gap: 10px;
        margin: 8px 0 4px;
      }
      label {
        display: grid;
        gap: 2px;
        color: var(--muted);
        font-size: 0.8rem;
      }
      input,
      textarea {
        width: 100%;
        min-height: 34px;
        border: 1px solid var(--field);
        border-radius: 7px;
        background: var(--panel);
        padding: 6px 10px;
        color: var(--ink);
        font: inherit;
        font-size: 0.867rem;
      }
      textarea {
        resize: vertical;
        field-sizing: content;
        line-height: 1.4;
      }
      @media (max-width: 520px) {
        .fields {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  @property({ type: Number }) feature = 0;
  @state() private failure: string | undefined;

  override render(): TemplateResult {
    const { name, text } = this.lab.features.noteOn(this.feature);
    return html`<div class="fields">
        <label
          >Your name for it
          <input
            type="text"
            data-testid="feature-name"
            maxlength=${LONGEST_NAME}
            .value=${live(name)}
            @change=${(event: Event) => this.set({ name: (event.target as HTMLInputElement).value })}
        /></label>
        <label
          >Your note
          <textarea
            data-testid="feature-text"
            rows="1"
            maxlength=${LONGEST_TEXT}
            .value=${live(text)}
            @change=${(event: Event) => this.set({ text: (event.target as HTMLTextAreaElement).value })}
          ></textarea>
        </label>
      </div>
      ${this.failure === undefined ? nothing : html`<p class="small" role="alert">${this.failure}</p>`}`;
  }

  private set(change: Partial<Note>): void {
    const { features } = this.lab;
    this.failure = features.note(this.feature, { ...features.noteOn(this.feature), ...change });
  }
}
