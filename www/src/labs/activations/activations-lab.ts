// The activations lab: rows of your own, an SAE on them, its features, and the way home for it.

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import './features/panel';
import { messages, messageStyles } from '../../kit/messages';
import { inFrame } from '../../kit/frames';
import { shared } from '../../kit/styles';
import './ablations/panel';
import { ActivationsController } from './controller';
import './curves';
import './files/data';
import './features/distributions';
import './files/inspection';
import './features/known';
import './results';
import './settings';
import './files/export';

/** Parts of the page below the control bar. */
const PARTS = 8;

@customElement('activations-lab')
export class ActivationsLab extends LitElement {
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
        grid-template-columns: 264px minmax(0, 1fr) 280px;
        gap: 18px;
        max-width: calc(var(--page) + 2 * var(--gutter));
        margin: 0 auto;
        padding: 10px var(--gutter) 40px;
      }
      .whole {
        grid-column: 1 / -1;
      }
      /* Components are blocks by their own styles. */
      [hidden] {
        display: none;
      }
      @media (max-width: 1080px) {
        .page {
          grid-template-columns: 264px minmax(0, 1fr);
        }
        acts-results {
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
      }
    `,
  ];

  private readonly lab = new ActivationsController();
  /** Parts that are there; they come one a frame, so that the page opens without a long task. */
  @state() private parts = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.lab.addEventListener('change', () => this.requestUpdate());
    void this.lab.start();
  }

  override render(): TemplateResult {
    const { lab } = this;
    const { summary } = lab.features;
    return html`
      <acts-settings .lab=${lab}></acts-settings>
      <p class="hidden" role="status" aria-live="polite">${lab.status}</p>
      <div class="page">
        ${this.messages()}
        <acts-inspection class="whole" .lab=${lab} ?hidden=${!lab.files.opened}></acts-inspection>
        ${[
          html`<acts-data .lab=${lab}></acts-data>`,
          html`<acts-curves .lab=${lab}></acts-curves>`,
          html`<acts-results .lab=${lab}></acts-results>`,
          html`<feature-panel class="whole" .lab=${lab}></feature-panel>`,
          html`<acts-known class="whole" .lab=${lab} ?hidden=${!summary || summary.known.length === 0}></acts-known>`,
          html`<acts-distributions class="whole" .lab=${lab} ?hidden=${!summary}></acts-distributions>`,
          html`<acts-ablations class="whole" .lab=${lab}></acts-ablations>`,
          html`<acts-take-home class="whole" .lab=${lab}></acts-take-home>`,
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
              <p>A new run took the place of one that was trained.</p>
              <button @click=${() => void lab.undo()} data-testid="undo">Undo</button>
              <button @click=${() => lab.dismiss('undo')}>Dismiss</button>
            </div>`
          : nothing
      }
    `;
  }
}
