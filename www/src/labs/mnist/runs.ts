// Which runs of the catalogue are trained side by side.

import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import '../../kit/hint';
import { panelStyles } from '../../kit/panel';
import { catalogue, catalogueRuns, type CatalogueRun } from '../../kit/runs';
import { shared } from '../../kit/styles';
import { MnistElement } from './element';

@customElement('lab-runs')
export class LabRuns extends MnistElement {
  static override styles = [
    shared,
    panelStyles,
    css`
      :host {
        margin-top: 18px;
      }
      .run {
        display: flex;
        align-items: center;
        gap: 7px;
        min-height: 30px;
      }
      .run input {
        flex: none;
        width: 17px;
        height: 17px;
        accent-color: var(--accent);
      }
    `,
  ];

  override render(): TemplateResult {
    const { runs } = this.lab.state;
    return html`<section aria-labelledby="runs">
      <h2 id="runs">Runs</h2>
      <fieldset>
        <legend>Trained side by side</legend>
        ${catalogueRuns.map((run) => {
          const chosen = runs.includes(run);
          return html`<div class="run">
            <input
              type="checkbox"
              id="run-${run}"
              .checked=${live(chosen)}
              ?disabled=${chosen && runs.length === 1}
              @change=${() => this.toggle(run)}
            />
            <label for="run-${run}" class="chip ${run}">${catalogue[run].name}</label>
            <hint-button about=${catalogue[run].name}>${catalogue[run].does}</hint-button>
          </div>`;
        })}
      </fieldset>
    </section>`;
  }

  private toggle(run: CatalogueRun): void {
    const { runs } = this.lab.state;
    // The order is the catalogue's, not that of the clicks.
    this.lab.change({ runs: catalogueRuns.filter((each) => runs.includes(each) !== (each === run)) });
  }
}
