// The self-test as a table: what was compared, by activation.

import { html, type TemplateResult } from 'lit';
import type { GpuReport } from 'splinterp';
import { power } from '../kit/format';

/** The checks are named “activation: what”. */
export function checkTable(checks: GpuReport['checks']): TemplateResult {
  const byWhat = new Map<string, Map<string, number>>();
  const activations = new Set<string>();
  for (const { name, error } of checks) {
    const [activation = name, what = ''] = name.split(': ');
    activations.add(activation);
    byWhat.set(what, (byWhat.get(what) ?? new Map<string, number>()).set(activation, error));
  }
  return html`<div class="wide" tabindex="0" role="region" aria-labelledby="checks">
    <table data-testid="checks">
      <thead>
        <tr>
          <th scope="col"><span class="hidden">What is compared</span></th>
          ${[...activations].map((activation) => html`<th scope="col">${activation}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${[...byWhat].map(
          ([what, errors]) =>
            html`<tr>
              <th scope="row">${what}</th>
              ${[...activations].map((activation) => html`<td>${power(errors.get(activation))}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
