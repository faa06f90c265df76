// Where the rows come from, and how many of them are trained on.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { DropController, dropStyles } from '../../../lab/drop';
import { panelStyles } from '../../../kit/panel';
import { count } from '../../../kit/format';
import { shared } from '../../../kit/styles';
import { ActivationsElement } from '../element';
import { filesOf } from './controller';

const sources = { sample: 'The bundled sample', file: 'Your file' } as const;

@customElement('acts-data')
export class ActsData extends ActivationsElement {
  static override styles = [
    shared,
    panelStyles,
    dropStyles,
    css`
      .share {
        display: flex;
        align-items: center;
        gap: 8px;
        margin-top: 10px;
        font-size: 0.867rem;
      }
      .share label {
        flex: 1;
      }
      .share input {
        width: 68px;
      }
    `,
  ];

  protected override readonly topics = ['change', 'progress'] as const;

  private readonly drop = new DropController(this, (data) => {
    filesOf(data).then(
      (files) => this.lab.files.open(files),
      (error: unknown) => this.lab.fail(`What was dropped cannot be read: ${String(error)}`),
    );
  });

  override render(): TemplateResult {
    const { state, info, files } = this.lab;
    const { loading } = files;
    return html`<section aria-labelledby="data">
      <h2 id="data">Activations</h2>
      <fieldset>
        <legend>Rows</legend>
        ${(['sample', 'file'] as const).map(
          (source) =>
            html`<div class="source">
              <input
                type="radio"
                name="source"
                id="source-${source}"
                .checked=${live(state.source === source)}
                ?disabled=${source === 'file' && !files.hasFile}
                @change=${() => this.lab.change({ source, feature: undefined })}
              />
              <label for="source-${source}" class=${source === 'file' && !files.hasFile ? 'muted' : ''}
                >${sources[source]}</label
              >
            </div>`,
        )}
        <div class="source">
          <input
            type="checkbox"
            id="standardise"
            .checked=${live(state.standardise)}
            @change=${() => this.lab.change({ standardise: !state.standardise })}
          />
          <label for="standardise" title="Each dimension to mean 0 and variance 1, fitted on the training rows"
            >Standardise</label
          >
        </div>
      </fieldset>
      <div class="share">
        <label for="share" title="Nine rows in ten can be trained on, the others test"
          >Share of the training rows</label
        >
        <input
          id="share"
          type="number"
          min="1"
          max="100"
          step="1"
          .value=${live(String(state.share))}
          @change=${(event: Event) => this.setShare(event.target as HTMLInputElement)}
        />
        <span>%</span>
      </div>
      <label class="drop ${this.drop.over ? 'over' : ''}">
        <input
          class="hidden"
          type="file"
          multiple
          data-testid="files"
          aria-describedby="files-hint"
          @change=${(event: Event) => this.chosen(event.target as HTMLInputElement)}
        />
        ${loading ? html`Reading ${loading.name} …` : html`Drop a file or an SAE’s folder, or <u>choose</u> files`}
      </label>
      <p class="small muted" id="files-hint">
        .npy, .npz, .safetensors, .pt, .csv, IDX; words beside it as NAME.tokens.json.
        <b>Nothing leaves this machine</b>: once loaded, the page asks no server for anything, and its security policy
        forbids it to ask any but its own.
      </p>
      ${
        info
          ? html`<p class="small number" data-testid="data-summary">
              ${count(info.data.rows)} rows of ${count(info.data.cols)} values, ${info.data.name}, kept as
              ${info.data.kept}: ${count(info.trainRows)} train and ${count(info.testRows)}
              test.${state.source === 'file' ? ' A link cannot carry a file.' : nothing}
            </p>`
          : nothing
      }
      ${
        state.source === 'sample'
          ? html`<p class="small muted">
              The sample is made in the page: words of sentences, each the sum of known directions for its stem, its
              form and its sentence, and some noise. See below which of them the SAE finds again.
            </p>`
          : nothing
      }
    </section>`;
  }

  private setShare(input: HTMLInputElement): void {
    this.lab.enter('share', input.value);
    input.value = String(this.lab.state.share);
  }

  private chosen(input: HTMLInputElement): void {
    void this.lab.files.open([...(input.files ?? [])]);
    // The same file may be chosen again once it is mended.
    input.value = '';
  }
}
