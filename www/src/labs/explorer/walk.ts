// A walk from row A to row B: every face that the straight way crosses, the error between them, and what is
// reconstructed along it.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { ref } from 'lit/directives/ref.js';
import type { CsvTable } from '../../gallery/frame/export';
import type { Drawing } from '../../gallery/frame/painter';
import { View } from '../../gallery/frame/view';
import { count, fixed, measured } from '../../kit/format';
import { Latest } from '../../kit/latest';
import { paintOne } from '../../kit/paint';
import { greyTable } from '../../kit/theme';
import { nameOf } from './picture';
import { PictureElement } from './picture-element';
import type { ShownRow, Walk, WalkFrame } from './protocol';
import { boundsOf, drawWalk, errorAt, HEIGHT } from './walk-picture';

/** Pictures of the film strip. */
const FRAMES = 11;
/** Steps of the scrubber. */
const STEPS = 1000;

@customElement('explorer-walk')
export class ExplorerWalk extends PictureElement {
  static override styles = [
    PictureElement.styles,
    css`
      .film {
        display: grid;
        grid-template-columns: repeat(${FRAMES}, minmax(0, 1fr));
        gap: 3px;
        margin-top: 6px;
      }
      .film canvas,
      .now canvas {
        width: 100%;
        aspect-ratio: 1;
        outline: 1px solid var(--line);
      }
      .film span {
        overflow: hidden;
        font-size: 0.72rem;
        text-align: center;
        text-overflow: ellipsis;
      }
      input[type='range'] {
        display: block;
        width: calc(100% - 8px);
        margin: 0 4px;
      }
      .now {
        display: flex;
        gap: 10px;
        align-items: center;
        font-size: 0.8rem;
        min-height: 56px;
      }
      .now canvas {
        width: 52px;
        flex: none;
      }
    `,
  ];

  override readonly name = 'explorer-walk';
  @state() private walk: Walk | undefined;
  @state() private film: readonly WalkFrame[] = [];
  @state() private now: WalkFrame | undefined;
  @state() private failure: string | undefined;
  /** What the walk is of, and what was looked at last. */
  private key = '';
  private looked = '';
  private readonly latest = new Latest();
  private readonly scrubbing = new Latest();

  override get heading(): string {
    return `Walk of ${this.explorer.titleOf(this.model)}`;
  }

  override get view(): View {
    const width = Math.max(1, this.width);
    return new View([0, 0, width, HEIGHT], width);
  }

  private get ends(): { from: number; to: number } {
    const [from = 0, to = 1] = this.explorer.state.picks;
    return { from, to };
  }

  protected override updated(): void {
    super.updated();
    this.follow();
  }

  /** Walks anew when the rows or the model are others. */
  private follow(): void {
    const { explorer, model, ends } = this;
    const epoch = explorer.epochOf(model);
    if (!this.seen.visible || epoch === undefined) return;
    const looked = JSON.stringify([model, epoch, ends, this.at]);
    if (looked !== this.looked) {
      this.looked = looked;
      this.look();
    }
    const key = JSON.stringify([model, epoch, ends]);
    if (key === this.key) return;
    this.key = key;
    this.latest.ask(async () => {
      this.failure = undefined;
      const failure = await explorer.attempt(model, async (worker) => {
        const at = Array.from({ length: FRAMES }, (_, i) => i / (FRAMES - 1));
        this.walk = await worker.walk({ model, ...ends });
        this.film = await worker.frames({ model, ...ends, at });
      });
      this.failure = failure;
    });
  }

  /** The part of the way that is looked at. */
  private get at(): number {
    return this.explorer.state.walked;
  }

  /** Asks for what lies there. */
  private look(): void {
    const { model, ends, at } = this;
    this.scrubbing.ask(async () => {
      await this.explorer.attempt(model, async (worker) => {
        [this.now] = await worker.frames({ model, ...ends, at: [at] });
      });
    });
  }

  protected override draw(drawing: Drawing, live: boolean): void {
    if (this.walk) drawWalk(drawing, this.walk, live ? this.at : undefined);
  }

