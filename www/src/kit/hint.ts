// A short explanation behind a small button, a native popover.

import { css, html, LitElement, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { PopoverController } from './popover';
import { shared } from './styles';

@customElement('hint-button')
export class HintButton extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: inline-block;
      }
      button {
        position: relative;
        display: inline-grid;
        place-items: center;
        width: 18px;
        height: 18px;
        min-height: 0;
        padding: 0;
        border-radius: 50%;
        font-size: 0.7rem;
        font-weight: 600;
        line-height: 1;
        color: var(--muted);
      }
      /* A finger needs more than the eye, and at the page's edge no more than its margin. */
      button::before {
        content: '';
        position: absolute;
        inset: -8px -3px;
      }
      [popover] {
        position: fixed;
        inset: auto;
        width: max-content;
        max-width: min(320px, calc(100vw - 16px));
        margin: 0;
        padding: 10px 12px;
        border: 1px solid var(--line);
        border-radius: 8px;
        background: var(--panel);
        color: var(--ink);
        box-shadow: 0 8px 28px rgb(0 0 0 / 18%);
        font-size: 0.867rem;
        text-wrap: pretty;
      }
    `,
  ];

  /** What the text is about: the button's name. */
  @property() about = '';
  @query('button') private readonly button!: HTMLButtonElement;
  @query('[popover]') private readonly text!: HTMLElement;
  private readonly opening = new PopoverController(this, { button: () => this.button, popover: () => this.text });

  override render(): TemplateResult {
    return html`<button type="button" popovertarget="text" aria-label="About: ${this.about}">?</button>
      <div id="text" popover role="note" @toggle=${this.opening.onToggle}><slot></slot></div>`;
  }
}
