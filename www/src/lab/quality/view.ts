// The measures of models side by side, taken when they are asked for: a pass over all test rows takes its time.

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Quality } from 'splinterp';
import { download } from '../../kit/download';
import { count } from '../../kit/format';
import '../../kit/hint';
import { panelStyles } from '../../kit/panel';
import { shared } from '../../kit/styles';
import { tableStyles } from '../results';
import { codeFigures, qualityCsv, reconstructionFigures, unitsOf, type MeasuredModel } from './figures';

/** A model that can be measured. */
export type Measurable = Omit<MeasuredModel, 'quality'>;

@customElement('quality-view')
export class QualityView extends LitElement {
  static override styles = [
    shared,
    panelStyles,
    tableStyles,
    css`
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: start;
        gap: 8px 14px;
      }
      .scroll {
        overflow-x: auto;
      }
      tbody tr:last-child > * {
        border-bottom: 1px solid var(--line);
      }
      table + table {
        margin-top: 20px;
      }
      .text {
        text-align: left;
      }
      th:first-child {
        white-space: nowrap;
      }
    `,
  ];

  /** What a row of the data is called. */
  @property() one = 'row';
  /** Text that names the rows: what was measured on others is dropped. */
  @property() rows = '';
  @property({ attribute: false }) models: readonly Measurable[] = [];
  @property({ attribute: false }) measure!: (name: string) => Promise<Quality | undefined>;
  @state() private found: { rows: string; models: readonly MeasuredModel[] } | undefined;
  @state() private busy = false;

  private get shown(): readonly MeasuredModel[] {
    return this.found?.rows === this.rows ? this.found.models : [];
  }

  /** Measures all models, one after the other; one that fails is left out, and its failure told by the lab. */
  private async run(): Promise<void> {
    const { rows, models } = this;
    this.busy = true;
    const measured: MeasuredModel[] = [];
    try {
      for (const model of models) {
        const quality = await this.measure(model.name);
        if (quality) measured.push({ ...model, quality });
      }
      this.found = { rows, models: measured };
    } finally {
      this.busy = false;
    }
  }

  override render(): TemplateResult {
    const { shown, models, busy } = this;
    return html`<section aria-labelledby="quality">
      <div class="head">
        <h2 id="quality">Measures on unseen ${this.one}s</h2>
        <hint-button about="the measures"
          >The core measures of SAEBench by their formulas, and the statistics of a training report, over all test
          ${this.one}s, for each model in the units that it reads and in those of the data as stored.</hint-button
        >
        <button
          ?disabled=${busy || models.length === 0}
          @click=${() => void this.run()}
          data-testid="measure"
          aria-describedby="measure-state"
        >
          ${shown.length > 0 ? 'Measure again' : 'Measure'}
        </button>
        ${
          shown.length === 0
            ? nothing
            : html`<button
                @click=${() => download('measures.csv', new Blob([qualityCsv(shown)], { type: 'text/csv' }))}
                data-testid="measures-csv"
              >
                Save CSV
              </button>`
        }
        <span id="measure-state" class="small muted" role="status">${busy ? 'Measuring' : this.remark()}</span>
      </div>
      ${shown.length === 0 ? nothing : this.tables(shown)}
    </section>`;
  }

  /** Whether the models have gone on since. */
  private remark(): string {
    const now = new Map(this.models.map(({ name, epoch }) => [name, epoch]));
    const behind = this.shown.some(({ name, epoch }) => now.get(name) !== epoch);
    return behind ? 'The models have been trained further since.' : '';
  }

  private tables(models: readonly MeasuredModel[]): TemplateResult {
    return html`<div class="scroll" tabindex="0" role="region" aria-label="Measures on unseen ${this.one}s">
      <table data-testid="measures">
        <thead>
          <tr>
            <th scope="col">Reconstruction</th>
            <th scope="col" class="text">Units</th>
            ${reconstructionFigures.map(heading)}
          </tr>
        </thead>
        <tbody>
          ${models.flatMap((model) =>
            unitsOf(model).map(
              (units, i, all) =>
                html`<tr>
                  ${i === 0 ? html`<th scope="row" rowspan=${all.length}>${this.name(model)}</th>` : nothing}
                  <td class="text">${units.name}</td>
                  ${reconstructionFigures.map(
                    ({ key, show }) =>
                      html`<td data-testid="${model.name} measure ${units.key} ${key}">
                        ${show(model.quality[units.key])}
                      </td>`,
                  )}
                </tr>`,
            ),
          )}
        </tbody>
      </table>
      <table>
        <thead>
          <tr>
            <th scope="col">Latents</th>
            ${codeFigures.map(heading)}
          </tr>
        </thead>
        <tbody>
          ${models.map(
            (model) =>
              html`<tr>
                <th scope="row">${this.name(model)}</th>
                ${codeFigures.map(
                  ({ key, show }) => html`<td data-testid="${model.name} measure ${key}">${show(model.quality)}</td>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  private name({ name, title, epoch, quality }: MeasuredModel): TemplateResult {
    return html`<span class="chip ${name}">${title}</span
      ><small>${epoch === undefined ? '' : `epoch ${count(epoch)}, `}${count(quality.rows)} ${this.one}s</small>`;
  }
}

function heading({ name, meaning }: { name: string; meaning: string }): TemplateResult {
  return html`<th scope="col">${name}<small>${meaning}</small></th>`;
}