  protected override describe(): string {
    const { walk } = this;
    if (!walk) return 'No walk yet';
    const jump = walk.jump.reduce((m, each) => Math.max(m, each), 0);
    return (
      `From ${nameOfRow(walk.from)} to ${nameOfRow(walk.to)}, ${measured(walk.length)} apart, ` +
      `the straight way crosses ${count(walk.t.length)} faces; the largest jump is ${measured(jump)}`
    );
  }

  override csv(): CsvTable {
    const header = ['from t', 'to t', 'a', 'b', 'c', 'leaving at its end', 'entering at its end', 'jump at its end'];
    const { walk } = this;
    if (!walk) return { header, rows: [] };
    const bounds = boundsOf(walk);
    const rows = bounds
      .slice(1)
      .map((to, i) => [
        bounds[i] ?? 0,
        to,
        ...walk.squaredError.subarray(3 * i, 3 * i + 3),
        ...[walk.leaving[i], walk.entering[i], walk.jump[i]].map((value) => value ?? ''),
      ]);
    return { header, rows };
  }

  override render(): TemplateResult {
    const { explorer, model, walk } = this;
    return html`<div class="head">
        <h3><span class="chip ${model}">${explorer.titleOf(model)}</span></h3>
        <span class="small number muted" data-testid="breakpoints">${walk ? `${count(walk.t.length)} faces` : ''}</span>
        ${this.menu.render()}
      </div>
      <div class="stage">${this.picture()}</div>
      <input
        type="range"
        min="0"
        max=${STEPS}
        .value=${String(Math.round(this.at * STEPS))}
        aria-label="Part of the way from A to B"
        aria-valuetext=${this.inWords()}
        data-testid="scrub"
        @input=${(event: Event) => explorer.set({ walked: Number((event.target as HTMLInputElement).value) / STEPS })}
      />
      ${this.film.some(({ output }) => output) ? this.strip() : this.words()}
      <div class="now number">${this.nowTemplate()}</div>
      ${this.failure === undefined ? nothing : html`<p class="small note failure" role="alert">${this.failure}</p>`}
      ${this.told === '' ? nothing : html`<p class="small note" role="status">${this.told}</p>`}`;
  }

  private inWords(): string {
    const { walk, at } = this;
    const dims = walk?.dims ?? 1;
    return walk ? `${fixed(100 * at, 1)} %: MSE ${measured(errorAt(walk, at) / dims)}` : '';
  }

  private nowTemplate(): TemplateResult {
    const { now } = this;
    return html`${now ? html`${image(now.input, 'Point of the way')} ${image(now.output, 'Its reconstruction')}` : nothing}
      <span
        >At
        ${this.inWords()}${
          now ? html`<br /><span class="muted">Active: ${now.active.slice(0, 24).join(', ') || 'none'}</span>` : nothing
        }</span
      >`;
  }

  private strip(): TemplateResult {
    return html`<div class="film" role="img" aria-label="Reconstructions along the way, from A to B">
      ${this.film.map(({ output, t }) => image(output, `At ${fixed(100 * t, 0)} %`))}
    </div>`;
  }

  /** The row nearest to the reconstruction, along the way. */
  private words(): TemplateResult {
    return html`<div class="film" role="group" aria-label="Rows nearest to the reconstruction, from A to B">
      ${this.film.map(({ nearest }) => html`<span title=${nearest[0]?.token ?? ''}>${nearest[0]?.token ?? ''}</span>`)}
    </div>`;
  }
}

function nameOfRow({ number, label, token }: ShownRow): string {
  return nameOf({ number, label, token: token?.token });
}

function image(pixels: Uint8ClampedArray | undefined, label: string): TemplateResult | typeof nothing {
  if (!pixels) return nothing;
  const side = Math.round(Math.sqrt(pixels.length));
  return html`<canvas
    role="img"
    aria-label=${label}
    ${ref((canvas) => {
      if (canvas instanceof HTMLCanvasElement) {
        paintOne(canvas, Uint8ClampedArray.from(pixels), side, side, greyTable());
      }
    })}
  ></canvas>`;
}
