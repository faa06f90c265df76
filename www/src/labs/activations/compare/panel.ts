// Two SAEs side by side: which, and the comparison, whose view is loaded with the first one.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { messageOf } from '../../../kit/failure';
import { count } from '../../../kit/format';
import '../../../kit/hint';
import { panelStyles } from '../../../kit/panel';
import { shared } from '../../../kit/styles';
import { pathOf } from '../../../lab/drop-zone';
import { ActivationsElement } from '../element';
import type { Which } from './controller';

const sides = { left: 'Left', right: 'Right' } as const;

@customElement('acts-compare')
export class ActsCompare extends ActivationsElement {
  static override styles = [
    shared,
    panelStyles,
    css`
      .head,
      .choice {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: start;
        gap: 8px 14px;
      }
      .choice {
        margin-top: 12px;
        font-size: 0.867rem;
      }
      .choice label {
        display: flex;
        align-items: center;
        gap: 6px;
        min-width: 0;
      }
      select {
        max-width: 260px;
      }
      .file {
        cursor: pointer;
        color: var(--accent);
        font-weight: 600;
      }
      .file:focus-within {
        outline: 2px solid var(--accent);
        outline-offset: 2px;
      }
      .running {
        display: flex;
        align-items: center;
        gap: 14px;
        margin-top: 12px;
      }
    `,
  ];

  protected override readonly topics = ['change', 'progress'] as const;
  @state() private loaded = false;

  override render(): TemplateResult {
    const { comparing, choices, found, kept } = this.lab.comparison;
    const left = this.lab.comparison.chosen('left');
    const can = this.lab.session !== undefined && choices.length > 1 && comparing === undefined;
    return html`<section aria-labelledby="compare">
      <div class="head">
        <h2 id="compare">Two SAEs side by side</h2>
        <hint-button about="the comparison"
          >Features are paired one to one so that the sum of the cosines of their decoder rows is largest, in the units
          of the stored data. Both SAEs must read rows of this width; they may differ in their number of latents. Where
          latents have either sign (TopK by magnitude), opposite directions count as the same.</hint-button
        >
      </div>
      <div class="choice">
        ${this.choice('left')} ${this.choice('right')}
        <button data-testid="compare" ?disabled=${!can} @click=${() => void this.compare()}>Compare</button>
      </div>
      <div class="choice">
        <button
          data-testid="put-aside"
          ?disabled=${left === undefined || left === 'kept'}
          @click=${() => void this.lab.comparison.keep()}
        >
          Put the left one aside
        </button>
        <label class="file"
          >or open another SAE
          <input
            class="hidden"
            type="file"
            multiple
            data-testid="other-sae"
            @change=${(event: Event) => this.open(event.target as HTMLInputElement)}
        /></label>
        <span class="muted small" data-testid="aside"
          >${
            kept
              ? `Put aside: ${kept.title}, ${count(kept.dIn)} → ${count(kept.dSae)}. It stays while you train or import others.`
              : 'A run that is put aside can be compared with later ones.'
          }</span
        >
      </div>
      ${
        comparing
          ? html`<div class="running">
              <progress aria-label="Comparing" max="1" .value=${comparing.share}></progress>
              <button @click=${() => this.lab.comparison.cancel()}>Cancel</button>
            </div>`
          : nothing
      }
      ${found && this.loaded ? html`<compare-view .found=${found}></compare-view>` : nothing}
    </section>`;
  }

  private choice(which: Which): TemplateResult {
    const { comparison } = this.lab;
    const other = which === 'right' ? comparison.chosen('left') : undefined;
    const chosen = comparison.chosen(which);
    return html`<label
      >${sides[which]}
      <select
        data-testid=${which}
        .value=${live(chosen ?? '')}
        @change=${(event: Event) => comparison.choose(which, (event.target as HTMLSelectElement).value)}
      >
        ${comparison.choices.map(
          ({ name, title }) =>
            html`<option value=${name} ?disabled=${name === other} .selected=${name === chosen}>${title}</option>`,
        )}
      </select></label
    >`;
  }

  private open(input: HTMLInputElement): void {
    const files = [...(input.files ?? [])].map((file) => ({ path: pathOf(file), file }));
    // The same file may be chosen again once it is mended.
    input.value = '';
    if (files.length > 0) void this.lab.comparison.open(files);
  }

  private async compare(): Promise<void> {
    try {
      await import('./view');
      this.loaded = true;
    } catch (error) {
      this.lab.fail(`The view of comparisons could not be loaded: ${messageOf(error)}`);
      return;
    }
    await this.lab.comparison.compare();
  }
}
