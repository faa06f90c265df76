// Bars over intervals. The picture is a slider over its bins: under the pointer, by a touch or by the arrow keys, one
// bin shows what it counts.

import { css, html, LitElement, svg, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Bins } from './bins';
import { count, measured } from './format';
import { shared } from './styles';

/** Height of the bars, in units of the drawing; its width is the number of bins. */
const HEIGHT = 100;

@customElement('feature-histogram')
export class FeatureHistogram extends LitElement {
  static override styles = [
    shared,
    css`
      svg {
        display: block;
        width: 100%;
        height: var(--bars, 110px);
        border-bottom: 1px solid var(--field);
      }
      rect {
        fill: var(--bar, var(--accent));
      }
      .chosen {
        fill: color-mix(in srgb, var(--accent) 18%, transparent);
      }
      .axis {
        display: flex;
        justify-content: space-between;
        font-size: 0.75rem;
        color: var(--muted);
        font-variant-numeric: tabular-nums;
        margin-top: 3px;
      }
      .axis b {
        color: var(--ink);
      }
    `,
  ];

  @property({ attribute: false }) bins: Bins | undefined;
  /** What is counted, for the text alternative. */
  @property() what = 'values';
  /** How an edge is written. */
  @property({ attribute: false }) edge: (value: number) => string = measured;
  /** The bin that shows its count. */
  @state() private chosen: number | undefined;

  override render(): TemplateResult {
    const { counts, edges } = this.bins ?? { counts: new Uint32Array(), edges: new Float32Array() };
    if (counts.length === 0) return html`<p class="small muted">No ${this.what} to count.</p>`;
    const most = counts.reduce((a, b) => Math.max(a, b), 1);
    const fullest = Math.max(0, counts.indexOf(most));
    const chosen = this.chosen === undefined ? undefined : Math.min(this.chosen, counts.length - 1);
    const middle = ((edges[0] ?? 0) + (edges.at(-1) ?? 0)) / 2;
    return html`<div
        role="slider"
        tabindex="0"
        aria-label="Histogram of ${this.what}, from ${this.at(0)} to ${this.at(counts.length)}"
        aria-valuemin="1"
        aria-valuemax=${counts.length}
        aria-valuenow=${(chosen ?? fullest) + 1}
        aria-valuetext="${chosen === undefined ? 'Most ' : ''}${this.inWords(chosen ?? fullest)}"
        @keydown=${this.onKey}
        @pointermove=${this.onPointer}
        @pointerdown=${this.onPointer}
        @pointerleave=${this.onLeave}
        @blur=${this.onLeave}
      >
        <svg aria-hidden="true" viewBox="0 0 ${counts.length} ${HEIGHT}" preserveAspectRatio="none">
          ${Array.from(counts, (n, i) => {
            // A bin that is not empty is seen, however full the others are.
            const tall = n === 0 ? 0 : Math.max(2, (n / most) * (HEIGHT - 4));
            return svg`<rect x=${i + 0.06} width="0.88" y=${HEIGHT - tall} height=${tall}></rect>`;
          })}
          ${chosen === undefined ? '' : svg`<rect class="chosen" x=${chosen} width="1" y="0" height=${HEIGHT}></rect>`}
        </svg>
      </div>
      <div class="axis" aria-hidden="true">
        <span>${this.at(0)}</span>
        ${chosen === undefined ? html`<span>${this.edge(middle)}</span>` : html`<b>${this.inWords(chosen)}</b>`}
        <span>${this.at(counts.length)}</span>
      </div>`;
  }

  /** An edge, as it is written. */
  private at(i: number): string {
    return this.edge(this.bins?.edges[i] ?? 0);
  }

  private inWords(bin: number): string {
    return `${this.at(bin)} to ${this.at(bin + 1)}: ${count(this.bins?.counts[bin] ?? 0)}`;
  }

  private readonly onPointer = (event: PointerEvent): void => {
    const { left, width } = (event.currentTarget as Element).getBoundingClientRect();
    const bins = this.bins?.counts.length ?? 0;
    const share = width > 0 ? (event.clientX - left) / width : 0;
    this.chosen = Math.max(0, Math.min(bins - 1, Math.floor(share * bins)));
  };

  /** A finger that is lifted leaves, and what it touched stays to be read. */
  private readonly onLeave = (event: Event): void => {
    if (!(event instanceof PointerEvent) || event.pointerType !== 'touch') this.chosen = undefined;
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = (this.bins?.counts.length ?? 1) - 1;
    const from = this.chosen ?? -1;
    const to: number | undefined = {
      ArrowRight: from + 1,
      ArrowUp: from + 1,
      ArrowLeft: this.chosen === undefined ? last : from - 1,
      ArrowDown: this.chosen === undefined ? last : from - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (event.key === 'Escape') this.chosen = undefined;
    if (to === undefined) return;
    event.preventDefault();
    this.chosen = Math.max(0, Math.min(last, to));
  };
}
