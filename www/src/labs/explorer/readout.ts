// What the SAE makes of the point under the pointer: the active latents with their gains and cross-talk, how far the
// cell reaches, and the reconstruction.

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { ref } from 'lit/directives/ref.js';
import { count, measured } from '../../kit/format';
import { paintOne } from '../../kit/paint';
import { shared } from '../../kit/styles';
import { divergingTable, greyTable } from '../../kit/theme';
import type { ExplorerController } from './controller';
import type { ActiveLatent, Readout, Token } from './protocol';

/** Latents that are listed in words. */
const LISTED = 8;

@customElement('explorer-readout')
export class ExplorerReadout extends LitElement {
  static override styles = [
    shared,
    css`
      .parts {
        display: flex;
        flex-wrap: wrap;
        gap: 10px 18px;
        margin-top: 10px;
        font-size: 0.8rem;
        line-height: 1.4;
        min-height: 168px;
        align-items: flex-start;
      }
      .pictures,
      .filters {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
      }
      .pictures canvas {
        width: 64px;
        height: 64px;
        outline: 1px solid var(--line);
      }
      .filters {
        max-width: 300px;
      }
      .filters div {
        width: 44px;
        text-align: center;
        font-size: 0.7rem;
        color: var(--muted);
      }
      .filters canvas {
        width: 44px;
        height: 44px;
        outline: 1px solid var(--line);
      }
      .matrix {
        width: 128px;
        height: 128px;
        outline: 1px solid var(--line);
      }
      dl {
        display: grid;
        grid-template-columns: max-content minmax(0, 1fr);
        gap: 2px 10px;
        margin: 0;
      }
      dt {
        color: var(--muted);
      }
      dd {
        margin: 0;
      }
      ul {
        margin: 0;
        padding: 0;
        list-style: none;
        max-width: 320px;
      }
      li {
        overflow: hidden;
        white-space: nowrap;
        text-overflow: ellipsis;
      }
      .numbers {
        flex: 1 1 210px;
      }
    `,
  ];

  @property({ attribute: false }) explorer!: ExplorerController;
  @property() model = '';
  @property({ attribute: false }) readout: Readout | undefined;

  override render(): TemplateResult {
    const { readout } = this;
    if (!readout) return html`<div class="parts muted">Nothing is read yet.</div>`;
    const { input, output, active } = readout;
    return html`<div class="parts" data-testid="readout">
      ${
        input && output
          ? html`<div class="pictures">
              ${picture(input, 'The point of the plane')} ${picture(output, 'Its reconstruction')}
            </div>`
          : nothing
      }
      <div class="numbers">${numbers(readout)}</div>
      ${active.some(({ filter }) => filter) ? filters(active) : words(active)}
      ${active.length === 0 ? nothing : matrix(readout)}
      ${readout.nearest.length === 0 ? nothing : nearest(readout.nearest)}
    </div>`;
  }
}

function picture(pixels: Uint8ClampedArray, label: string): TemplateResult {
  const side = Math.round(Math.sqrt(pixels.length));
  return html`<canvas
    role="img"
    aria-label=${label}
    title=${label}
    ${ref((canvas) => {
      if (canvas instanceof HTMLCanvasElement) {
        paintOne(canvas, Uint8ClampedArray.from(pixels), side, side, greyTable());
      }
    })}
  ></canvas>`;
}

/** A latent by its number, or none. */
function latentName(latent: number): string {
  return latent < 0 ? 'none' : `latent ${latent}`;
}

function displaced({ leaving, entering }: Readout): string {
  if (leaving < 0) return `${latentName(entering)} enters`;
  if (entering < 0) return `${latentName(leaving)} leaves`;
  return `${latentName(entering)} displaces ${latentName(leaving)}`;
}

function numbers(readout: Readout): TemplateResult {
  const { margin, jump, l0, trace, mse } = readout;
  return html`<dl class="number">
    <dt>Active latents</dt>
    <dd data-testid="l0">${count(l0)}</dd>
    <dt>Margin</dt>
    <dd data-testid="margin">
      ${margin === Infinity ? 'none: one cell is all' : html`${measured(margin)}; there ${displaced(readout)}`}
    </dd>
    <dt>Jump there</dt>
    <dd>${Number.isFinite(jump) ? measured(jump) : '–'}</dd>
    <dt>Trace of the map</dt>
    <dd>${measured(trace)}</dd>
    <dt>MSE</dt>
    <dd>${measured(mse)}</dd>
  </dl>`;
}

function filters(active: readonly ActiveLatent[]): TemplateResult {
  return html`<div class="filters" role="group" aria-label="Filters of the active latents, the strongest first">
    ${active.slice(0, 2 * LISTED).map(({ latent, gain, filter }) => {
      const side = Math.round(Math.sqrt(filter?.length ?? 0));
      return html`<div title="Latent ${latent}, gain ${measured(gain)}">
        <canvas
          role="img"
          aria-label="Latent ${latent}, gain ${measured(gain)}"
          ${ref((canvas) => {
            if (canvas instanceof HTMLCanvasElement && filter) paintOne(canvas, filter, side, side, divergingTable());
          })}
        ></canvas
        >${latent}
      </div>`;
    })}
  </div>`;
}

function words(active: readonly ActiveLatent[]): TemplateResult {
  return html`<ul class="number" aria-label="Active latents, the strongest first">
    ${active
      .slice(0, LISTED)
      .map(
        ({ latent, z, gain, words: tokens }) =>
          html`<li>
            <b>${latent}</b> ${tokens ?? ''} <span class="muted">z ${measured(z)}, gain ${measured(gain)}</span>
          </li>`,
      )}
    ${active.length > LISTED ? html`<li class="muted">and ${count(active.length - LISTED)} more</li>` : nothing}
  </ul>`;
}

/** Encoder column i times decoder row j, blue to orange for −1 … 1. */
function matrix({ crossTalk, active }: Readout): TemplateResult {
  const n = active.length;
  const bytes = Int8Array.from(crossTalk, (value) => Math.max(-127, Math.min(127, Math.round(127 * value))));
  const most = crossTalk.reduce((m, value, at) => (at % (n + 1) === 0 ? m : Math.max(m, Math.abs(value))), 0);
  return html`<div>
    <canvas
      class="matrix"
      role="img"
      aria-label="Local map of the ${n} strongest latents: gains on the diagonal, cross-talk up to ${measured(most)} beside it"
      ${ref((canvas) => {
        if (canvas instanceof HTMLCanvasElement) paintOne(canvas, bytes, n, n, divergingTable());
      })}
    ></canvas>
    <div class="muted">gains; cross-talk ≤ ${measured(most)}</div>
  </div>`;
}

function nearest(tokens: readonly Token[]): TemplateResult {
  return html`<div>
    <span class="muted">Rows nearest to the reconstruction</span>
    <ul>
      ${tokens.map(({ before, token, after }) => html`<li>${before} <b>${token}</b> ${after}</li>`)}
    </ul>
  </div>`;
}
