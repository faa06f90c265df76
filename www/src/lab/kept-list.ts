// The list of runs that are kept in the browser: to name, load, download and delete.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { bytes, count, measured } from '../kit/format';
import { panelStyles } from '../kit/panel';
import { titleOf } from '../kit/runs';
import { shared } from '../kit/styles';
import { LabElement } from './element';
import type { KeptRun } from './protocol';

const moments = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
/** Letters of a name. */
const LONGEST_NAME = 60;

@customElement('lab-kept-list')
export class KeptList extends LabElement {
  static override styles = [
    shared,
    panelStyles,
    css`
      ul {
        list-style: none;
        margin: 12px 0 0;
        padding: 0;
        max-height: 360px;
        overflow: auto;
      }
      li {
        display: flex;
        flex-wrap: wrap;
        gap: 6px 12px;
        align-items: center;
        padding: 8px 2px;
        border-top: 1px solid var(--line);
      }
      .name {
        flex: 0 1 190px;
        min-width: 0;
        min-height: 34px;
        border: 1px solid var(--field);
        border-radius: 7px;
        background: var(--panel);
        padding: 0 10px;
      }
      .what {
        flex: 1 1 300px;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .what span {
        display: block;
      }
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        align-items: center;
      }
    `,
  ];

  /** The run whose deletion is being asked about. */
  @state() private asked: string | undefined;

  override render(): TemplateResult {
    const { list } = this.lab.keptRuns;
    return html`<section aria-labelledby="kept">
      <h2 id="kept" tabindex="-1">Saved runs</h2>
      <p class="small muted">
        Runs are saved in this browser as they train: after each epoch, or about once a second where epochs are shorter.
        Of unnamed ones the last 20 stay, up to 200 MB; a named one stays until you delete it. A downloaded run can be
        dropped on the page, here or elsewhere, and goes on where it was.
      </p>
      ${
        list.length === 0
          ? html`<p class="small">No run has been saved yet.</p>`
          : html`<ul>
              ${repeat(
                list,
                ({ id }) => id,
                (run) => this.row(run),
              )}
            </ul>`
      }
    </section>`;
  }

  private row(run: KeptRun): TemplateResult {
    const when = moments.format(run.savedAt);
    const errors = run.runs.map(({ name, testMse }) => `${titleOf(name)} ${measured(testMse)}`).join(', ');
    return html`<li data-testid="kept-run">
      <input
        class="name"
        type="text"
        aria-label="Name of the run of ${when}"
        placeholder="Name it to keep it"
        maxlength=${LONGEST_NAME}
        autocomplete="off"
        .value=${run.name}
        @change=${(event: Event) => void this.lab.keptRuns.rename(run, (event.target as HTMLInputElement).value.trim())}
      />
      <div class="what small number">
        <span>Epoch ${count(run.epoch)} · test MSE: ${errors}</span>
        <span class="muted"
          >${when} · ${bytes(run.bytes)} · ${run.address === '' ? 'default settings' : run.address}</span
        >
      </div>
      <div class="actions">${this.asked === run.id ? this.question(run) : this.actions(run, when)}</div>
    </li>`;
  }

  private actions(run: KeptRun, when: string): TemplateResult {
    const shown = this.lab.session?.place === run.id;
    const { keptRuns } = this.lab;
    return html`
      ${
        shown
          ? html`<span class="small muted">shown now</span>`
          : html`<button aria-label="Load the run of ${when}" @click=${() => keptRuns.load(run)}>Load</button>`
      }
      <button aria-label="Download the run of ${when}" @click=${() => void keptRuns.download(run)}>Download</button>
      ${
        shown
          ? nothing
          : html`<button aria-label="Delete the run of ${when}" @click=${() => this.ask(run)} data-testid="delete">
              Delete
            </button>`
      }
    `;
  }

  private question(run: KeptRun): TemplateResult {
    return html`<span class="small" id="question">Delete this run for good?</span>
      <button class="sure" aria-describedby="question" @click=${() => void this.delete(run)}>Delete</button>
      <button @click=${() => this.leave()}>Keep it</button>`;
  }

  private ask({ id }: KeptRun): void {
    this.asked = id;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('.sure')?.focus());
  }

  private leave(): void {
    this.asked = undefined;
    this.focusTitle();
  }

  private async delete(run: KeptRun): Promise<void> {
    this.asked = undefined;
    this.focusTitle();
    await this.lab.keptRuns.remove(run);
  }

  /** The button goes with its question; the focus is handed on before it is lost. */
  private focusTitle(): void {
    this.renderRoot.querySelector<HTMLElement>('h2')?.focus();
  }
}
