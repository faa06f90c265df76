// What a lab says above its parts: a failure, something worth knowing, an offer.

import { css, html, nothing, type TemplateResult } from 'lit';

export const messageStyles = css`
  .message {
    display: flex;
    gap: 12px;
    align-items: center;
    flex-wrap: wrap;
    border-radius: var(--radius);
    padding: 10px 14px;
    background: var(--note-well);
  }
  .message p {
    margin: 0;
    flex: 1 1 300px;
    overflow-wrap: anywhere;
  }
  .message.alert {
    background: var(--alert-well);
    color: var(--alert);
  }
`;

/** The places of the alert and of the note, which screen readers watch, whether or not they say something now. */
export function messages(
  alert: string | undefined,
  note: string | undefined,
  dismiss: (what: 'alert' | 'note') => void,
): TemplateResult {
  return html`
    <div class="whole" role="alert" ?hidden=${alert === undefined}>
      ${
        alert === undefined
          ? nothing
          : html`<div class="message alert">
              <p>${alert}</p>
              <button @click=${() => dismiss('alert')}>Dismiss</button>
            </div>`
      }
    </div>
    <div class="whole" role="status" ?hidden=${note === undefined}>
      ${
        note === undefined
          ? nothing
          : html`<div class="message" data-testid="note">
              <p>${note}</p>
              <button @click=${() => dismiss('note')}>Dismiss</button>
            </div>`
      }
    </div>
  `;
}
