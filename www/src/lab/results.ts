// The numbers of both runs side by side.

import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { EpochReport } from 'splinterp/lab';
import { count, duration, measured, percent } from '../shell/format';
import { runNames, shared } from '../style/shared';
import { methods } from '../worker/protocol';
import { LabElement } from './element';

interface Row {
  name: string;
  meaning: string;
  show: (report: EpochReport | undefined) => string;
}

const rows: readonly Row[] = [
  { name: 'test MSE', meaning: 'unseen images', show: (report) => measured(report?.testMse) },
  { name: 'train MSE', meaning: 'training images', show: (report) => measured(report?.trainMse) },
  { name: 'fvu', meaning: 'variance unexplained', show: (report) => measured(report?.testFvu) },
  { name: 'l0', meaning: 'active latents an image', show: (report) => measured(report?.testL0) },
  { name: 'dead share', meaning: 'latents that never fire', show: (report) => percent(report?.deadShare) },
  { name: 'epoch time', meaning: 'evaluation included', show: (report) => duration(report?.seconds) },
];

@customElement('lab-results')
export class LabResults extends LabElement {
  static override styles = [
    shared,
    css`
      section {
        background: var(--panel);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        padding: 16px 18px;
        height: 100%;
      }
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
    `,
  ];

  override render(): TemplateResult {
    const { info, failures } = this.lab;
    return html`<section aria-labelledby="results">
      <h2 id="results">After epoch <span class="number">${this.lab.epoch}</span></h2>
      <table data-testid="results">
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
                ${methods.map((method) => html`<td data-testid="${method} ${name}">${show(this.lab.latest(method))}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
      ${methods.map((method) =>
        failures[method] === undefined
          ? ''
          : html`<p class="small">${runNames[method]} stopped: ${failures[method]}</p>`,
      )}
      ${
        info
          ? html`<p class="small muted">
              ${info.width * info.height} → ${count(info.options.sgd.dSae)} → ${info.width * info.height}, on the
              ${info.backend.toUpperCase()}, in a worker of this page.
            </p>`
          : ''
      }
    </section>`;
  }
}
