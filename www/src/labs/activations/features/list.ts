// All features of a model in a list that scrolls: only the rows on screen are there.

import { css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { ActivationsElement } from '../element';
import type { LabState } from '../state';
import { count, measured, percent } from '../../../kit/format';
import { shared } from '../../../kit/styles';
import { filters, sortKeys } from './order';

/** Height of a row and of the list, in pixels. */
const ROW = 34;
const HEIGHT = 560;
/** Rows beyond each end of the list that are there, so that a quick scroll finds them. */
const OVERSCAN = 6;
/** Typing settles for so long before the list follows. */
const SEARCH_DELAY_MS = 150;

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
        font-size: 0.75rem;
        color: var(--muted);
        padding-bottom: 4px;
      }
      .header span:nth-child(n + 3),
      .row span:nth-child(n + 3) {
        text-align: right;
      }
      .list {
        position: relative;
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
      .id {
        color: var(--muted);
      }
      .none {
        padding: 14px;
        margin: 0;
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
            placeholder="Search words or number"
            aria-label="Search features by word or number"
            .value=${live(state.search)}
            @input=${(event: Event) => this.search((event.target as HTMLInputElement).value)}
        /></span>
        <label
          >Show
          <select
            data-testid="show"
            @change=${(event: Event) => this.set({ show: (event.target as HTMLSelectElement).value as LabState['show'] })}
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
            @change=${(event: Event) => this.set({ sort: (event.target as HTMLSelectElement).value as LabState['sort'] })}
          >
            ${Object.entries(sortKeys).map(
              ([key, name]) => html`<option value=${key} .selected=${key === state.sort}>${name}</option>`,
            )}
          </select></label
        >
        <button
          aria-label=${state.rising ? 'Rising; sort falling' : 'Falling; sort rising'}
          title=${state.rising ? 'Rising' : 'Falling'}
          @click=${() => this.set({ rising: !state.rising })}
        >
          ${state.rising ? '↑' : '↓'}
        </button>
      </div>
      <div class="header" aria-hidden="true">
        <span>no.</span><span>words of its strongest rows</span><span>density</span><span>max</span><span>cos</span>
      </div>
      <div
        class="list"
        role="listbox"
        tabindex="0"
        aria-label="Features, ${count(order.length)} of ${count(total)}"
        aria-activedescendant=${features.chosen === undefined ? '' : `feature-${features.chosen}`}
        data-testid="features"
        @scroll=${() => (this.top = this.box.scrollTop)}
        @keydown=${(event: KeyboardEvent) => this.key(event)}
      >
        <div .style=${`height: ${order.length * ROW}px`} role="presentation">${this.rows()}</div>
        ${order.length === 0 ? html`<p class="none muted">No feature passes.</p>` : ''}
      </div>
    `;
  }

  private rows(): TemplateResult[] {
    const { order, summary, chosen } = this.lab.features;
    if (!summary) return [];
    const { table, words } = summary;
    const from = Math.max(0, Math.floor(this.top / ROW) - OVERSCAN);
    const until = Math.min(order.length, Math.ceil((this.top + HEIGHT) / ROW) + OVERSCAN);
    return Array.from({ length: Math.max(0, until - from) }, (_, i) => {
      const at = from + i;
      const feature = order[at] ?? 0;
      return html`<div
        class="row"
        role="option"
        id="feature-${feature}"
        aria-selected=${feature === chosen ? 'true' : 'false'}
        aria-posinset=${at + 1}
        aria-setsize=${order.length}
        .style=${`top: ${at * ROW}px`}
        @click=${() => this.choose(feature)}
      >
        <span class="id">${feature}</span>
        <span class="words">${words[feature] === '' ? '–' : words[feature]}</span>
        <span>${percent(table.density[feature])}</span>
        <span>${measured(table.max[feature])}</span>
        <span>${(table.cosine[feature] ?? 0).toFixed(2)}</span>
      </div>`;
    });
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const { chosen } = this.lab.features;
    if (chosen === this.shown) return;
    this.shown = chosen;
    this.reveal();
  }

  /** Scrolls as little as is needed for the feature in hand to be seen. */
  private reveal(): void {
    const { order, chosen } = this.lab.features;
    const at = chosen === undefined ? -1 : order.indexOf(chosen);
    if (at < 0) return;
    const { scrollTop, clientHeight } = this.box;
    if (at * ROW < scrollTop) this.box.scrollTop = at * ROW;
    else if ((at + 1) * ROW > scrollTop + clientHeight) this.box.scrollTop = (at + 1) * ROW - clientHeight;
  }

  private choose(feature: number): void {
    this.shown = feature;
    this.lab.change({ feature });
  }

  private set(patch: Partial<LabState>): void {
    this.lab.change(patch);
    this.box.scrollTop = 0;
  }

  private search(search: string): void {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.set({ search }), SEARCH_DELAY_MS);
  }

  private key(event: KeyboardEvent): void {
    const { order, chosen } = this.lab.features;
    const page = Math.max(1, Math.floor(this.box.clientHeight / ROW) - 1);
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
