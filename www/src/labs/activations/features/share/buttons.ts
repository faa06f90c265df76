// What of the features can be given away, below their view.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { download } from '../../../../kit/download';
import { messageOf } from '../../../../kit/failure';
import { count } from '../../../../kit/format';
import { shared } from '../../../../kit/styles';
import { ActivationsElement } from '../../element';
import type { Kind } from './index';

/** Features that a page or a JSON gives with their examples: some 10 kB each. */
const MOST = 200;

const kinds: Record<Kind, string> = {
  page: 'Page (HTML)',
  json: 'JSON',
  features: 'Features (CSV)',
  curves: 'Curves (CSV)',
};

@customElement('acts-share')
export class ActsShare extends ActivationsElement {
  static override styles = [
    shared,
    css`
      .share {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        align-items: center;
        margin-top: 14px;
      }
    `,
  ];

  @state() private busy = false;

  override render(): TemplateResult | typeof nothing {
    const { summary, order } = this.lab.features;
    if (!summary) return nothing;
    const given = Math.min(MOST, order.length);
    return html`<div class="share" role="group" aria-label="Share the features">
        <span>Share</span>
        ${(Object.keys(kinds) as Kind[]).map(
          (kind) =>
            html`<button data-testid="share-${kind}" ?disabled=${this.busy} @click=${() => void this.save(kind)}>
              ${kinds[kind]}
            </button>`,
        )}
      </div>
      <p class="small muted">
        The page is one file that opens from a disk and sends no request. It and the JSON, whose fields are
        Neuronpedia’s, hold the first ${count(given)} features as listed, with their examples; CSV holds all features,
        or all epochs of the runs.
      </p>`;
  }

  private async save(kind: Kind): Promise<void> {
    const { summary, order, noted } = this.lab.features;
    if (!summary) return;
    this.busy = true;
    try {
      const { fileOf } = await import('./index');
      const file = await fileOf(kind, this.lab, { summary, order, most: MOST, noted });
      if (file) download(file.name, file.content);
    } catch (error) {
      this.lab.fail(`The features could not be saved: ${messageOf(error)}`);
    } finally {
      this.busy = false;
    }
  }
}
