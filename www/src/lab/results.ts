// The numbers of the runs side by side, at an epoch that all have done.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { EpochReport } from 'splinterp/lab';
import { count, duration, measured, percent } from '../kit/format';
import { panelStyles } from '../kit/panel';
import { shared } from '../kit/styles';
import { LabElement } from './element';
import { titleOf, type Run } from './session';

interface Row {
  /** Its name in tests. */
  key: string;
  name: string;
  meaning: string;
  show: (report: EpochReport) => string;
}

export const tableStyles = css`
  table {
    width: 100%;
    border-collapse: collapse;
    margin-top: 8px;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 7px 0 7px 10px;
    border-bottom: 1px solid var(--line);
    text-align: right;
    vertical-align: top;
    white-space: nowrap;
  }
  th:first-child {
    padding-left: 0;
    text-align: left;
    font-weight: 500;
    white-space: normal;
  }
  tbody tr:last-child > * {
    border-bottom: 0;
  }
  thead th {
    font-size: 0.8rem;
    font-weight: 600;
  }
  th small {
    display: block;
    font-weight: 400;
    line-height: 1.3;
    color: var(--muted);
  }
  p {
    margin: 10px 0 0;
  }
`;

function rowsOf(one: string): readonly Row[] {
  return [
    { key: 'test MSE', name: 'Test MSE', meaning: `unseen ${one}s`, show: ({ testMse }) => measured(testMse) },
    { key: 'train MSE', name: 'Train MSE', meaning: `training ${one}s`, show: ({ trainMse }) => measured(trainMse) },
    { key: 'fvu', name: 'FVU', meaning: 'variance unexplained', show: ({ testFvu }) => measured(testFvu) },
    { key: 'l0', name: 'L0', meaning: `active latents per ${one}`, show: ({ testL0 }) => measured(testL0) },
    { key: 'l1', name: 'L1', meaning: `Σ|z| per ${one}`, show: ({ testL1 }) => measured(testL1) },
    {
      key: 'dead share',
      name: 'Dead latents',
      meaning: 'in the last epoch',
      show: ({ deadShare }) => percent(deadShare),
    },
    { key: 'epoch time', name: 'Epoch time', meaning: 'with evaluation', show: ({ seconds }) => duration(seconds) },
  ];
}

@customElement('lab-results')
export class LabResults extends LabElement {
  static override styles = [shared, panelStyles, tableStyles];

  /** What a row of the data is called. */
  @property() one = 'row';

  override render(): TemplateResult {
    const { session, epoch } = this.lab;
    const runs = session?.runs ?? [];
    return html`<section aria-labelledby="results">
      <h2 id="results">After epoch <span class="number">${epoch}</span></h2>
      <table data-testid="results">
        <thead>
          <tr>
            <th scope="col"><span class="hidden">Metric</span></th>
            ${runs.map(({ name }) => html`<th scope="col"><span class="chip ${name}">${titleOf(name)}</span></th>`)}
          </tr>
        </thead>
        <tbody>
          ${rowsOf(this.one).map((row) => this.row(row))}
        </tbody>
      </table>
      ${runs.map(({ name, failure }) =>
        failure === undefined ? nothing : html`<p class="small">${titleOf(name)} stopped: ${failure}</p>`,
      )}
      ${this.computed(runs)}
    </section>`;
  }

  private row({ key, name, meaning, show }: Row): TemplateResult {
    return html`<tr>
      <th scope="row">${name}<small>${meaning}</small></th>
      ${this.lab.session?.latest.map(
        ({ run, report }) => html`<td data-testid="${run.name} ${key}">${report ? show(report) : '–'}</td>`,
      )}
    </tr>`;
  }

  private computed(runs: readonly Run[]): TemplateResult | typeof nothing {
    const info = this.lab.session?.info;
    const [run] = runs;
    if (!info || !run) return nothing;
    return html`<p class="small muted" data-testid="computed">
      ${count(info.cols)} → ${count(run.options.dSae)} → ${count(info.cols)}, on ${info.backend}, in a worker of this
      page. ${info.backendReason}
    </p>`;
  }
}
