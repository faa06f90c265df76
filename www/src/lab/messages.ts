// What a lab says above its parts: a failure, something worth knowing, an offer.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { messages, messageStyles } from '../kit/messages';
import { shared } from '../kit/styles';
import { LabElement } from './element';

@customElement('lab-messages')
export class LabMessages extends LabElement {
  static override styles = [
    shared,
    messageStyles,
    css`
      :host {
        display: contents;
      }
      .whole {
        grid-column: 1 / -1;
      }
      [hidden] {
        display: none;
      }
    `,
  ];

  override render(): TemplateResult {
    const { alert, note, interrupted, canUndo } = this.lab;
    return html`
      ${messages(alert, note, (what) => this.act(() => this.lab.dismiss(what)))}
      ${
        interrupted
          ? html`<div class="whole message" data-testid="interrupted">
              <p>This run was interrupted after epoch ${interrupted.epoch} of ${interrupted.target}.</p>
              <button @click=${() => this.act(() => this.lab.play())}>Resume</button>
              <button @click=${() => this.act(() => this.lab.startOver())}>Start over</button>
            </div>`
          : nothing
      }
      ${
        canUndo
          ? html`<div class="whole message" data-testid="replaced">
              <p>The run that this one replaced is kept.</p>
              <button @click=${() => this.act(() => this.lab.undo())} data-testid="undo">Undo</button>
              <button @click=${() => this.act(() => this.lab.dismiss('undo'))}>Discard it</button>
            </div>`
          : nothing
      }
    `;
  }

  /** The button goes with its message; the focus is handed on before it is lost. */
  private act(what: () => void): void {
    this.dispatchEvent(new Event('message-done', { bubbles: true, composed: true }));
    what();
  }
}
