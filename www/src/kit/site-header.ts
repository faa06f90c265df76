// The header of every page: what this is, and the way to the other rooms.

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { shared } from './styles';
import { rooms } from './rooms';

@customElement('site-header')
export class SiteHeader extends LitElement {
  static override styles = [
    shared,
    css`
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 4px 28px;
        max-width: 1288px;
        margin: 0 auto;
        padding: 22px 24px 14px;
      }
      h1 {
        margin: 0;
        font-size: 1.35rem;
        font-weight: 700;
        letter-spacing: -0.015em;
      }
      p {
        margin: 0;
        color: var(--muted);
        flex: 1 1 420px;
        text-wrap: pretty;
      }
      ul {
        display: flex;
        gap: 16px;
        list-style: none;
        margin: 0;
        padding: 0;
      }
      nav a {
        color: var(--ink);
        text-decoration: none;
        padding: 4px 0;
      }
      nav a[aria-current] {
        border-bottom: 2px solid var(--accent);
      }
      @media (max-width: 760px) {
        header {
          padding: 14px 12px 10px;
        }
      }
    `,
  ];

  /** `href` of the room that this page is; what stands within the header tells what it is about. */
  @property() room = './';

  override render(): TemplateResult {
    return html`<header>
      <h1>SplInterp Playground</h1>
      <p>
        <slot>
          Sparse autoencoders learn to write images in a few strokes. Here two of them train as you watch, in your
          browser; nothing leaves the page.
        </slot>
      </p>
      <nav aria-label="Rooms">
        <ul>
          ${rooms.map(
            ({ href, name }) =>
              html`<li><a href=${href} aria-current=${href === this.room ? 'page' : nothing}>${name}</a></li>`,
          )}
        </ul>
      </nav>
    </header>`;
  }
}
