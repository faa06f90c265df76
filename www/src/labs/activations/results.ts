// The numbers of the runs side by side.

import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { panelStyles } from '../../kit/panel';
import { reportTable, tableStyles, type ReportRow } from '../../lab/report-table';
import { count, duration, measured, percent } from '../../kit/format';
import { runNames, shared } from '../../kit/styles';
import { ActivationsElement } from './element';

const rows: readonly ReportRow[] = [
  { name: 'test MSE', meaning: 'unseen rows', show: (report) => measured(report?.testMse) },
  { name: 'train MSE', meaning: 'training rows', show: (report) => measured(report?.trainMse) },
  { name: 'fvu', meaning: 'variance unexplained', show: (report) => measured(report?.testFvu) },
  { name: 'l0', meaning: 'active latents a row', show: (report) => measured(report?.testL0) },
  { name: 'l1', meaning: 'sum of |z| of a row', show: (report) => measured(report?.testL1) },
  { name: 'dead share', meaning: 'latents that never fire', show: (report) => percent(report?.deadShare) },
  { name: 'epoch time', meaning: 'evaluation included', show: (report) => duration(report?.seconds) },
];

@customElement('acts-results')
export class ActsResults extends ActivationsElement {
  static override styles = [shared, panelStyles, tableStyles];

  override render(): TemplateResult {
    const { info, failures, methods } = this.lab;
    const options = info?.options.pam ?? info?.options.sgd;
    return html`<section aria-labelledby="results">
      <h2 id="results">After epoch <span class="number">${this.lab.epoch}</span></h2>
      ${reportTable(rows, methods, (method) => this.lab.latest(method))}
      ${methods.map((method) =>
        failures[method] === undefined
          ? nothing
          : html`<p class="small">${runNames[method]} stopped: ${failures[method]}</p>`,
      )}
      ${
        info && options
          ? html`<p class="small muted">
              ${count(info.data.cols)} → ${count(options.dSae)} → ${count(info.data.cols)}, on ${info.backend}, in a
              worker of this page. ${info.backendReason}
            </p>`
          : nothing
      }
    </section>`;
  }
}
