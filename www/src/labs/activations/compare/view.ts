// The pairs of a comparison, and both features of one with their examples. Loaded with the first comparison.

import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { download } from '../../../kit/download';
import { count, fixed, measured, percent } from '../../../kit/format';
import { statisticsStyles } from '../../../kit/panel';
import { shared } from '../../../kit/styles';
import { ActivationsElement } from '../element';
import type { ComparedSide, Comparison } from '../protocol';
import { ALIKE, largerOf, overallOf, pairsCsv, SAME } from './figures';
import './side';

/** Pairs that are listed at first, and that come with each “more”. */
const STEP = 100;

@customElement('compare-view')
export class CompareView extends ActivationsElement {
  static override styles = [
    shared,
    statisticsStyles,
    css`
      .split {
        display: grid;
        grid-template-columns: minmax(0, 5fr) minmax(0, 7fr);
        gap: 24px;
        align-items: start;
        margin-top: 14px;
      }
      .list {
        max-height: 560px;
        overflow-y: auto;
        border: 1px solid var(--line);
        border-radius: 8px;
        background: var(--well);
      }
      table {
        width: 100%;
        border-collapse: collapse;
        table-layout: fixed;
        font-size: 0.867rem;
        font-variant-numeric: tabular-nums;
      }
      th {
        position: sticky;
        top: 0;
        background: var(--well);
        color: var(--muted);
        font-size: 0.75rem;
        font-weight: 400;
        text-align: left;
      }
      th,
      td {
        padding: 5px 10px;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      th:first-child,
      td:first-child {
        width: 8ch;
        text-align: right;
      }
      tbody tr {
        cursor: pointer;
      }
      tbody tr:hover {
        background: color-mix(in srgb, var(--accent) 9%, transparent);
      }
      tbody tr.chosen {
        background: var(--note-well);
        box-shadow: inset 3px 0 0 var(--accent);
      }
      th button,
      td button,
      td button[aria-pressed='true'] {
        min-height: 0;
        padding: 0;
        border: 0;
        background: none;
        color: inherit;
        font: inherit;
        text-decoration: underline dotted;
        text-underline-offset: 3px;
      }
      .number {
        color: var(--muted);
      }
      .more,
      .save {
        margin-top: 10px;
      }
      .sides {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        gap: 24px;
      }
      details {
        margin-top: 14px;
      }
      summary {
        cursor: pointer;
        width: max-content;
        max-width: 100%;
        color: var(--accent);
        font-size: 0.867rem;
        font-weight: 600;
      }
      .unmatched {
        columns: 260px;
        margin: 8px 0 0;
        padding: 0;
        list-style: none;
        font-size: 0.8rem;
      }
      .unmatched li {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      @media (max-width: 1100px) {
        .split {
          grid-template-columns: minmax(0, 1fr);
        }
        .list {
          max-height: 330px;
        }
      }
      @media (max-width: 620px) {
        .sides {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  @property({ attribute: false }) found!: Comparison;
  /** Place in the list of pairs. */
  @state() private pair = 0;
  @state() private rising = false;
  @state() private listed = STEP;
  @state() private othersListed = STEP;

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (!changed.has('found')) return;
    this.pair = 0;
    this.listed = STEP;
    this.othersListed = STEP;
  }

  override render(): TemplateResult {
    const { found } = this;
    const { left, right, pairs } = found;
    const at = this.placeOf(this.pair);
    return html`${this.figures()}
      <div class="split">
        <div>
          <div class="list" tabindex="0" role="region" aria-label="Pairs of features">
            <table @keydown=${(event: KeyboardEvent) => this.key(event)}>
              <thead>
                <tr>
                  <th scope="col" aria-sort=${this.rising ? 'ascending' : 'descending'}>
                    <button
                      aria-label="Cosine, ${this.rising ? 'ascending' : 'descending'}"
                      @click=${() => this.turn()}
                    >
                      cosine ${this.rising ? '↑' : '↓'}
                    </button>
                  </th>
                  <th scope="col">${left.title}</th>
                  <th scope="col">${right.title}</th>
                </tr>
              </thead>
              <tbody>
                ${Array.from({ length: Math.min(this.listed, pairs.cosines.length) }, (_, i) => this.row(i))}
              </tbody>
            </table>
          </div>
          ${
            this.listed < pairs.cosines.length
              ? html`<button class="more" @click=${() => (this.listed += STEP)}>
                  ${count(Math.min(STEP, pairs.cosines.length - this.listed))} more of ${count(pairs.cosines.length)}
                  pairs
                </button>`
              : nothing
          }
          <button class="save" data-testid="pairs-csv" @click=${() => this.save()}>Pairs (CSV)</button>
        </div>
        <div class="sides" data-testid="pair">
          <compare-side which="left" .found=${found} .feature=${pairs.left[at]}></compare-side>
          <compare-side which="right" .found=${found} .feature=${pairs.right[at]}></compare-side>
        </div>
      </div>
      ${this.others()}`;
  }

  private figures(): TemplateResult {
    const { found } = this;
    const { pairs, mean, same, alike } = overallOf(found);
    const statistics: [string, string][] = [
      ['pairs', count(pairs)],
      ['mean cosine', fixed(mean, 3)],
      [`above ${SAME}`, percent(same)],
      [`above ${ALIKE}`, percent(alike)],
      [`adjusted Rand index, ${count(found.testRows)} test rows`, fixed(found.adjustedRand, 3)],
      ['without a partner', count(found.unmatched.length)],
    ];
    return html`<dl data-testid="comparison">
      ${statistics.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>`;
  }

  /** A place in the list as a place among the pairs, which stand best first. */
  private placeOf(place: number): number {
    return this.rising ? this.found.pairs.cosines.length - 1 - place : place;
  }

  private row(place: number): TemplateResult {
    const { left, right, pairs } = this.found;
    const at = this.placeOf(place);
    const [a, b] = [pairs.left[at] ?? 0, pairs.right[at] ?? 0];
    const cosine = fixed(pairs.cosines[at] ?? 0, 3);
    const isChosen = place === this.pair;
    return html`<tr class=${isChosen ? 'chosen' : ''} @click=${() => (this.pair = place)}>
      <td>
        <button
          data-place=${place}
          aria-pressed=${isChosen ? 'true' : 'false'}
          aria-label="Cosine ${cosine}: features ${a} and ${b}"
        >
          ${cosine}
        </button>
      </td>
      <td>${this.named(left, a)}</td>
      <td>${this.named(right, b)}</td>
    </tr>`;
  }

  private named({ words }: ComparedSide, feature: number): TemplateResult {
    return html`<span class="number">${feature}</span> ${words[feature] === '' ? '–' : words[feature]}`;
  }

  private turn(): void {
    this.rising = !this.rising;
    this.pair = 0;
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const at = event.target instanceof HTMLElement ? event.target.dataset.place : undefined;
    if (step === undefined || at === undefined) return;
    event.preventDefault();
    const most = Math.min(this.listed, this.found.pairs.cosines.length) - 1;
    this.pair = Math.max(0, Math.min(most, Number(at) + step));
    this.renderRoot.querySelector<HTMLElement>(`[data-place="${this.pair}"]`)?.focus();
  }

  /** Features that are left without a partner, on the side that has more. */
  private others(): TemplateResult | typeof nothing {
    const { found } = this;
    const { unmatched } = found;
    if (unmatched.length === 0) return nothing;
    const side = found[largerOf(found)];
    const more = unmatched.length - this.othersListed;
    return html`<details data-testid="unmatched">
      <summary>${count(unmatched.length)} features of ${side.title} have no partner</summary>
      <ul class="unmatched">
        ${Array.from(
          unmatched.subarray(0, this.othersListed),
          (feature) =>
            html`<li>
              ${this.named(side, feature)}
              <span class="number">${percent(side.density[feature])}, max ${measured(side.max[feature])}</span>
            </li>`,
        )}
      </ul>
      ${more > 0 ? html`<button @click=${() => (this.othersListed += STEP)}>${count(more)} more</button>` : nothing}
    </details>`;
  }

  private save(): void {
    download('pairs.csv', new Blob([pairsCsv(this.found)], { type: 'text/csv' }));
  }
}
