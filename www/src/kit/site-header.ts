// The header of every page: what this is, and the way to the other pages.

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { shared } from './styles';
import { keepOffline } from './offline';
import { PAPER, sitePages } from './site-pages';

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
        flex-wrap: wrap;
        gap: 0 16px;
        list-style: none;
        margin: 0;
        padding: 0;
      }
      nav a {
        color: var(--ink);
        text-decoration: none;
        white-space: nowrap;
        padding: 4px 0;
      }
      nav a[aria-current] {
        border-bottom: 2px solid var(--accent);
      }
      .newer {
        max-width: 1240px;
        margin: 0 auto 10px;
        padding: 0 24px;
        color: inherit;
      }
      @media (max-width: 760px) {
        .newer {
          padding: 0 12px;
        }
        header {
          padding: 14px 12px 10px;
        }
      }
    `,
  ];

  /** Its address in the navigation; what stands within the header tells what the page is about. */
  @property() page = './';

  /** Takes to a newer build, where there is one. */
  @state() private newer: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    keepOffline((take) => (this.newer = take));
  }

  override render(): TemplateResult {
    return html`${this.content()}
      <div role="status">
        ${
          this.newer
            ? html`<p class="newer" data-testid="newer">
                A newer version of this site is here. <button @click=${this.newer}>Load it</button> Runs that are saved
                go on.
              </p>`
            : nothing
        }
      </div>`;
  }

  private content(): TemplateResult {
    return html`<header>
      <h1>SplInterp Playground</h1>
      <p>
        <slot>
          A sparse autoencoder (SAE) rebuilds its input from a few active features. Here several ways of training one
          run side by side on the same data, in your browser; nothing leaves the page.
        </slot>
      </p>
      <nav aria-label="Pages">
        <ul>
          ${sitePages.map(
            ({ href, name }) =>
              html`<li><a href=${href} aria-current=${href === this.page ? 'page' : nothing}>${name}</a></li>`,
          )}
          <li><a href=${PAPER}>Paper</a></li>
        </ul>
      </nav>
    </header>`;
  }
}
