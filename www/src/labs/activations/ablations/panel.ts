// The ablations of the paper's LLM experiment, one click each, with a table and a CSV file.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { ExperimentRow } from 'splinterp';
import { tableStyles } from '../../../lab/report-table';
import { download } from '../../../kit/download';
import { duration, measured, percent } from '../../../kit/format';
import { runNames, shared } from '../../../kit/styles';
import type { Ablation } from '../protocol';
import { methods, type Method } from '../../../lab/worker/protocol';
import { ActivationsElement } from '../element';

const names: Record<Ablation, string> = {
  updates: 'Updates per batch',
  share: 'Share of the rows',
  activation: 'TopK against ReLU',
  decay: 'Weight decay',
  proximal: 'μ = ν',
  k: 'k',
};

@customElement('acts-ablations')
export class ActsAblations extends ActivationsElement {
  static override styles = [
    shared,
    tableStyles,
    css`
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
      }
      .running {
        display: flex;
        gap: 14px;
        align-items: center;
        margin-top: 12px;
      }
      .running span {
        white-space: nowrap;
      }
      .scroll {
        overflow-x: auto;
      }
      .best {
        font-weight: 700;
      }
      th[scope='row'] {
        white-space: nowrap;
      }
      h3 {
        margin-top: 18px;
      }
      .block {
        display: flex;
        gap: 12px;
        justify-content: space-between;
        align-items: baseline;
      }
    `,
  ];

  protected override readonly topics = ['change', 'progress'] as const;

  override render(): TemplateResult {
    const { ablations, state, phase } = this.lab;
    const { running, tables } = ablations;
    const { left } = ablations.progress;
    const done = (Object.keys(names) as Ablation[]).filter((each) => (tables[each]?.rows.length ?? 0) > 0);
    return html`<figure>
      <div class="head"><h2>The paper’s ablations</h2></div>
      <div class="buttons">
        ${(Object.keys(names) as Ablation[]).map(
          (each) =>
            html`<button
              data-testid="ablate-${each}"
              ?disabled=${running !== undefined || phase === 'starting'}
              @click=${() => void ablations.run(each)}
            >
              ${names[each]}
            </button>`,
        )}
      </div>
      ${
        running
          ? html`<div class="running">
              <progress aria-label="Progress of the ablation" max="1" .value=${ablations.progress.share}></progress>
              <span class="small number"
                >${Math.round(ablations.progress.share * 100)}
                %${left === undefined ? '' : `, ${duration(left)} left`}</span
              >
              <button @click=${() => ablations.cancel()}>Cancel</button>
            </div>`
          : nothing
      }
      <div class="scroll" ?hidden=${done.length === 0}>${this.summary(done)}</div>
      ${done.map((each) => this.table(each))}
      <figcaption>
        <strong>Each trains SGD and PAM-SGD at several settings</strong>, all else as above, for ${state.epochs} epochs;
        the numbers k keep the paper’s proportions. A list that runs rests the training above; it can be cancelled, and
        what was finished stays.
      </figcaption>
    </figure>`;
  }

  /** The best setting of each method in each ablation, and how long the method took. */
  private summary(done: readonly Ablation[]): TemplateResult {
    return html`<table data-testid="ablation-summary">
      <thead>
        <tr>
          <th scope="col">The best of each</th>
          ${methods.map(
            (method) =>
              html`<th scope="col" class="chip ${method}">${runNames[method]}, test MSE</th>
                <th scope="col">at</th>
                <th scope="col">time</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${done.map((ablation) => {
          const rows = this.lab.ablations.tables[ablation]?.rows ?? [];
          return html`<tr>
            <th scope="row">${names[ablation]}</th>
            ${methods.map((method) => {
              const own = rows.filter((row) => row.method === method);
              const best = bestOf(own);
              return html`<td>${measured(best?.report?.testMse)}</td>
                <td>${best?.label ?? '–'}</td>
                <td>${duration(own.reduce((sum, { seconds }) => sum + seconds, 0))}</td>`;
            })}
          </tr>`;
        })}
      </tbody>
    </table>`;
  }

  private table(ablation: Ablation): TemplateResult {
    const { rows = [], csv } = this.lab.ablations.tables[ablation] ?? {};
    const labels = [...new Set(rows.map(({ label }) => label))];
    const best = Object.fromEntries(
      methods.map((method) => [method, bestOf(rows.filter((row) => row.method === method))]),
    );
    return html`<div class="block">
        <h3>${names[ablation]}</h3>
        ${
          csv === undefined
            ? nothing
            : html`<button
                data-testid="csv-${ablation}"
                @click=${() => download(`${ablation}.csv`, new Blob([csv], { type: 'text/csv' }))}
              >
                CSV
              </button>`
        }
      </div>
      <div class="scroll" tabindex="0" role="region" aria-label="Results of ${names[ablation]}">
        <table data-testid="ablation-${ablation}">
          <thead>
            <tr>
              <th scope="col">Setting</th>
              ${methods.map(
                (method) =>
                  html`<th scope="col" class="chip ${method}">${runNames[method]}, test MSE</th>
                    <th scope="col">fvu</th>
                    <th scope="col">l0</th>
                    <th scope="col">dead</th>
                    <th scope="col">time</th>`,
              )}
            </tr>
          </thead>
          <tbody>
            ${labels.map(
              (label) =>
                html`<tr>
                  <th scope="row">${label}</th>
                  ${methods.map((method) => {
                    const row = rows.find((each) => each.label === label && each.method === method);
                    return cells(row, row !== undefined && row === best[method], method);
                  })}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
  }
}

function cells(row: ExperimentRow | undefined, best: boolean, method: Method): TemplateResult {
  const report = row?.report;
  if (!row || !report) {
    return html`<td colspan="5" title=${row?.error ?? nothing}>
      ${row ? `${runNames[method]} stopped: ${row.error}` : '–'}
    </td>`;
  }
  return html`<td class=${best ? 'best' : ''}>${measured(report.testMse)}</td>
    <td>${measured(report.testFvu)}</td>
    <td>${measured(report.testL0)}</td>
    <td>${percent(report.deadShare)}</td>
    <td>${duration(row.seconds)}</td>`;
}

function bestOf(rows: readonly ExperimentRow[]): ExperimentRow | undefined {
  return rows
    .filter(({ report }) => report !== null)
    .sort((a, b) => (a.report?.testMse ?? Infinity) - (b.report?.testMse ?? Infinity))[0];
}
