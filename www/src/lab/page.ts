// The frame of a lab's page: the bar, the messages, and the parts, which come one a frame so that the page opens without
// a long task.

import { ContextProvider } from '@lit/context';
import { css, html, LitElement, nothing, type CSSResult, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { inFrame } from '../kit/frames';
import { shared } from '../kit/styles';
import type { BarFields } from './bar';
import './bar';
import { labContext } from './element';
import type { Lab } from './lab';
import './messages';
import './transport';
import type { Progress } from './progress';

export const pageStyles: CSSResult[] = [
  shared,
  css`
    :host {
      --page: 1240px;
      --gutter: 24px;
    }
    .page {
      display: grid;
      grid-template-columns: var(--side) minmax(0, 1fr) var(--other-side);
      gap: 18px;
      max-width: calc(var(--page) + 2 * var(--gutter));
      margin: 0 auto;
      padding: 10px var(--gutter) 40px;
    }
    /* What is shown of a session that is on its way is not to be read yet; a quick change does not flicker. */
    .parts {
      display: contents;
    }
    .parts > * {
      transition: opacity 0.15s 0.15s;
    }
    .parts[aria-busy='true'] > :not(.data, .message) {
      opacity: 0.4;
    }
    .whole {
      grid-column: 1 / -1;
    }
    .halves {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(min(100%, 360px), 1fr));
      gap: 18px;
    }
    /* Components are blocks by their own styles. */
    [hidden] {
      display: none;
    }
    @media (max-width: 1080px) {
      .page {
        grid-template-columns: var(--side) minmax(0, 1fr);
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
        gap: 12px;
      }
    }
  `,
];

export abstract class LabPage extends LitElement {
  protected abstract readonly lab: Lab;
  /** Without settings and without what is kept on this device, as it stands in other pages. */
  @property({ type: Boolean }) embedded = false;
  /** Parts that are there. */
  @state() private parts = 0;

  /** Settings as controls of the bar. */
  protected abstract readonly fields: () => BarFields;
  protected abstract readonly progress: () => Progress;
  /** What stands beside the settings. */
  protected beside(): TemplateResult | typeof nothing {
    return nothing;
  }

  /** Everything below the messages, in order. */
  protected abstract content(): TemplateResult[];

  private all(): TemplateResult[] {
    const kept = this.embedded ? [] : [html`<lab-kept-list class="whole"></lab-kept-list>`];
    return [...this.content(), ...kept];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    new ContextProvider(this, { context: labContext, initialValue: this.lab });
    this.lab.addEventListener('change', () => this.requestUpdate());
    this.addEventListener('message-done', () => this.renderRoot.querySelector<HTMLElement>('lab-bar')?.focus());
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.lab.save();
    });
    void this.lab.start();
  }

  override render(): TemplateResult {
    const { lab } = this;
    return html`
      ${
        this.embedded
          ? html`<lab-transport .progress=${this.progress}></lab-transport>`
          : html`<lab-bar .fields=${this.fields} .progress=${this.progress}>${this.beside()}</lab-bar>`
      }
      <p class="hidden" role="status" aria-live="polite">${lab.status}</p>
      <div class="page">
        <lab-messages></lab-messages>
        <div class="parts" aria-busy=${lab.phase === 'preparing' ? 'true' : 'false'}>
          ${this.all().slice(0, this.parts)}
        </div>
      </div>
    `;
  }

  protected override updated(): void {
    if (this.parts < this.all().length) inFrame(this, () => (this.parts += 1));
  }
}
