// The numbers of both runs side by side.

import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { panelStyles } from '../../kit/panel';
import { reportTable, tableStyles, type ReportRow } from '../../lab/report-table';
import { count, duration, measured, percent } from '../../kit/format';
import { runNames, shared } from '../../kit/styles';
import { methods } from '../../lab/worker/protocol';
import { LabElement } from './element';

const rows: readonly ReportRow[] = [
  { name: 'test MSE', meaning: 'unseen images', show: (report) => measured(report?.testMse) },
  { name: 'train MSE', meaning: 'training images', show: (report) => measured(report?.trainMse) },
  { name: 'fvu', meaning: 'variance unexplained', show: (report) => measured(report?.testFvu) },
  { name: 'l0', meaning: 'active latents an image', show: (report) => measured(report?.testL0) },
  { name: 'dead share', meaning: 'latents that never fire', show: (report) => percent(report?.deadShare) },
  { name: 'epoch time', meaning: 'evaluation included', show: (report) => duration(report?.seconds) },
];

@customElement('lab-results')
export class LabResults extends LabElement {
  static override styles = [shared, panelStyles, tableStyles];

  override render(): TemplateResult {
    const { info, failures } = this.lab;
    return html`<section aria-labelledby="results">
      <h2 id="results">After epoch <span class="number">${this.lab.epoch}</span></h2>
      ${reportTable(rows, methods, (method) => this.lab.latest(method))}
      ${methods.map((method) =>
        failures[method] === undefined
          ? ''
          : html`<p class="small">${runNames[method]} stopped: ${failures[method]}</p>`,
      )}
      ${
        info
          ? html`<p class="small muted">
              ${info.width * info.height} → ${count(info.options.sgd.dSae)} → ${info.width * info.height}, on
              ${info.backend}, in a worker of this page. ${this.lab.state.compute === 'cpu' ? '' : info.backendReason}
            </p>`
          : ''
      }
    </section>`;
  }
}
