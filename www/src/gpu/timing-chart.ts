// Bars of a benchmark: each workload has a scale of its own, since they differ by a factor of a thousand.

import { css, html, LitElement, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Timing } from 'splinterp';
import { shared } from '../kit/styles';
import { milliseconds } from '../kit/format';
import { places, workloads } from './workloads';

@customElement('timing-chart')
export class TimingChart extends LitElement {
  static override styles = [
    shared,
    css`
      table {
        width: 100%;
        border-collapse: collapse;
      }
      caption {
        text-align: left;
        color: var(--muted);
        font-size: 0.867rem;
        padding-bottom: 8px;
      }
      tbody + tbody th[scope='rowgroup'] {
        padding-top: 18px;
      }
      th {
        text-align: left;
        font-weight: 600;
        padding: 0 0 4px;
      }
      th[scope='row'] {
        font-weight: 400;
        font-size: 0.867rem;
        width: 15em;
        padding: 2px 12px 2px 0;
      }
      th .small {
        font-weight: 400;
      }
      td {
        padding: 2px 0;
      }
      td.number {
        text-align: right;
        white-space: nowrap;
        width: 7em;
        padding-left: 12px;
        font-size: 0.867rem;
      }
      .bar {
        height: 14px;
        min-width: 2px;
        border-radius: 2px;
      }
      @media (forced-colors: active) {
        .bar {
          forced-color-adjust: none;
        }
      }
      @media (max-width: 560px) {
        th[scope='row'] {
          width: 9em;
        }
      }
    `,
  ];

  @property({ attribute: false }) timings: readonly Timing[] = [];

  override render(): TemplateResult {
    return html`<table data-testid="timings">
      <caption>
        Median of five runs after a warm-up, in milliseconds; shorter is faster.
      </caption>
      ${this.timings.map((timing) => this.workload(timing))}
    </table>`;
  }

  private workload(timing: Timing): TemplateResult {
    const { name, about } = workloads[timing.workload];
    const measured = places.flatMap((place) => {
      const value = timing[place.key];
      return value === null ? [] : [{ ...place, value }];
    });
    const longest = Math.max(...measured.map(({ value }) => value));
    return html`<tbody>
      <tr>
        <th colspan="3" scope="rowgroup">${name} <span class="muted small">${about}</span></th>
      </tr>
      ${measured.map(
        ({ name: place, colour, value }) =>
          html`<tr>
            <th scope="row">${place}</th>
            <td>
              <div class="bar" .style=${`width: ${(100 * value) / longest}%; background: ${colour}`}></div>
            </td>
            <td class="number">${milliseconds(value)}</td>
          </tr>`,
      )}
    </tbody>`;
  }
}
