// Bars over intervals: an SVG that stretches to its box, with the counts under the pointer.

import { css, html, LitElement, svg, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { count } from './format';
import { shared } from './styles';
import type { Bins } from './bins';

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
      .hit {
        fill: transparent;
      }
      .hit:hover {
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
    `,
  ];

  @property({ attribute: false }) bins: Bins | undefined;
  /** What is counted, for the text alternative. */
  @property() what = 'values';
  /** How an edge is written. */
  @property({ attribute: false }) edge: (value: number) => string = (value) => value.toPrecision(2);

  override render(): TemplateResult {
    const { counts, edges } = this.bins ?? { counts: new Uint32Array(), edges: new Float32Array() };
    const most = counts.reduce((a, b) => Math.max(a, b), 1);
    const at = (i: number): string => this.edge(edges[i] ?? 0);
    const fullest = counts.indexOf(most);
    const label =
      fullest >= 0
        ? `Histogram of ${this.what}, from ${at(0)} to ${at(counts.length)}; most, ${most}, lie between ${at(fullest)} and ${at(fullest + 1)}`
        : `Histogram of ${this.what}: empty`;
    return html`<svg
        role="img"
        aria-label=${label}
        viewBox="0 0 ${Math.max(1, counts.length)} ${HEIGHT}"
        preserveAspectRatio="none"
      >
        ${Array.from(counts, (n, i) => {
          // A bin that is not empty is seen, however full the others are.
          const tall = n === 0 ? 0 : Math.max(2, (n / most) * (HEIGHT - 4));
          return svg`<rect x=${i + 0.06} width="0.88" y=${HEIGHT - tall} height=${tall}></rect>
            <rect class="hit" x=${i} width="1" y="0" height=${HEIGHT}
              ><title>${at(i)} to ${at(i + 1)}: ${count(n)}</title></rect>`;
        })}
      </svg>
      <div class="axis" aria-hidden="true">
        <span>${at(0)}</span>
        ${counts.length > 1 ? html`<span>${this.edge(((edges[0] ?? 0) + (edges.at(-1) ?? 0)) / 2)}</span>` : ''}
        <span>${at(counts.length)}</span>
      </div>`;
  }
}
