// A counter that holds an SAE against a partition at random points, for as long as it is watched: the latents that the
// SAE finds active must own the cell that holds the point.

import { html, LitElement, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Partition, Sae } from 'splinterp/figures';
import { count } from '../../kit/format';
import { VisibleController } from '../../kit/visible';
import { shared } from '../../kit/styles';
import { activeOf, margin, TIE } from './plane-sae';
import { random } from '../frame/sites';
import type { Box } from '../frame/view';

/** Points in a batch, and the time between two, in ms: many a second, and time left for everything else. */
const BATCH = 80;
const PAUSE = 100;

export interface Tally {
  tested: number;
  mismatches: number;
  /** Points so near a border that float32 cannot tell its sides apart. */
  ties: number;
}

/** What is held against each other; they stay those of the figure, which frees them. */
export interface Subject {
  readonly sae: Sae;
  /** The same encoder with all latents active by value: its codes are the pre-activations. */
  readonly open: Sae;
  readonly partition: Partition;
}

/** Tests points `x0 y0 x1 y1 …`. */
export function test({ sae, open, partition }: Subject, points: Float32Array): Tally {
  const tally: Tally = { tested: 0, mismatches: 0, ties: 0 };
  const n = sae.dSae;
  const [codes, pre] = [sae.encode(points), open.encode(points)];
  for (let row = 0; row < points.length / 2; row++) {
    const own = (values: Float32Array): Float32Array => values.subarray(row * n, (row + 1) * n);
    tally.tested++;
    if (margin(sae.activation, own(pre)) < TIE) {
      tally.ties++;
      continue;
    }
    const cell = partition.locate(points[2 * row] ?? 0, points[2 * row + 1] ?? 0);
    const owners = cell < 0 ? undefined : partition.owners(cell).join();
    if (owners !== activeOf(own(codes)).join()) tally.mismatches++;
  }
  return tally;
}

@customElement('splinterp-tally')
export class TallyElement extends LitElement {
  static override styles = [shared];

  @property({ attribute: false }) subject: Subject | undefined;
  @property({ attribute: false }) box: Box = [0, 0, 1, 1];
  /** Takes the points of each batch, to draw them. */
  @property({ attribute: false }) batch: (points: Float32Array) => void = () => undefined;

  @state() private running = !matchMedia('(prefers-reduced-motion: reduce)').matches;
  @state() private tally: Tally = { tested: 0, mismatches: 0, ties: 0 };

  private readonly next = random(1);
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
    const [x0, y0, x1, y1] = this.box;
    const points = Float32Array.from({ length: 2 * BATCH }, (_, i) =>
      i % 2 === 0 ? x0 + this.next() * (x1 - x0) : y0 + this.next() * (y1 - y0),
    );
    const found = test(this.subject, points);
    this.tally = {
      tested: this.tally.tested + found.tested,
      mismatches: this.tally.mismatches + found.mismatches,
      ties: this.tally.ties + found.ties,
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
