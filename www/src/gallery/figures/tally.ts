// A counter that holds an SAE against a partition at random points, for as long as it is watched: the latents that the
// SAE finds active must own the cell that holds the point.

import { html, LitElement, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Partition, Sae } from 'splinterp/figures';
import { count } from '../../kit/format';
import { VisibleController } from '../../kit/visible';
import { shared } from '../../kit/styles';

/** Points in a batch, and the time between two, in ms: many a second, and time left for everything else. */
const BATCH = 80;
const PAUSE = 100;

interface Tally {
  tested: number;
  mismatches: number;
  /** Points so near a border that float32 cannot tell its sides apart. */
  ties: number;
}

/** What is held against each other; they stay those of the figure, which frees them. */
export interface Subject {
  readonly sae: Sae;
  readonly partition: Partition;
}

@customElement('splinterp-tally')
export class TallyElement extends LitElement {
  static override styles = [shared];

  @property({ attribute: false }) subject: Subject | undefined;
  /** Takes the points of each batch, to draw them. */
  @property({ attribute: false }) batch: (points: Float32Array) => void = () => undefined;

  @state() private running = !matchMedia('(prefers-reduced-motion: reduce)').matches;
  @state() private tally: Tally = { tested: 0, mismatches: 0, ties: 0 };

  /** Of the next batch. */
  private seed = 1;
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly visibility = new VisibleController(this, () => this.follow());

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Runs while it may and while somebody can see it. */
  private follow(): void {
    clearInterval(this.timer);
    this.timer = this.running && this.visibility.visible ? setInterval(() => this.go(), PAUSE) : undefined;
  }

  private go(): void {
    if (!this.subject || document.hidden) return;
    const { sae, partition } = this.subject;
    const { mismatches, ties, points } = partition.check(sae, BATCH, this.seed++);
    this.tally = {
      tested: this.tally.tested + BATCH,
      mismatches: this.tally.mismatches + mismatches,
      ties: this.tally.ties + ties,
    };
    this.batch(points);
  }

  override render(): TemplateResult {
    const { tested, mismatches, ties } = this.tally;
    return html`<span class="number"
        ><b data-testid="tested">${count(tested)}</b> random points tested:
        <b data-testid="mismatches">${count(mismatches)}</b> ${mismatches === 1 ? 'mismatch' : 'mismatches'}${
          ties === 0 ? '' : `, ${count(ties)} on a border`
        }</span
      >
      <button
        data-testid="testing"
        @click=${() => {
          this.running = !this.running;
          this.follow();
        }}
      >
        ${this.running ? 'Pause' : 'Test'}
      </button>`;
  }
}
