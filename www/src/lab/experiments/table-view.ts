// An experiment as a table: a row a setting, and for each run its test MSE, L0, dead latents and time.

import { css, html, type TemplateResult } from 'lit';
import type { Spread } from 'splinterp/lab';
import { duration, measured, percent } from '../../kit/format';
import { titleOf } from '../../kit/runs';
import type { RunName } from '../protocol';
import { tableStyles } from '../results';
import type { ExperimentTable } from './protocol';
import { cellAt } from './table';

export const experimentTableStyles = [
  tableStyles,
  css`
    .scroll {
      overflow-x: auto;
    }
    th[scope='row'] {
      white-space: nowrap;
    }
    .lowest {
      font-weight: 700;
    }
  `,
];

export function tableOf(table: ExperimentTable, name: string): TemplateResult {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Results: ${name}">
    <table data-testid="experiment-table">
      <thead>
        <tr>
          <th scope="col">${name}</th>
          ${table.runs.map(
            (run) =>
              html`<th scope="col"><span class="chip ${run}">${titleOf(run)}</span><small>test MSE</small></th>
                <th scope="col"><small>L0</small></th>
                <th scope="col"><small>dead</small></th>
                <th scope="col"><small>time</small></th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${table.settings.map(
          ({ label }, setting) =>
            html`<tr>
              <th scope="row">${label}</th>
              ${table.runs.map((run) => cells(table, setting, run))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function cells(table: ExperimentTable, setting: number, run: RunName): TemplateResult {
  const summary = cellAt(table, setting, run)?.summary;
  if (!summary)
    return html`<td>–</td>
      <td>–</td>
      <td>–</td>
      <td>–</td>`;
  if (summary.runs === 0) {
    const failed = table.outcomes.find((each) => each.setting === setting && each.run === run);
    return html`<td colspan="4">stopped: ${failed?.row.error}</td>`;
  }
  const others = table.runs.map((each) => cellAt(table, setting, each)?.summary.testMse.mean ?? Infinity);
  const lowest = summary.testMse.mean === Math.min(...others) && table.runs.length > 1;
  return html`<td class=${lowest ? 'lowest' : ''}>${spread(summary.testMse, measured)}</td>
    <td>${spread(summary.testL0, measured)}</td>
    <td>${spread(summary.deadShare, percent)}</td>
    <td>${duration(summary.seconds.mean ?? undefined)}</td>`;
}

/** 0.154 ± 0.001, or the mean alone where there is one run. */
function spread({ mean, deviation }: Spread, show: (value: number | undefined) => string): string {
  const centre = show(mean ?? undefined);
  return deviation === null ? centre : `${centre} ± ${show(Number(deviation.toPrecision(2)))}`;
}
