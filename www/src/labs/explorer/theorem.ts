// The theorem, tested as one watches: at random points of the window the slice, the encoder and the power diagram must
// name the same active latents.

import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { count } from '../../kit/format';
import { shared } from '../../kit/styles';
import { VisibleController } from '../../kit/visible';
import { ExplorerElement } from './element';
import type { Slice, Tally } from './protocol';

/** Points in a batch, and the time between two, in ms. */
const BATCH = 60;
const PAUSE = 400;

@customElement('explorer-theorem')
export class ExplorerTheorem extends ExplorerElement {
  static override styles = [shared];

  @property() model = '';
  @state() private tally: Tally = { tested: 0, mismatches: 0, ties: 0 };
  @state() private running = !matchMedia('(prefers-reduced-motion: reduce)').matches;
  private timer: ReturnType<typeof setInterval> | undefined;
  private busy = false;
  /** The window at the last look: while it moves, its power diagram would be cut for nothing. */
  private rested: Slice | undefined;
  private seed = 1;
  private readonly seen = new VisibleController(this, () => this.follow());

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  private follow(): void {
    clearInterval(this.timer);
    if (this.running && this.seen.visible) this.timer = setInterval(() => void this.go(), PAUSE);
  }

  private async go(): Promise<void> {
    const { slice } = this.explorer.shown(this.model);
    const rests = slice !== undefined && slice === this.rested;
    this.rested = slice;
    if (this.busy || document.hidden || !rests) return;
    this.busy = true;
    await this.explorer.attempt(this.model, async (worker) => {
      const found = await worker.check({ model: this.model, points: BATCH, seed: this.seed++ });
      this.tally = {
        tested: this.tally.tested + found.tested,
        mismatches: this.tally.mismatches + found.mismatches,
        ties: this.tally.ties + found.ties,
      };
    });
    this.busy = false;
  }

  override render(): TemplateResult {
    const { tested, mismatches, ties } = this.tally;
    return html`<p class="small number">
      <span class="chip ${this.model}"></span>Slice, encoder and power diagram compared at
      <b data-testid="tested">${count(tested)}</b> random points of the window:
      <b data-testid="mismatches">${count(mismatches)}</b> ${mismatches === 1 ? 'mismatch' : 'mismatches'}${
        ties === 0 ? nothing : html`, <b>${count(ties)}</b> within rounding of a face`
      }.
      <button
        data-testid="testing"
        @click=${() => {
          this.running = !this.running;
          this.follow();
        }}
      >
        ${this.running ? 'Stop testing' : 'Test again'}
      </button>
    </p>`;
  }
}
