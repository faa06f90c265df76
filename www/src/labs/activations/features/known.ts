// For the bundled sample: which of the features that made the data the model has recovered.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { count, fixed } from '../../../kit/format';
import { shared } from '../../../kit/styles';
import type { FeatureSummary } from '../protocol';
import { ActivationsElement } from '../element';

/** A cosine from which a feature counts as recovered. */
const FOUND = 0.9;

@customElement('acts-known')
export class ActsKnown extends ActivationsElement {
  static override styles = [
    shared,
    css`
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(230px, 1fr));
        gap: 2px 22px;
        list-style: none;
        margin: 0;
        padding: 0;
        font-size: 0.8rem;
      }
      a {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 56px 3ch;
        gap: 8px;
        align-items: center;
        padding: 3px 0;
        color: inherit;
        text-decoration: none;
      }
      a:hover {
        color: var(--accent);
      }
      .name {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .track {
        height: 6px;
        border-radius: 3px;
        background: var(--line);
        overflow: hidden;
      }
      .track i {
        display: block;
        height: 100%;
        background: var(--accent);
      }
      .lost .track i {
        background: var(--field);
      }
      @media (forced-colors: active) {
        .track i {
          forced-color-adjust: none;
          background: Highlight;
        }
        .lost .track i {
          background: GrayText;
        }
      }
      @media (max-width: 760px) {
        ul {
          max-height: 300px;
          overflow-y: auto;
        }
      }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const { summary } = this.lab.features;
    if (!summary || summary.known.length === 0) return nothing;
    const known = [...summary.known].sort((a, b) => b.cosine - a.cosine);
    const found = known.filter(({ cosine }) => cosine >= FOUND);
    return html`<figure>
      <div class="head"><h2>Known features, recovered</h2></div>
      <ul tabindex="0" aria-label="Known features with the most similar latent">
        ${known.map((each) => this.item(each))}
      </ul>
      <figcaption data-testid="known">
        <strong>${count(found.length)} of ${count(known.length)} features that made the sample are recovered</strong>:
        the decoder row of one latent has a cosine of at least ${FOUND} with them. Select one to see that latent. Train
        by the other method, or on fewer rows, to see how many it recovers.
      </figcaption>
    </figure>`;
  }

  private item({ name, feature, cosine }: FeatureSummary['known'][number]): TemplateResult {
    return html`<li class=${cosine >= FOUND ? '' : 'lost'}>
      <a href=${this.lab.linkTo({ feature })}>
        <span class="name">${name}</span>
        <span class="track"><i .style=${`width: ${Math.round(cosine * 100)}%`}></i></span>
        <span class="number">${fixed(cosine, 2)}</span>
      </a>
    </li>`;
  }
}
