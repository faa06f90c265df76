// Where the rows come from, and how many of them are trained on.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { count, memory } from '../../../kit/format';
import '../../../kit/hint';
import { panelStyles } from '../../../kit/panel';
import { shared } from '../../../kit/styles';
import { pathOf } from '../../../lab/drop-zone';
import { ActivationsElement } from '../element';
import './snippets';

const sources = {
  sample: 'The bundled sample, of known features',
  minilm: 'A language model: MiniLM after layer 3 (3.5 MB)',
  file: 'Your file',
} as const;

@customElement('acts-data')
export class ActsData extends ActivationsElement {
  static override styles = [
    shared,
    panelStyles,
    css`
      .share {
        display: flex;
        align-items: center;
        gap: 8px;
        margin-top: 10px;
        font-size: 0.867rem;
      }
      .share input {
        margin-left: auto;
        width: 68px;
      }
      .share select,
      .share .fixed {
        margin-left: auto;
        text-align: right;
      }
      .reading {
        display: flex;
        align-items: center;
        gap: 10px;
        margin-top: 8px;
      }
    `,
  ];

  protected override readonly topics = ['change', 'progress'] as const;

  override render(): TemplateResult {
    const { state, files } = this.lab;
    return html`<section aria-labelledby="data">
      <h2 id="data">Activations</h2>
      <fieldset>
        <legend>Rows</legend>
        ${(['sample', 'minilm', 'file'] as const).map(
          (source) =>
            html`<div class="source">
              <input
                type="radio"
                name="source"
                id="source-${source}"
                .checked=${live(state.source === source)}
                ?disabled=${source === 'file' && !files.hasRows}
                @change=${() => this.lab.change({ source, feature: undefined })}
              />
              <label for="source-${source}" class=${source === 'file' && !files.hasRows ? 'muted' : ''}
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
          <label for="standardise">Standardise</label>
          <hint-button about="Standardise"
            >Each dimension to mean 0 and variance 1, fitted on the training rows.</hint-button
          >
        </div>
      </fieldset>
      <div class="share">
        <label for="share">Share of the training rows</label>
        <hint-button about="Share of the training rows"
          >90 % of the rows train, 10 % test. Rows that stay in their files are trained on as a whole.</hint-button
        >
        <input
          id="share"
          type="number"
          min="1"
          max="100"
          step="1"
          .value=${live(String(this.isStreamed ? 100 : state.share))}
          ?disabled=${this.isStreamed}
          @change=${(event: Event) => this.setShare(event.target as HTMLInputElement)}
        />
        <span>%</span>
      </div>
      ${this.testRows()}
      <lab-drop-zone
        folders
        .take=${(given: File[]) => void this.take(given)}
        .fail=${(message: string) => this.lab.fail(message)}
        >Drop a file or the folder of an SAE, or <u>choose</u> files</lab-drop-zone
      >
      ${this.reading()}
      <p class="small muted">
        .npy, .npz, .safetensors, .pt, .csv, IDX, Arrow and Parquet; tokens beside it as NAME.tokens.json, or in a
        column. Several .npy, .safetensors, Arrow or Parquet files, or their folder, are read as one.
        <b>Nothing leaves this machine</b>: the page asks its own server for parts of the program and for its samples,
        nothing else, and its security policy allows no request to other servers.
      </p>
      <acts-snippets></acts-snippets>
      ${this.summary()}
      ${
        state.source === 'sample'
          ? html`<p class="small muted">
              The sample is generated in the page: tokens of sentences, each the sum of known directions for its stem,
              its form and its sentence, plus noise. Below you see which of them the SAE recovers.
            </p>`
          : nothing
      }
      ${
        state.source === 'minilm'
          ? html`<p class="small muted">
              Hidden states of a 6-layer MiniLM after its third layer, one row for a token of drama, licences,
              quotations or documentation of software. Its true features are not known; below, each latent is shown by
              the tokens that activate it most.
            </p>`
          : nothing
      }
    </section>`;
  }

  /** How test rows are drawn, where there is a choice. */
  private testRows(): TemplateResult | typeof nothing {
    const { session, state } = this.lab;
    if (!session) return nothing;
    const { data, testBy } = session.info;
    const known = (data.sequences ?? 0) > 1;
    const isChoice = known && !this.isStreamed;
    const choices = { sequence: 'whole sequences', row: 'single rows' } as const;
    const drawn = testBy === 'block' ? 'blocks of neighbouring rows' : choices[testBy];
    return html`<div class="share">
      ${isChoice ? html`<label for="test-by">Test rows</label>` : html`<span>Test rows</span>`}
      <hint-button about="Test rows"
        >Neighbouring tokens of a text resemble each other. Where single rows are drawn, the SAE is tested on the
        neighbours of rows that it was trained on; whole sequences have nothing in common with them. Sequences are known
        of arrays [batch, sequence, width], of lists in tables, and of tokens that say theirs.</hint-button
      >
      ${
        isChoice
          ? html`<select
              id="test-by"
              @change=${(event: Event) => this.lab.enter('testBy', (event.target as HTMLSelectElement).value)}
            >
              ${Object.entries(choices).map(
                ([key, name]) => html`<option value=${key} .selected=${key === state.testBy}>${name}</option>`,
              )}
            </select>`
          : html`<span class="fixed" data-testid="test-by"
              >${drawn}${known ? nothing : ': sequences are not known'}</span
            >`
      }
    </div>`;
  }

  private async take(given: File[]): Promise<void> {
    if (await this.lab.keptRuns.take(given)) return;
    await this.lab.files.open(given.map((file) => ({ path: pathOf(file), file })));
  }

  /** A reading that the file's own panel does not show. */
  private reading(): TemplateResult | typeof nothing {
    const { loading, opened } = this.lab.files;
    if (!loading || opened) return nothing;
    return html`<div class="reading">
      <progress aria-label="Reading ${loading.name}" max="1" .value=${loading.progress.share}></progress>
      <button @click=${() => this.lab.files.cancel()}>Cancel</button>
    </div>`;
  }

  private summary(): TemplateResult | typeof nothing {
    const { session, state } = this.lab;
    if (!session) return nothing;
    const { data, trainRows, testRows, testBy } = session.info;
    const { reservoir, sequences } = data;
    const kept = reservoir === undefined ? 'kept' : `read from its files, ${memory(reservoir)} at a time,`;
    return html`<p class="small number" data-testid="data-summary">
      ${count(data.rows)} rows of ${count(data.cols)} values, ${data.name}, ${kept} as ${data.kept}: ${count(trainRows)}
      train and ${count(testRows)}
      test${testBy === 'sequence' ? `, split by sequence (${count(sequences ?? 0)} sequences)` : nothing}.${state.source === 'file' ? ' A link cannot carry a file.' : nothing}${
        reservoir === undefined
          ? nothing
          : ' Features are shown, and experiments run, on the test rows, which alone are in memory.'
      }
    </p>`;
  }

  /** Whether the rows stay in their files: then they are trained on as a whole. */
  private get isStreamed(): boolean {
    return this.lab.state.source === 'file' && this.lab.session?.info.data.reservoir !== undefined;
  }

  private setShare(input: HTMLInputElement): void {
    this.lab.enter('share', input.value);
    input.value = String(this.lab.state.share);
  }
}
