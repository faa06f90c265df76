// Where the images come from, and how many of them are trained on.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { bytes, count } from '../../kit/format';
import { panelStyles } from '../../kit/panel';
import { shared } from '../../kit/styles';
import '../../lab/drop-zone';
import { MnistElement } from './element';
import { shares } from './shares';

const sources = { mnist: 'MNIST', digits: 'Generated digits', files: 'Your files' } as const;

@customElement('lab-data')
export class LabData extends MnistElement {
  static override styles = [
    shared,
    panelStyles,
    css`
      .shares {
        display: grid;
        grid-template-columns: repeat(3, 1fr);
        gap: 6px;
        margin-top: 4px;
      }
      .shares button {
        padding: 0;
        min-height: 32px;
        font-size: 0.867rem;
      }
      .shares button[aria-pressed='true'] {
        background: var(--accent);
        border-color: var(--accent);
        color: var(--on-accent);
      }
      @media (forced-colors: active) {
        .shares button[aria-pressed='true'] {
          forced-color-adjust: none;
          background: Highlight;
          border-color: Highlight;
          color: HighlightText;
        }
      }
    `,
  ];

  override render(): TemplateResult {
    const { state, mnistBytes, hasFiles } = this.lab;
    const offered = { mnist: mnistBytes > 0, digits: true, files: hasFiles };
    return html`<section aria-labelledby="data">
      <h2 id="data">Data</h2>
      <fieldset>
        <legend>Images</legend>
        ${(['mnist', 'digits', 'files'] as const).map(
          (source) =>
            html`<div class="source">
              <input
                type="radio"
                name="source"
                id="source-${source}"
                .checked=${live(state.source === source)}
                ?disabled=${!offered[source]}
                @change=${() => this.lab.change({ source, sample: 0 })}
              />
              <label for="source-${source}" class=${offered[source] ? '' : 'muted'}
                >${sources[source]}${source === 'mnist' && offered.mnist ? html` <small class="muted">${bytes(mnistBytes)}</small>` : nothing}</label
              >
            </div>`,
        )}
      </fieldset>
      <fieldset>
        <legend>Share of the training set</legend>
        <div class="shares" role="group" aria-label="Share of the training set">
          ${shares.map(
            (share) =>
              html`<button
                aria-pressed=${state.share === share ? 'true' : 'false'}
                @click=${() => this.lab.change({ share })}
                data-testid="share-${share}"
              >
                ${share} %
              </button>`,
          )}
        </div>
      </fieldset>
      <lab-drop-zone
        .take=${(files: File[]) => void this.lab.openFiles(files)}
        .fail=${(message: string) => this.lab.fail(message)}
        >Drop IDX files, or <u>choose</u> them</lab-drop-zone
      >
      <p class="small muted">
        ${mnistBytes > 0 ? nothing : html`For example the four files of MNIST. `}Images are required; labels and test
        images are optional. The files may be gzipped. They do not leave this machine.
      </p>
      ${this.summary()} ${this.credit()}
      <p class="small muted">
        Try
        <a href=${this.lab.linkTo({ share: state.share === 100 ? 1 : 100 })}
          >${state.share === 100 ? '1 %' : 'all'} of the images</a
        >, to compare the methods with ${state.share === 100 ? 'little' : 'much'} data.
      </p>
    </section>`;
  }

  private credit(): TemplateResult | typeof nothing {
    if (this.lab.state.source !== 'mnist') return nothing;
    return html`<p class="small muted" data-testid="credit">
      MNIST is by Y. LeCun, C. Cortes and C. Burges,
      <a href="./mnist/CREDIT.txt">CC BY-SA 3.0</a>.
    </p>`;
  }

  private summary(): TemplateResult | typeof nothing {
    const { session, state } = this.lab;
    if (!session) return nothing;
    const { trainRows, testRows, width, height, dataName } = session.info;
    return html`<p class="small number" data-testid="data-summary">
      ${count(trainRows)} training and ${count(testRows)} test images of ${width} × ${height},
      ${dataName}${state.source === 'files' ? html`. A link cannot carry files.` : '.'}
    </p>`;
  }
}
