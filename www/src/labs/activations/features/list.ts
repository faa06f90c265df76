// All features of a model in a list that scrolls: only the rows on screen are there.

import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { ActivationsElement } from '../element';
import type { FeatureSummary } from '../protocol';
import type { ActivationsState } from '../settings';
import { count, fixed, measured, percent } from '../../../kit/format';
import { shared } from '../../../kit/styles';
import { filters, sortKeys, type SortKey } from './order';

/** Heights of a row, of the headings and of the list, in pixels. */
const ROW = 34;
const HEADINGS = 28;
const HEIGHT = 560;
/** Rows beyond each end of the list that are there, so that a quick scroll finds them. */
const OVERSCAN = 6;
/** Typing settles for so long before the list follows. */
const SEARCH_DELAY_MS = 150;

/** Columns, with what they can be sorted by. */
const columns: readonly { title: string; sort?: SortKey }[] = [
  { title: 'no.', sort: 'number' },
  { title: 'tokens of its top examples' },
  { title: 'density', sort: 'density' },
  { title: 'max', sort: 'max' },
  { title: 'cos', sort: 'cosine' },
];

@customElement('feature-list')
export class FeatureList extends ActivationsElement {
  static override styles = [
    shared,
    css`
      .controls {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        margin-bottom: 8px;
        font-size: 0.867rem;
      }
      .controls label {
        display: flex;
        align-items: center;
        gap: 6px;
        color: var(--muted);
        font-size: 0.8rem;
      }
      input[type='search'] {
        min-height: 34px;
        width: 100%;
        border: 1px solid var(--field);
        border-radius: 7px;
        background: var(--panel);
        padding: 0 10px;
      }
      .controls .search {
        flex: 1 1 140px;
      }
      .header,
      .row {
        display: grid;
        grid-template-columns: 5ch minmax(0, 1fr) 7ch 7ch 6ch;
        gap: 10px;
        align-items: center;
        padding: 0 10px;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      .header {
        position: sticky;
        top: 0;
        z-index: 1;
        height: ${HEADINGS}px;
        font-size: 0.75rem;
        color: var(--muted);
        background: var(--well);
        border-bottom: 1px solid var(--line);
      }
      .header span:nth-child(n + 3),
      .row span:nth-child(n + 3) {
        text-align: right;
      }
      .rows {
        position: relative;
      }
      .list {
        height: ${HEIGHT}px;
        overflow-y: auto;
        border: 1px solid var(--line);
        border-radius: 8px;
        background: var(--well);
        contain: strict;
      }
      .row {
        position: absolute;
        inset-inline: 0;
        height: ${ROW}px;
        font-size: 0.867rem;
        cursor: pointer;
      }
      .row:hover {
        background: color-mix(in srgb, var(--accent) 9%, transparent);
      }
      .row[aria-selected='true'] {
        background: var(--note-well);
        box-shadow: inset 3px 0 0 var(--accent);
      }
      .list:focus-visible .row[aria-selected='true'] {
        outline: 2px solid var(--accent);
        outline-offset: -2px;
      }
      .words {
        overflow: hidden;
        text-overflow: ellipsis;
      }
      .words b {
        font-weight: 600;
      }
      .id {
        color: var(--muted);
      }
      .none {
        padding: 14px;
        margin: 0;
      }
      @media (forced-colors: active) {
        .row[aria-selected='true'] {
          outline: 2px solid Highlight;
          outline-offset: -2px;
        }
      }
      @media (max-width: 760px) {
        .list {
          height: 330px;
        }
        .header,
        .row {
          grid-template-columns: 5ch minmax(0, 1fr) 7ch;
        }
        .header span:nth-child(n + 4),
        .row span:nth-child(n + 4) {
          display: none;
        }
      }
    `,
  ];

  @query('.list') private readonly box!: HTMLElement;
  @state() private top = 0;
  private typing: ReturnType<typeof setTimeout> | undefined;
  /** The feature that was last brought into view. */
  private shown: number | undefined;

