// The numbers of the runs side by side, at an epoch that all have done.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { EpochReport } from 'splinterp/lab';
import { count, duration, measured, percent } from '../kit/format';
import { panelStyles } from '../kit/panel';
import { shared } from '../kit/styles';
import { LabElement } from './element';
import { titleOf } from '../kit/runs';
import type { Run } from './session';

/** A run with its report at the epoch that is shown. */
interface Latest {
  run: Run;
  report: EpochReport | undefined;
}

interface Metric {
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

function rowsOf(one: string): readonly Metric[] {
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
  static override styles = [
    shared,
    panelStyles,
    tableStyles,
    css`
      .scroll {
        overflow-x: auto;
      }
    `,
  ];

  /** What a row of the data is called. */
  @property() one = 'row';
  /** Whether runs stand below each other. */
  @property({ type: Boolean }) wide = false;

  override render(): TemplateResult {
    const { session, epoch } = this.lab;
    const runs = session?.runs ?? [];
    return html`<section aria-labelledby="results">
      <h2 id="results">After epoch <span class="number">${epoch}</span></h2>
      ${this.wide ? this.runsDown(rowsOf(this.one)) : this.runsAcross(rowsOf(this.one))}
      ${runs.map(({ name, failure }) =>
        failure === undefined ? nothing : html`<p class="small">${titleOf(name)} stopped: ${failure}</p>`,
      )}
      ${this.computed(runs)}
    </section>`;
  }

  /** A column a run, for a few of them. */
  private runsAcross(metrics: readonly Metric[]): TemplateResult {
    const latest = this.lab.session?.latest ?? [];
    return html`<table data-testid="results">
      <thead>
        <tr>
          <th scope="col"><span class="hidden">Metric</span></th>
          ${latest.map(({ run }) => html`<th scope="col">${chip(run)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${metrics.map(
          (metric) =>
            html`<tr>
              <th scope="row">${heading(metric)}</th>
              ${latest.map((each) => cell(metric, each))}
            </tr>`,
        )}
      </tbody>
    </table>`;
  }

  /** A row a run, for any number of them. */
  private runsDown(metrics: readonly Metric[]): TemplateResult {
    return html`<div class="scroll" tabindex="0" role="region" aria-label="Results of the runs">
      <table data-testid="results">
        <thead>
          <tr>
            <th scope="col">Run</th>
            ${metrics.map((metric) => html`<th scope="col">${heading(metric)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${this.lab.session?.latest.map(
            (each) =>
              html`<tr>
                <th scope="row">${chip(each.run)}</th>
                ${metrics.map((metric) => cell(metric, each))}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
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

function chip({ name }: Run): TemplateResult {
  return html`<span class="chip ${name}">${titleOf(name)}</span>`;
}

function heading({ name, meaning }: Metric): TemplateResult {
  return html`${name}<small>${meaning}</small>`;
}

function cell({ key, show }: Metric, { run, report }: Latest): TemplateResult {
  return html`<td data-testid="${run.name} ${key}">${report ? show(report) : '–'}</td>`;
}
