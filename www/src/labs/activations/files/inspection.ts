// A file that waits for the user's word: what it holds, what its values are like, how they will be kept.

import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import '../../../kit/hint';
import { panelStyles, statisticsStyles } from '../../../kit/panel';
import { bytes as size, count, duration, measured, memory } from '../../../kit/format';
import { shared } from '../../../kit/styles';
import type { Inspection, Keep } from '../protocol';
import { ActivationsElement } from '../element';
import { fitsInMemory, reservoirs } from './controller';

const keeps: readonly Keep[] = ['u8', 'f16', 'f32'];
/** A tensor's name, told from others in a list, has at most so many letters. */
const LONGEST_NAME = 60;

@customElement('acts-inspection')
export class ActsInspection extends ActivationsElement {
  static override styles = [
    shared,
    panelStyles,
    statisticsStyles,
    css`
      :host {
        /* Below the bar that keeps in view. */
        scroll-margin-top: 84px;
      }
      .preview {
        overflow-x: auto;
        margin-top: 12px;
      }
      table {
        border-collapse: collapse;
        font-size: 0.8rem;
        font-variant-numeric: tabular-nums;
      }
      td {
        padding: 3px 10px 3px 0;
        text-align: right;
        white-space: nowrap;
      }
      .choices {
        display: flex;
        flex-wrap: wrap;
        gap: 10px 16px;
        align-items: center;
        margin-top: 14px;
      }
      .choices .source {
        min-height: 0;
      }
      .use {
        background: var(--accent);
        border-color: var(--accent);
        color: var(--on-accent);
        font-weight: 600;
      }
      .use:hover:not(:disabled) {
        color: var(--on-accent);
      }
      progress {
        flex: 1 1 160px;
      }
    `,
  ];

  protected override readonly topics = ['change', 'progress'] as const;

  @query('.use') private readonly use!: HTMLElement | null;
  /** The file that was last brought into view. */
  private shown: unknown;

  override render(): TemplateResult | typeof nothing {
    const { opened, inspection, loading } = this.lab.files;
    if (!opened) return nothing;
    const left = loading?.progress.left;
    const many = opened.tensors.length > 1;
    return html`<section aria-labelledby="file" data-testid="inspection">
      <div class="head">
        <h2 id="file">${opened.name}, ${size(opened.bytes)}</h2>
        ${
          many
            ? html`<label
                >Array
                <select
                  data-testid="tensor"
                  @change=${(event: Event) => void this.lab.files.choose((event.target as HTMLSelectElement).value)}
                >
                  ${opened.tensors.map(
                    ({ name, dtype, shape }) =>
                      html`<option value=${name} .selected=${name === inspection?.tensor.name}>
                        ${name.slice(0, LONGEST_NAME)} · ${dtype} [${shape.join(', ')}]
                      </option>`,
                  )}
                </select></label
              >`
            : nothing
        }
      </div>
      ${inspection ? this.statistics(inspection) : html`<p class="muted">Looking at its values …</p>`}
      ${opened.tokens === undefined ? nothing : html`<p class="small">Tokens come from ${opened.tokens}.</p>`}
      <div class="choices">
        ${inspection ? this.choices(inspection) : nothing}
        ${
          loading
            ? html`<progress aria-label="Reading" max="1" .value=${loading.progress.share}></progress>
                <span class="small number">${left === undefined ? '' : `${duration(left)} left`}</span>
                <button @click=${() => this.lab.files.cancel()}>Cancel</button>`
            : html`<button
                  class="use"
                  data-testid="use"
                  ?disabled=${!inspection}
                  @click=${() => void this.lab.files.load()}
                >
                  Use these rows
                </button>
                <button @click=${() => this.lab.files.dismiss()}>Discard</button>`
        }
      </div>
    </section>`;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const { opened, inspection } = this.lab.files;
    if (opened === this.shown || (opened && !inspection)) return;
    this.shown = opened;
    if (!opened) return;
    this.scrollIntoView();
    this.use?.focus({ preventScroll: true });
  }

  private statistics({ tensor, ...of }: Inspection): TemplateResult {
    const part = of.inspected < tensor.rows * tensor.cols;
    const statistics: [string, string][] = [
      ['shape', `[${tensor.shape.join(', ')}]`],
      ['rows × values', `${count(tensor.rows)} × ${count(tensor.cols)}`],
      ['type', tensor.dtype],
      ['minimum', measured(of.min)],
      ['maximum', measured(of.max)],
      ['mean', measured(of.mean)],
      ['standard deviation', measured(of.std)],
      ['NaN', count(of.nans)],
      ['infinite', count(of.infinities)],
    ];
    return html`<dl data-testid="statistics">
        ${statistics.map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
      ${part ? html`<p class="small muted">Statistics of the first ${count(of.inspected)} values.</p>` : nothing}
      <div class="preview" tabindex="0" role="region" aria-label="The first values of the first rows">
        <table>
          <tbody>
            ${of.preview.map(
              (row) =>
                html`<tr>
                  ${row.map((value) => html`<td>${measured(value)}</td>`)}
                  <td>…</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
  }

  private choices(inspection: Inspection): TemplateResult {
    const { bytes } = inspection;
    const { keep, dropNonFinite, nonFinite, reservoir } = this.lab.files;
    return html`<label
        >Keep as
        <select
          data-testid="keep"
          @change=${(event: Event) => this.lab.files.set({ keep: (event.target as HTMLSelectElement).value as Keep })}
        >
          ${keeps.map((each) => {
            const kept = bytes[each];
            return kept === undefined
              ? nothing
              : html`<option value=${each} .selected=${each === keep}>${each}, ${size(kept)}</option>`;
          })}
        </select></label
      >
      <label
        >In memory
        <select
          data-testid="reservoir"
          @change=${(event: Event) => {
            const chosen = Number((event.target as HTMLSelectElement).value);
            this.lab.files.set({ reservoir: chosen === 0 ? undefined : chosen });
          }}
        >
          ${
            fitsInMemory(inspection, keep)
              ? html`<option value="0" .selected=${reservoir === undefined}>all rows</option>`
              : nothing
          }
          ${reservoirs.map(
            (each) => html`<option value=${each} .selected=${each === reservoir}>${memory(each)} at a time</option>`,
          )}
        </select></label
      >
      <hint-button about="In memory"
        >Rows that memory does not hold stay in their files: each epoch reads them in shuffled chunks, PAM-SGD twice.
        They are read once before, for their means and deviations. About 16,000 rows at most are held out and stay in
        memory: they test, and features are shown on them.</hint-button
      >
      ${
        nonFinite
          ? html`<div class="source">
              <input
                type="checkbox"
                id="drop-rows"
                .checked=${live(dropNonFinite)}
                @change=${() => this.lab.files.set({ dropNonFinite: !dropNonFinite })}
              />
              <label for="drop-rows">Leave out rows with NaN or infinity</label>
            </div>`
          : nothing
      }`;
  }
}
