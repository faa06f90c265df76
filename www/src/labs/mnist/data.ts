// Where the images come from, and how many of them are trained on.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { DropController, dropStyles } from '../../lab/drop';
import { panelStyles } from '../../kit/panel';
import { count } from '../../kit/format';
import { shared } from '../../kit/styles';
import { LabElement } from './element';
import { properties } from './state';

const sources = { digits: 'Generated digits', mnist: 'MNIST', files: 'Your files' } as const;
const shares = [1, 5, 10, 25, 50, 100] as const;

@customElement('lab-data')
export class LabData extends LabElement {
  static override styles = [
    shared,
    panelStyles,
    dropStyles,
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
    `,
  ];

  private readonly drop = new DropController(this, (data) => void this.lab.openFiles([...data.files]));

  override render(): TemplateResult {
    const { state, info, mnistBeside } = this.lab;
    const offered = { digits: true, mnist: mnistBeside, files: this.lab.hasFiles };
    return html`<section aria-labelledby="data">
      <h2 id="data">Data</h2>
      <fieldset>
        <legend>Images</legend>
        ${(['digits', 'mnist', 'files'] as const).map(
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
              <label for="source-${source}" class=${offered[source] ? '' : 'muted'}>${sources[source]}</label>
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
      <label class="drop ${this.drop.over ? 'over' : ''}">
        <input
          class="hidden"
          type="file"
          multiple
          data-testid="files"
          aria-describedby="files-hint"
          @change=${(event: Event) => this.chosen(event.target as HTMLInputElement)}
        />
        Drop IDX files, or <u>choose</u> them
      </label>
      <p class="small muted" id="files-hint">
        ${mnistBeside ? nothing : html`MNIST’s four files, for example. `}Images are needed; labels and test images are
        optional; gzipped or not. They do not leave this machine.
      </p>
      ${
        info
          ? html`<p class="small number" data-testid="data-summary">
              ${count(info.trainRows)} training and ${count(info.testRows)} test images of ${info.width} ×
              ${info.height}, ${info.dataName}${state.source === 'files' ? html`. A link cannot carry files.` : '.'}
            </p>`
          : nothing
      }
      <p class="small muted">
        Try
        <a href=${this.lab.linkTo({ share: properties.share.initial === state.share ? 1 : 100 })}
          >${state.share === 100 ? '1 %' : 'all'} of the images</a
        >: with few of them the closed-form decoder makes the larger difference.
      </p>
    </section>`;
  }

  private chosen(input: HTMLInputElement): void {
    void this.lab.openFiles([...(input.files ?? [])]);
    // The same file may be chosen again once it is mended.
    input.value = '';
  }
}
