// The MNIST lab: control bar, data, curves, numbers and pictures of two runs trained side by side.

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { messages, messageStyles } from '../../kit/messages';
import { inFrame } from '../../kit/frames';
import { shared } from '../../kit/styles';
import './bar';
import './codes';
import { LabController } from './controller';
import './curves';
import './data';
import './digits';
import './filters';
import './results';

/** Parts of the page below the control bar. */
const PARTS = 6;

@customElement('mnist-lab')
export class MnistLab extends LitElement {
  static override styles = [
    shared,
    messageStyles,
    css`
      :host {
        --page: 1240px;
        --gutter: 24px;
      }
      .page {
        display: grid;
        grid-template-columns: 240px minmax(0, 1fr) 300px;
        gap: 18px;
        max-width: calc(var(--page) + 2 * var(--gutter));
        margin: 0 auto;
        padding: 10px var(--gutter) 40px;
      }
      .whole {
        grid-column: 1 / -1;
      }
      .halves {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        gap: 18px;
      }
      @media (max-width: 1080px) {
        .page {
          grid-template-columns: 240px minmax(0, 1fr);
        }
        lab-results {
          grid-column: 1 / -1;
        }
      }
      @media (max-width: 760px) {
        :host {
          --gutter: 12px;
        }
        .page {
          grid-template-columns: minmax(0, 1fr);
          gap: 12px;
          padding-top: 12px;
        }
        .halves {
          grid-template-columns: minmax(0, 1fr);
          gap: 12px;
        }
        lab-data {
          order: 1;
        }
      }
    `,
  ];

  private readonly lab = new LabController();
  /** Parts that are there; they come one a frame, so that the page opens without a long task. */
  @state() private parts = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.lab.addEventListener('change', () => this.requestUpdate());
    void this.lab.start();
  }

  override render(): TemplateResult {
    const { lab } = this;
    return html`
      <lab-bar .lab=${lab}></lab-bar>
      <p class="hidden" role="status" aria-live="polite">${lab.status}</p>
      <div class="page">
        ${this.messages()}
        ${[
          html`<lab-data .lab=${lab}></lab-data>`,
          html`<lab-curves .lab=${lab}></lab-curves>`,
          html`<lab-results .lab=${lab}></lab-results>`,
          html`<lab-digits class="whole" .lab=${lab}></lab-digits>`,
          html`<div class="whole halves">
            <lab-filters .lab=${lab} method="sgd"></lab-filters>
            <lab-filters .lab=${lab} method="pam"></lab-filters>
          </div>`,
          html`<lab-codes class="whole" .lab=${lab}></lab-codes>`,
        ].slice(0, this.parts)}
      </div>
    `;
  }

  protected override updated(): void {
    if (this.parts < PARTS) inFrame(this, () => (this.parts += 1));
  }

  private messages(): TemplateResult {
    const { lab } = this;
    return html`
      ${messages(lab.alert, lab.note, (what) => lab.dismiss(what))}
      ${
        lab.interrupted
          ? html`<div class="whole message" data-testid="interrupted">
              <p>This run was interrupted after epoch ${lab.interrupted.epoch} of ${lab.interrupted.target}.</p>
              <button @click=${() => void lab.play()}>Go on</button>
              <button @click=${() => lab.startOver()}>Start over</button>
            </div>`
          : nothing
      }
      ${
        lab.canUndo
          ? html`<div class="whole message">
              <p>Both runs are back at the start.</p>
              <button @click=${() => void lab.undo()} data-testid="undo">Undo</button>
              <button @click=${() => lab.dismiss('undo')}>Dismiss</button>
            </div>`
          : nothing
      }
    `;
  }
}
