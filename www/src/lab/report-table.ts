// The numbers of the runs side by side, at an epoch that all have done.

import { css, html, type TemplateResult } from 'lit';
import type { EpochReport } from 'splinterp/lab';
import { runNames } from '../kit/styles';
import type { Method } from './worker/protocol';

export interface ReportRow {
  name: string;
  meaning: string;
  show: (report: EpochReport | undefined) => string;
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

export function reportTable(
  rows: readonly ReportRow[],
  methods: readonly Method[],
  latest: (method: Method) => EpochReport | undefined,
): TemplateResult {
  return html`<table data-testid="results">
    <thead>
      <tr>
        <th scope="col"><span class="hidden">Measure</span></th>
        ${methods.map((method) => html`<th scope="col"><span class="chip ${method}">${runNames[method]}</span></th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ name, meaning, show }) =>
          html`<tr>
            <th scope="row">${name}<small>${meaning}</small></th>
            ${methods.map((method) => html`<td data-testid="${method} ${name}">${show(latest(method))}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
