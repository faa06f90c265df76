// Rows of the data as a feature sees them: a word in its context, a picture, or plain values.

import { css, html, nothing, type TemplateResult } from 'lit';
import { ref } from 'lit/directives/ref.js';
import { paintOne } from '../../../kit/paint';
import { count, measured } from '../../../kit/format';
import { greyTable } from '../../../kit/theme';
import type { ShownRow } from '../protocol';
import { visible } from './tokens';

/** The ground of the strongest word, as a share of full colour; its ink stays readable on it. */
const STRONGEST_GROUND = 62;

/** Holds the line where there is no text: an empty box would sit on the wrong baseline. */
const EMPTY = '\u200b';

export const rowStyles = css`
  .rows {
    list-style: none;
    margin: 6px 0 0;
    padding: 0;
    font-size: 0.867rem;
  }
  .rows li {
    display: grid;
    grid-template-columns: 5.2ch minmax(0, 1fr);
    gap: 10px;
    align-items: baseline;
    padding: 3px 0;
    border-bottom: 1px solid var(--line);
  }
  .rows li:last-child {
    border-bottom: 0;
  }
  .rows .number {
    text-align: right;
    color: var(--muted);
    font-size: 0.8rem;
  }
  .line {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto minmax(0, 1fr);
    gap: 0.35em;
    white-space: nowrap;
  }
  .before,
  .after,
  .values {
    overflow: hidden;
    color: var(--muted);
    text-overflow: ellipsis;
  }
  /* Cut off where it is farthest from the word. */
  .before {
    direction: rtl;
    text-align: right;
  }
  mark {
    color: var(--ink);
    border-radius: 3px;
    padding: 0 3px;
    font-weight: 600;
  }
  /* The reader's colours leave no ground to tell the strength by: its number stands before the row. */
  .rows li.can-open {
    cursor: pointer;
  }
  .rows li.chosen {
    background: var(--note-well);
    box-shadow: inset 3px 0 0 var(--accent);
  }
  .rows button.number {
    min-height: 0;
    padding: 0;
    border: 0;
    background: none;
    color: inherit;
    font-size: inherit;
    text-decoration: underline dotted;
    text-underline-offset: 3px;
  }
  @media (forced-colors: active) {
    mark {
      forced-color-adjust: none;
      background: none !important;
      color: CanvasText;
      text-decoration: underline 2px;
    }
  }
  .pictures {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    list-style: none;
    margin: 6px 0 0;
    padding: 0;
    font-size: 0.75rem;
    color: var(--muted);
  }
  .pictures canvas {
    width: 56px;
    height: 56px;
    border-radius: 3px;
    outline: 1px solid var(--line);
  }
  .pictures span {
    display: block;
    text-align: center;
  }
`;

/** How a row of a list is opened, and which one is. */
export interface Opening {
  open: (shown: ShownRow) => void;
  isOpen: (shown: ShownRow) => boolean;
}

/** A list of rows; `strongest` is the |z| that is shown at full strength. Rows whose sequence is known can be opened. */
export function rowList(
  rows: readonly ShownRow[],
  strongest: number,
  image: { width: number; height: number } | undefined,
  label: string,
  opening?: Opening,
): TemplateResult {
  if (image) {
    return html`<ul class="pictures" aria-label=${label}>
      ${rows.map(
        ({ row, value, pixels }) =>
          html`<li>
            <canvas
              role="img"
              aria-label="Row ${count(row)}"
              ${ref((canvas) => {
                if (canvas instanceof HTMLCanvasElement && pixels) {
                  paintOne(canvas, pixels, image.width, image.height, greyTable());
                }
              })}
            ></canvas
            ><span class="number">${measured(value)}</span>
          </li>`,
      )}
    </ul>`;
  }
  return html`<ul class="rows" aria-label=${label}>
    ${rows.map((shown) => {
      const can = opening && shown.sequence !== undefined ? opening : undefined;
      const isOpen = can?.isOpen(shown) ?? false;
      const number = can
        ? html`<button
            class="number"
            aria-pressed=${isOpen ? 'true' : 'false'}
            aria-label="Row ${count(shown.row)} in context, activation ${short(shown.value)}"
          >
            ${short(shown.value)}
          </button>`
        : short(shown.value);
      return html`<li class="${can ? 'can-open' : ''} ${isOpen ? 'chosen' : ''}" @click=${() => can?.open(shown)}>
        <span class="number" title="Row ${count(shown.row)}">${number}</span>${line(shown, strongest)}
      </li>`;
    })}
  </ul>`;
}

function line({ row, value, token, values }: ShownRow, strongest: number): TemplateResult {
  if (!token) {
    return html`<span class="values number"
      >row ${count(row)}${values ? html`: ${Array.from(values, short).join(', ')}, …` : nothing}</span
    >`;
  }
  return html`<span class="line"
    ><span class="before"><bdi dir="ltr">${token.before || EMPTY}</bdi></span
    ><mark .style=${`background: ${groundOf(value, strongest)}`}>${visible(token.token)}</mark
    ><span class="after">${token.after}</span></span
  >`;
}

/** Orange for what is active upwards, blue downwards, as everywhere on this site; `strongest` is at full strength. */
export function groundOf(value: number, strongest: number): string {
  const share = strongest > 0 ? Math.min(1, Math.abs(value) / strongest) : 0;
  const percent = Math.round(8 + share * (STRONGEST_GROUND - 8));
  return `color-mix(in srgb, var(--${value < 0 ? 'down' : 'up'}) ${percent}%, transparent)`;
}

/** Blue and orange of the site's diverging scale, as grounds. */
export const groundStyles = css`
  :host {
    --up: light-dark(#f0a030, #c06a08);
    --down: light-dark(#5aa9d8, #1d6fa5);
  }
`;

/** Three digits are enough beside a word. */
export function short(value: number): string {
  return Math.abs(value) >= 1e4 || (Math.abs(value) < 1e-3 && value !== 0)
    ? value.toExponential(1)
    : value.toPrecision(3);
}
