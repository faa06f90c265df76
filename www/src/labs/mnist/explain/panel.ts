// What is trained here: the SAE, the objective, the two methods with the closed form of one, and the words.

import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import { mathStyles } from '../../../kit/math';
import { PAPER } from '../../../kit/site-pages';
import { shared } from '../../../kit/styles';
import { MnistElement } from '../element';
import decoder from './decoder.tex';
import { glossary } from './glossary';
import objective from './objective.tex';
import sae from './sae.tex';

@customElement('lab-explain')
export class LabExplain extends MnistElement {
  static override styles = [
    shared,
    mathStyles,
    css`
      .methods {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr));
        gap: 4px 32px;
      }
      h3 {
        margin-top: 14px;
      }
      p {
        margin: 6px 0;
        max-width: 75ch;
      }
      .formula {
        overflow-x: auto;
        padding: 4px 0;
      }
      /* Lines meet at their sign of equality: browsers do not know MathML's attribute for it. */
      mtd:nth-child(odd) {
        text-align: right;
      }
      mtd:nth-child(even) {
        text-align: left;
      }
      summary {
        margin-top: 14px;
        cursor: pointer;
        color: var(--accent);
        font-size: 0.867rem;
      }
      dl {
        columns: 2 340px;
        column-gap: 32px;
        margin: 10px 0 0;
        font-size: 0.867rem;
      }
      dl div {
        break-inside: avoid;
        margin-bottom: 8px;
      }
      dt {
        font-weight: 600;
      }
      dd {
        margin: 0;
        color: var(--muted);
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<figure>
      <h2>What is trained</h2>
      <div class="methods">
        <div>
          <h3>Sparse autoencoder</h3>
          <p>
            An SAE encodes an image x in many latents, lets few of them be active, and rebuilds the image as a sum of
            their decoder rows. On each set of active latents it is one affine map, so as a whole it is a piecewise
            affine spline; the paper proves that the pieces of a TopK SAE are the cells of a K-th order power diagram
            (<a href=${PAPER} rel="noreferrer">its theorem on TopK SAEs</a>, <a href="./gallery.html">shown here</a>).
          </p>
          ${formula(sae)}
        </div>
        <div>
          <h3>Objective</h3>
          <p>
            Both methods lower the same F on the training images; with the defaults it is the mean squared error, and
            for PAM-SGD a small ridge α. The superscript 0 marks the parameters at the start of the epoch.
          </p>
          ${formula(objective)}
        </div>
        <div>
          <h3>SGD</h3>
          <p>
            Adam takes gradient steps on encoder and decoder at once, batch by batch. Tied, the decoder is the transpose
            of the encoder, as in the paper’s script; untied, it has weights of its own.
          </p>
        </div>
        <div>
          <h3>PAM-SGD</h3>
          <p>
            The proximal alternating method (<a href=${PAPER} rel="noreferrer">Algorithm 3.1 of the paper</a>) takes
            Adam steps on the encoder alone, then sets the decoder to the exact minimiser of F over the N training rows.
            The minimiser has the closed form below, with Z the codes, X the images, bars for means over rows, and the
            weights α, β, μ and ν times N d_in.
          </p>
          ${formula(decoder)}
        </div>
      </div>
      <details>
        <summary>Glossary</summary>
        <dl>
          ${glossary.map(
            ([term, meaning]) =>
              html`<div>
                <dt>${term}</dt>
                <dd>${meaning}</dd>
              </div>`,
          )}
        </dl>
      </details>
    </figure>`;
  }
}

/** MathML that the build made of a file beside this one. */
function formula(mathml: string): TemplateResult {
  return html`<div class="formula" tabindex="0" role="group" aria-label="Formula">${unsafeHTML(mathml)}</div>`;
}
