// The explorer as a panel: what is explored, the plane, a view of each model on it, and what follows from it.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import { mathStyles } from '../../kit/math';
import { shared } from '../../kit/styles';
import { VisibleController } from '../../kit/visible';
import cell from './cell.tex';
import { MOST_SHOWN } from './controller';
import { ExplorerElement } from './element';
import margin from './margin.tex';
import './margins';
import './picker';
import './stand';
import stand from './stand.tex';
import './theorem';
import './view';
import './walk';
import walk from './walk.tex';

@customElement('explorer-panel')
export class ExplorerPanel extends ExplorerElement {
  static override styles = [
    shared,
    mathStyles,
    css`
      .views {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr));
        gap: 18px;
        margin-top: 14px;
      }
      .failure {
        color: var(--alert);
      }
      .part {
        margin-top: 22px;
      }
      /* Formulas stand within their sentences. */
      math[display='block'] {
        display: inline math;
      }
      summary {
        cursor: pointer;
        font-weight: 600;
      }
    `,
  ];

  /** Whether it has a page of its own. */
  @property({ type: Boolean }) large = false;
  constructor() {
    super();
    const seen = new VisibleController(this, () => {
      this.explorer.watch(seen.visible);
    });
  }

  override render(): TemplateResult {
    const { explorer } = this;
    const offered = explorer.host.offered();
    explorer.shape = this.large ? 0.62 : 0.75;
    return html`<figure>
      <div class="head">
        <h2>Partition explorer</h2>
        ${
          offered.length > 1
            ? html`<div class="segments" role="group" aria-label="Models shown">
                ${offered.map(
                  ({ name, title }) =>
                    html`<button
                      data-testid="explore-${name}"
                      aria-pressed=${explorer.names.includes(name) ? 'true' : 'false'}
                      @click=${() => this.toggle(name)}
                    >
                      ${title}
                    </button>`,
                )}
              </div>`
            : nothing
        }
      </div>
      ${explorer.failure === undefined ? nothing : html`<p role="alert" class="failure">${explorer.failure}</p>`}
      ${
        offered.length === 0
          ? html`<p class="muted">The cells are shown once a model has trained for an epoch or an SAE was imported.</p>`
          : this.content()
      }
      <figcaption>
        <strong
          >An SAE is one affine map on each cell of its input space: ${unsafeHTML(cell)} over its active latents
          S.</strong
        >
        The cells here are exact, cut by a plane through your rows. Drag to pan; drag with Shift to turn the plane;
        click on it, then zoom with the wheel or + and −.
      </figcaption>
    </figure>`;
  }

  private content(): TemplateResult {
    const { explorer } = this;
    return html`<explorer-picker .explorer=${explorer}></explorer-picker>
      <div class="views">
        ${explorer.names.map(
          (name) =>
            html`<div>
              <explorer-view .explorer=${explorer} .model=${name}></explorer-view>
              <explorer-theorem .explorer=${explorer} .model=${name}></explorer-theorem>
            </div>`,
        )}
      </div>
      <h3 class="part">Walk from A to B</h3>
      <div class="views" data-testid="walk">
        ${explorer.names.map((name) => html`<explorer-walk .explorer=${explorer} .model=${name}></explorer-walk>`)}
      </div>
      <p class="small muted">
        Between two faces the error is a parabola in the part t of the way, ${unsafeHTML(walk)}, drawn exactly; ticks
        are as high as the reconstruction jumps there.
      </p>
      <details class="part" ?open=${explorer.state.standing} @toggle=${this.onStand}>
        <summary data-testid="stand">Where does your SAE stand?</summary>
        ${explorer.state.standing ? this.stand() : nothing}
      </details>`;
  }

  private readonly onStand = (event: Event): void => {
    const standing = (event.currentTarget as HTMLDetailsElement).open;
    if (standing !== this.explorer.state.standing) this.explorer.set({ standing });
  };

  private stand(): TemplateResult {
    const { explorer } = this;
    return html`<div class="views">
        ${explorer.names.map((name) => html`<explorer-margins .explorer=${explorer} .model=${name}></explorer-margins>`)}
      </div>
      <p class="small muted">
        Margin: the distance from a test row to the nearest face of its cell, ${unsafeHTML(margin)}; a line from the
        10th to the 90th percentile for each epoch, a dot at the median, and all of them after the last epoch.
      </p>
      <div class="views">
        ${explorer.names.map((name) => html`<explorer-stand .explorer=${explorer} .model=${name}></explorer-stand>`)}
      </div>
      <p class="small muted">
        On the SAE’s own cells ${unsafeHTML(stand)} always holds: local PCA is the best affine map of the rank for each
        cell, refit the best affine map of its codes. On coarser cells they bound nothing of the SAE, but place it.
        k-means starts from the cell means.
      </p>`;
  }

  private toggle(name: string): void {
    const { names, host } = this.explorer;
    const wanted = names.includes(name) ? names.filter((each) => each !== name) : [...names, name].slice(-MOST_SHOWN);
    if (wanted.length === 0) return;
    const order = host.offered().map((each) => each.name);
    this.explorer.set({ explored: order.filter((each) => wanted.includes(each)) });
  }
}
