// The header of every page: what this is, and the way to the other pages.

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { shared } from './styles';
import { sitePages } from './site-pages';

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

  /** Its address in the navigation; what stands within the header tells what the page is about. */
  @property() page = './';

  override render(): TemplateResult {
    return html`<header>
      <h1>SplInterp Playground</h1>
      <p>
        <slot>
          A sparse autoencoder (SAE) rebuilds its input from a few active features. Here two ways of training one race
          on the same images, in your browser; nothing leaves the page.
        </slot>
      </p>
      <nav aria-label="Pages">
        <ul>
          ${sitePages.map(
            ({ href, name }) =>
              html`<li><a href=${href} aria-current=${href === this.page ? 'page' : nothing}>${name}</a></li>`,
          )}
        </ul>
      </nav>
    </header>`;
  }
}
