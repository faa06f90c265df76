// The whole sequence of a feature's example, every token coloured by the feature's activation on it.

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { count, measured } from '../../../kit/format';
import { shared } from '../../../kit/styles';
import type { FeatureContext as Context, ShownRow } from '../protocol';
import { groundOf, groundStyles } from './rows';
import { broken, parted, visible } from './tokens';

/** Tokens of a long sequence that are shown around an example, and where all are asked for. */
const WINDOW = 65;
const MOST = 4096;

@customElement('feature-context')
export class FeatureContext extends LitElement {
  static override styles = [
    shared,
    groundStyles,
    css`
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px 10px;
        margin-top: 18px;
      }
      h3 {
        margin: 0;
      }
      .where {
        flex: 1;
        color: var(--muted);
        font-size: 0.8rem;
        font-variant-numeric: tabular-nums;
      }
      .text {
        margin: 8px 0 0;
        padding: 8px 10px;
        max-height: 340px;
        overflow-y: auto;
        border: 1px solid var(--line);
        border-radius: 8px;
        background: var(--well);
        font-size: 0.867rem;
        line-height: 1.75;
        overflow-wrap: anywhere;
      }
      .text > span {
        white-space: pre-wrap;
        border-radius: 3px;
        padding: 2px 0;
      }
      .text > .peak {
        font-weight: 600;
        text-decoration: underline 2px;
        text-underline-offset: 4px;
      }
      .text > .unknown {
        color: var(--muted);
        font-style: italic;
      }
      .text > .pointed {
        outline: 2px solid var(--accent);
      }
      .readout {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 14px;
        align-items: baseline;
        min-height: 1.6em;
        margin: 6px 0 0;
        font-size: 0.8rem;
        font-variant-numeric: tabular-nums;
      }
      @media (forced-colors: active) {
        .text > span {
          forced-color-adjust: none;
          background: none !important;
          color: CanvasText;
        }
        .text > .active {
          text-decoration: underline 1px;
        }
        .text > .peak {
          text-decoration: underline 3px;
        }
        .text > .pointed {
          outline-color: Highlight;
        }
      }
    `,
  ];

  /** Top activating examples, strongest first. */
  @property({ attribute: false }) examples: readonly ShownRow[] = [];
  /** The |z| that is shown at full strength. */
  @property({ type: Number }) strongest = 0;
  /** The example whose sequence is shown; the first of its sequence stands for all of it. */
  @property({ attribute: false }) chosen: ShownRow | undefined;
  @property({ attribute: false }) choose!: (shown: ShownRow) => void;
  /** A row in its sequence, with at most so many tokens around it. */
  @property({ attribute: false }) find!: (row: number, most: number) => Promise<Context | undefined>;
  @state() private context: Context | undefined;
  @state() private all = false;
  /** The token that is pointed at. */
  @state() private pointed: number | undefined;
  private asked: object = {};

  /** The strongest example of each sequence. */
  private get sequences(): readonly ShownRow[] {
    const seen = new Set<number>();
    return this.examples.filter(({ sequence }) => {
      if (sequence === undefined || seen.has(sequence)) return false;
      seen.add(sequence);
      return true;
    });
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (!changed.has('examples') && !changed.has('chosen')) return;
    this.all = false;
    void this.fetch();
  }

  private async fetch(): Promise<void> {
    const { chosen, all } = this;
    const asked = {};
    this.asked = asked;
    if (!chosen) {
      this.context = undefined;
      return;
    }
    const found = await this.find(chosen.row, all ? MOST : WINDOW);
    if (asked !== this.asked) return;
    this.context = found;
    this.pointed = undefined;
  }