  override render(): TemplateResult {
    const { features, state } = this.lab;
    const { order, summary } = features;
    const total = summary?.table.density.length ?? 0;
    return html`
      <div class="controls">
        <span class="search"
          ><input
            type="search"
            placeholder="Search tokens or number"
            aria-label="Search features by token or number"
            .value=${live(state.search)}
            @input=${(event: Event) => this.search((event.target as HTMLInputElement).value)}
        /></span>
        <label
          >Show
          <select
            data-testid="show"
            @change=${(event: Event) => this.set({ show: (event.target as HTMLSelectElement).value as ActivationsState['show'] })}
          >
            ${Object.entries(filters).map(
              ([key, name]) => html`<option value=${key} .selected=${key === state.show}>${name}</option>`,
            )}
          </select></label
        >
        <label
          >Sort by
          <select
            data-testid="sort"
            @change=${(event: Event) => this.set({ sort: (event.target as HTMLSelectElement).value as ActivationsState['sort'] })}
          >
            ${Object.entries(sortKeys).map(
              ([key, name]) => html`<option value=${key} .selected=${key === state.sort}>${name}</option>`,
            )}
          </select></label
        >
        <button
          aria-label=${state.rising ? 'Ascending; sort descending' : 'Descending; sort ascending'}
          title=${state.rising ? 'Ascending' : 'Descending'}
          @click=${() => this.set({ rising: !state.rising })}
        >
          ${state.rising ? '↑' : '↓'}
        </button>
      </div>
      <div
        class="list"
        role="grid"
        tabindex="0"
        aria-label="Features, ${count(order.length)} of ${count(total)}"
        aria-rowcount=${order.length + 1}
        aria-activedescendant=${order.includes(features.chosen ?? -1) ? `feature-${features.chosen}` : nothing}
        data-testid="features"
        @scroll=${() => (this.top = this.box.scrollTop)}
        @keydown=${(event: KeyboardEvent) => this.key(event)}
      >
        <div class="header" role="row" aria-rowindex="1">
          ${columns.map(
            ({ title, sort }) => html`<span role="columnheader" aria-sort=${this.sortOf(sort)}>${title}</span>`,
          )}
        </div>
        <div class="rows" role="rowgroup" .style=${`height: ${order.length * ROW}px`}>${this.rows()}</div>
        ${order.length === 0 ? html`<p class="none muted">No matching features</p>` : ''}
      </div>
    `;
  }

  private sortOf(sort: SortKey | undefined): 'ascending' | 'descending' | 'none' | typeof nothing {
    const { state } = this.lab;
    if (sort === undefined) return nothing;
    if (sort !== state.sort) return 'none';
    return state.rising ? 'ascending' : 'descending';
  }

  /** The rows on screen, and the selected one wherever it is: it must be there to be spoken of. */
  private rows(): TemplateResult[] {
    const { order, summary, chosen } = this.lab.features;
    if (!summary) return [];
    const from = Math.max(0, Math.floor(this.top / ROW) - OVERSCAN);
    const until = Math.min(order.length, Math.ceil((this.top + HEIGHT) / ROW) + OVERSCAN);
    const places = Array.from({ length: Math.max(0, until - from) }, (_, i) => from + i);
    const selected = chosen === undefined ? -1 : order.indexOf(chosen);
    if (selected >= 0 && (selected < from || selected >= until)) places.push(selected);
    return places.map((at) => this.row(at, order[at] ?? 0, summary));
  }

  private row(at: number, feature: number, { table, words }: FeatureSummary): TemplateResult {
    const { name } = this.lab.features.noteOn(feature);
    const cells = [
      html`<span role="gridcell" class="id">${feature}</span>`,
      html`<span role="gridcell" class="words"
        >${name === '' ? nothing : html`<b>${name}</b> `}${words[feature] === '' ? '–' : words[feature]}</span
      >`,
      ...[percent(table.density[feature]), measured(table.max[feature]), fixed(table.cosine[feature] ?? 0, 2)].map(
        (text) => html`<span role="gridcell">${text}</span>`,
      ),
    ];
    return html`<div
      class="row"
      role="row"
      id="feature-${feature}"
      aria-selected=${feature === this.lab.features.chosen ? 'true' : 'false'}
      aria-rowindex=${at + 2}
      .style=${`top: ${at * ROW}px`}
      @click=${() => this.choose(feature)}
    >
      ${cells}
    </div>`;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const { chosen } = this.lab.features;
    if (chosen === this.shown) return;
    this.shown = chosen;
    this.reveal();
  }

  /** Scrolls as little as is needed for the selected feature to be seen. */
  private reveal(): void {
    const { order, chosen } = this.lab.features;
    const at = chosen === undefined ? -1 : order.indexOf(chosen);
    if (at < 0) return;
    const { scrollTop, clientHeight } = this.box;
    const room = clientHeight - HEADINGS;
    if (at * ROW < scrollTop) this.box.scrollTop = at * ROW;
    else if ((at + 1) * ROW > scrollTop + room) this.box.scrollTop = (at + 1) * ROW - room;
  }

  private choose(feature: number): void {
    this.shown = feature;
    this.lab.change({ feature });
  }

  private set(patch: Partial<ActivationsState>): void {
    this.lab.change(patch);
    this.box.scrollTop = 0;
  }

  private search(search: string): void {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.set({ search }), SEARCH_DELAY_MS);
  }

  private key(event: KeyboardEvent): void {
    const { order, chosen } = this.lab.features;
    const page = Math.max(1, Math.floor((this.box.clientHeight - HEADINGS) / ROW) - 1);
    const steps: Partial<Record<string, number>> = {
      ArrowUp: -1,
      ArrowDown: 1,
      PageUp: -page,
      PageDown: page,
      Home: -order.length,
      End: order.length,
    };
    const step = steps[event.key];
    if (step === undefined || order.length === 0) return;
    event.preventDefault();
    const at = chosen === undefined ? -1 : order.indexOf(chosen);
    const feature = order[Math.max(0, Math.min(order.length - 1, at + step))];
    if (feature !== undefined) this.lab.change({ feature });
  }
}
