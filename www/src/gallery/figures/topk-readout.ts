// What an SAE in the plane makes of one point: the active latents, the affine map of the cell, the pre-activations.

import { css, html, nothing, type TemplateResult } from 'lit';
import { fixed } from '../../kit/format';
import type { Sites } from '../frame/sites';
import type { Answer } from './topk-model';

/** Latents up to this many have a bar each. */
const MOST_BARS = 20;

/** Decimals of coordinates and of the map. */
const DECIMALS = 3;

/** The number by which a latent is called. */
export function latentName({ ids }: Sites, i: number): string {
  return String((ids[i] ?? 0) + 1);
}

function place(x: number, y: number): string {
  return `(${fixed(x, DECIMALS)}, ${fixed(y, DECIMALS)})`;
}

/** With its sign apart, to follow another term. */
function term(value: number): string {
  const text = fixed(value, DECIMALS);
  return text.startsWith('−') ? `− ${text.slice(1)}` : `+ ${text}`;
}

function names({ active }: Answer, sites: Sites): string {
  return active.map((i) => latentName(sites, i)).join(', ');
}

export function answerInWords(answer: Answer, sites: Sites): string {
  const { active, x, out } = answer;
  const who =
    active.length === 0
      ? 'no latent is active'
      : `${active.length === 1 ? 'latent' : 'latents'} ${names(answer, sites)} active`;
  return `At ${place(x.x, x.y)}: ${who}, reconstructed at ${place(...out)}`;
}

export const answerStyles = css`
  .answer {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    gap: 4px 28px;
    margin-bottom: 10px;
  }
  .answer p {
    margin: 0 0 4px;
  }
  .bars {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    gap: 2px 8px;
    align-items: center;
    margin: 0;
    padding: 0;
    list-style: none;
    font-size: 0.8rem;
    line-height: 1.35;
  }
  .bars li {
    display: contents;
  }
  .bars .active {
    font-weight: 700;
  }
  .track {
    position: relative;
    height: 9px;
    background: linear-gradient(var(--line), var(--line)) 50% / 1px 100% no-repeat;
  }
  .track i {
    position: absolute;
    top: 0;
    bottom: 0;
    background: var(--field);
  }
  .active i {
    background: var(--accent);
  }
  @media (forced-colors: active) {
    .track i {
      forced-color-adjust: none;
      background: GrayText;
    }
    .active i {
      background: Highlight;
    }
  }
  .value {
    min-width: 4.5em;
    text-align: right;
  }
  @media (max-width: 640px) {
    .answer {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;

export function answerTemplate(answer: Answer, sites: Sites): TemplateResult {
  const { x, out, matrix, offset } = answer;
  const [a = 0, b = 0, c = 0, d = 0] = matrix;
  const [e = 0, f = 0] = offset;
  return html`<div class="answer">
    <div>
      <p>x = ${place(x.x, x.y)}, active latents: <b data-testid="active">${names(answer, sites) || 'none'}</b></p>
      <p>x̂ = ${place(...out)}</p>
      <p>
        On this cell the SAE is one affine map:<br />
        x̂₁ = ${fixed(a, DECIMALS)} x₁ ${term(b)} x₂ ${term(e)}<br />
        x̂₂ = ${fixed(c, DECIMALS)} x₁ ${term(d)} x₂ ${term(f)}
      </p>
    </div>
    ${bars(answer, sites)}
  </div>`;
}

/** Pre-activations, one bar each. */
function bars({ pre, active }: Answer, sites: Sites): TemplateResult | typeof nothing {
  if (pre.length > MOST_BARS) return nothing;
  const most = pre.reduce((m, value) => Math.max(m, Math.abs(value)), 1e-9);
  return html`<ul class="bars" aria-label="Pre-activations s·x + b">
    ${[...pre].map((value, i) => {
      const size = (50 * Math.abs(value)) / most;
      const side = `left: ${value < 0 ? 50 - size : 50}%; width: ${size}%`;
      const state = active.includes(i) ? 'active' : '';
      return html`<li>
        <span class=${state}>${latentName(sites, i)}</span>
        <span class="track ${state}"><i .style=${side}></i></span>
        <span class="value ${state}">${fixed(value, DECIMALS)}</span>
      </li>`;
    })}
  </ul>`;
}