  override render(): TemplateResult | typeof nothing {
    const { context, sequences, chosen } = this;
    if (!context || !chosen) return nothing;
    const at = sequences.findIndex(({ sequence }) => sequence === chosen.sequence);
    const { first, length, from, values } = context;
    const shown = `${count(first + from)} to ${count(first + from + values.length - 1)}`;
    return html`<section aria-labelledby="context" data-testid="context">
      <div class="head">
        <h3 id="context">In context</h3>
        <span class="where"
          >${at + 1} of ${count(sequences.length)} · rows
          ${shown}${values.length < length ? ` of a sequence of ${count(length)}` : ''}</span
        >
        <button aria-label="Previous context" ?disabled=${at <= 0} @click=${() => this.step(-1)}>‹</button>
        <button aria-label="Next context" ?disabled=${at >= sequences.length - 1} @click=${() => this.step(1)}>
          ›
        </button>
      </div>
      <div
        class="text"
        role="listbox"
        tabindex="0"
        aria-label="Tokens of context ${at + 1}; left and right arrows move between tokens, up and down between contexts"
        aria-activedescendant=${this.pointed === undefined ? nothing : `token-${this.pointed}`}
        @keydown=${(event: KeyboardEvent) => this.key(event)}
        @pointerover=${(event: PointerEvent) => this.point(event)}
        @pointerleave=${() => (this.pointed = undefined)}
      >
        ${this.tokens(context)}
      </div>
      ${this.readout(context)}
    </section>`;
  }

  private tokens({ tokens, values, from, peak }: Context): TemplateResult[] {
    return Array.from(values, (value, i) => {
      const measured = !Number.isNaN(value);
      const names = [
        measured && value !== 0 ? 'active' : '',
        measured ? '' : 'unknown',
        i === peak ? 'peak' : '',
        i === this.pointed ? 'pointed' : '',
      ];
      const ground = measured && value !== 0 ? `background: ${groundOf(value, this.strongest)}` : '';
      const { space, text } = parted(tokens[i] ?? ` ${from + i}`);
      return html`${space}<span
          role="option"
          id="token-${i}"
          data-at=${i}
          class=${names.filter((name) => name !== '').join(' ')}
          aria-selected=${i === this.pointed ? 'true' : 'false'}
          aria-label="${visible(text)}: ${said(value)}"
          .style=${ground}
          >${broken(text)}</span
        >`;
    });
  }

  private readout({ tokens, values, from, length, peak }: Context): TemplateResult {
    const { pointed } = this;
    const shown = pointed ?? peak;
    const text = visible(tokens[shown] ?? String(from + shown)).trim();
    return html`<p class="readout">
      <span data-testid="token-value"
        ><b>${text}</b> ${said(values[shown] ?? Number.NaN)}${shown === peak ? ', the peak' : ''}, token
        ${count(from + shown + 1)}</span
      >
      ${
        values.length < length || this.all
          ? html`<button class="link" @click=${() => this.showAll(!this.all)}>
              ${this.all ? 'Show the tokens around the example' : `Show all ${count(Math.min(length, MOST))} tokens`}
            </button>`
          : nothing
      }
    </p>`;
  }

  private showAll(all: boolean): void {
    this.all = all;
    void this.fetch();
  }

  private step(by: number): void {
    const { sequences, chosen } = this;
    const at = sequences.findIndex(({ sequence }) => sequence === chosen?.sequence);
    const next = sequences[at + by];
    if (next) this.choose(next);
  }

  private point(event: PointerEvent): void {
    const at = event.target instanceof HTMLElement ? event.target.dataset.at : undefined;
    this.pointed = at === undefined ? undefined : Number(at);
  }

  private key(event: KeyboardEvent): void {
    const last = (this.context?.values.length ?? 0) - 1;
    const at = this.pointed ?? this.context?.peak ?? 0;
    const places: Partial<Record<string, number>> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last };
    const contexts: Partial<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };
    const place = places[event.key];
    const step = contexts[event.key];
    if (place === undefined && step === undefined) return;
    event.preventDefault();
    if (step !== undefined) this.step(step);
    if (place === undefined) return;
    this.pointed = Math.max(0, Math.min(last, place));
    this.renderRoot.querySelector(`#token-${this.pointed}`)?.scrollIntoView({ block: 'nearest' });
  }
}

function said(value: number): string {
  return Number.isNaN(value) ? 'not measured' : measured(value);
}
