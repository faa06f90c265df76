// How often the latents of a model fire, and how their encoder and decoder directions agree.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { binned, logDensities } from '../../../kit/bins';
import '../../../kit/histogram';
import { count, percent } from '../../../kit/format';
import { shared } from '../../../kit/styles';
import { ActivationsElement } from '../element';

const BINS = 40;
/** A cosine above which encoder and decoder are said to agree. */
const ALIKE = 0.5;

@customElement('acts-distributions')
export class ActsDistributions extends ActivationsElement {
  static override styles = [
    shared,
    css`
      .halves {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        gap: 18px;
      }
      @media (max-width: 760px) {
        .halves {
          grid-template-columns: minmax(0, 1fr);
          gap: 12px;
        }
      }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const { summary } = this.lab.features;
    if (!summary) return nothing;
    const { density, cosine } = summary.table;
    const logs = logDensities(density);
    const dead = density.length - logs.length;
    const low = Math.min(-3, Math.floor(logs.reduce((a, b) => Math.min(a, b), 0)));
    const live = cosine.filter((_, feature) => (density[feature] ?? 0) > 0);
    const least = live.reduce((a, b) => Math.min(a, b), 0) < 0 ? -1 : 0;
    const alike = live.filter((value) => value > ALIKE).length;
    return html`<div class="halves">
      <figure>
        <div class="head"><h2>Feature density</h2></div>
        <feature-histogram
          what="the logarithm of feature density"
          .bins=${binned(logs, low, 0, BINS)}
          .edge=${(value: number) => percentOf(value)}
        ></feature-histogram>
        <figcaption>
          <strong
            >${count(logs.length)} of ${count(density.length)} latents are ever active; ${count(dead)} are dead.</strong
          >
          Share of rows on which a latent fires, on a logarithmic scale, over ${count(summary.rows)} rows.
        </figcaption>
      </figure>
      <figure>
        <div class="head"><h2>Encoder against decoder</h2></div>
        <feature-histogram
          what="cosines of encoder and decoder directions"
          .bins=${binned(live, least, 1, BINS)}
          .edge=${(value: number) => value.toFixed(1)}
        ></feature-histogram>
        <figcaption>
          <strong
            >${percent(live.length > 0 ? alike / live.length : 0)} of the live latents have a cosine above
            ${ALIKE}.</strong
          >
          Where a latent reads one direction and writes another, the cosine is small.
        </figcaption>
      </figure>
    </div>`;
  }
}

/** A share from its logarithm: 0.1 %, 10 %. */
function percentOf(log: number): string {
  return `${Number((10 ** log * 100).toPrecision(2))} %`;
}
