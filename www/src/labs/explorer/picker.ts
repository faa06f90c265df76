// What the plane goes through: its kind, the rows that are picked, the latents whose directions span it, and its turn.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { ref } from 'lit/directives/ref.js';
import { fixed } from '../../kit/format';
import { paintOne } from '../../kit/paint';
import { shared } from '../../kit/styles';
import { greyTable } from '../../kit/theme';
import { ExplorerElement } from './element';
import { nameOf } from './picture';
import { shades, type Shade, type ShownRow } from './protocol';
import { planeKinds, zoomed, type ExploreState } from './settings';

/** Rows that are offered at once. */
const OFFERED = 40;
const letters = ['A', 'B', 'C'] as const;

const kindNames: Readonly<Record<ExploreState['plane'], string>> = {
  rows: 'three rows',
  components: 'principal components',
  latents: 'a row and two latents',
};

const shadeNames: Readonly<Record<Shade, string>> = {
  identity: 'cell',
  leading: 'leading latent',
  l0: 'l0',
  error: 'error',
};

@customElement('explorer-picker')
export class ExplorerPicker extends ExplorerElement {
  static override styles = [
    shared,
    css`
      .fields {
        display: flex;
        flex-wrap: wrap;
        gap: 10px 18px;
        align-items: end;
        font-size: 0.867rem;
      }
      .field {
        display: flex;
        flex-direction: column;
        gap: 2px;
        min-width: 0;
      }
      .field > span,
      .field > label {
        font-size: 0.8rem;
        color: var(--muted);
      }
      .picks {
        display: flex;
        gap: 6px;
      }
      .pick {
        display: flex;
        gap: 6px;
        align-items: center;
        max-width: 150px;
        padding: 2px 8px;
        white-space: nowrap;
        overflow: hidden;
      }
      canvas {
        width: 28px;
        height: 28px;
        flex: none;
      }
      input[type='range'] {
        width: 130px;
        min-height: 34px;
        margin: 0;
        accent-color: var(--accent);
      }
      input[type='number'] {
        width: 84px;
      }
      .choices {
        margin-top: 10px;
        padding: 10px;
        border: 1px solid var(--line);
        border-radius: 8px;
      }
      .choices input {
        min-height: 34px;
        border: 1px solid var(--field);
        border-radius: 7px;
        background: var(--panel);
        padding: 0 10px;
        margin: 0 8px 8px 0;
      }
      .rows {
        display: flex;
        flex-wrap: wrap;
        gap: 4px;
        max-height: 220px;
        overflow-y: auto;
      }
      .rows button {
        display: flex;
        gap: 6px;
        align-items: center;
        padding: 2px 6px;
        font-size: 0.8rem;
      }
    `,
  ];

  /** The pick for which rows are offered. */
  @state() private picking: number | undefined;
  @state() private offered: readonly ShownRow[] = [];
  @state() private search = '';

  private get first(): string {
    return this.explorer.names[0] ?? '';
  }

  override render(): TemplateResult {
    const { explorer } = this;
    const { state } = explorer;
    return html`<div class="fields">
        <div class="field">
          <label for="plane">Plane through</label>
          <select id="plane" data-testid="plane-kind" @change=${this.onKind}>
            ${planeKinds.map(
              (kind) => html`<option value=${kind} ?selected=${kind === state.plane}>${kindNames[kind]}</option>`,
            )}
          </select>
        </div>
        <div class="field">
          <span>Rows${state.plane === 'rows' ? '' : ' of the walk'}</span>
          <div class="picks">${letters.map((letter, i) => this.pick(letter, i))}</div>
        </div>
        ${state.plane === 'latents' ? state.directions.map((latent, i) => this.latent(latent, i)) : nothing}
        ${this.angle('turn', 'Turn', state.turn)} ${this.angle('tilt', 'Tilt', state.tilt)}
        <div class="field">
          <span id="shade">Colour by</span>
          <div class="segments" role="group" aria-labelledby="shade">
            ${shades.map(
              (shade) =>
                html`<button
                  data-testid="shade-${shade}"
                  aria-pressed=${shade === state.shade ? 'true' : 'false'}
                  @click=${() => explorer.set({ shade })}
                >
                  ${shadeNames[shade]}
                </button>`,
            )}
          </div>
        </div>
        <div class="field">
          <span>View</span>
          <div class="picks">
            <button aria-label="Zoom in" @click=${() => this.zoom(0.8)}>+</button>
            <button aria-label="Zoom out" @click=${() => this.zoom(1.25)}>−</button>
            <button data-testid="fit" @click=${() => explorer.set({ window: undefined, turn: 0, tilt: 0 })}>All</button>
          </div>
        </div>
      </div>
      ${this.picking === undefined ? nothing : this.choices(this.picking)}`;
  }

  private zoom(factor: number): void {
    const { window } = this.explorer;
    if (window) this.explorer.set({ window: zoomed(window, factor, window) });
  }

  private pick(letter: string, i: number): TemplateResult | typeof nothing {
    const { state } = this.explorer;
    if (i === 2 && state.plane !== 'rows') return nothing;
    const row = this.explorer.has(this.first) ? this.explorer.thumbnail(this.first, state.picks[i] ?? 0) : undefined;
    const open = this.picking === i;
    return html`<button
      class="pick"
      data-testid="pick-${letter}"
      aria-expanded=${open ? 'true' : 'false'}
      aria-label="Row ${letter}: ${row ? nameOfRow(row) : 'not read yet'}. Pick another."
      @click=${() => void this.open(open ? undefined : i)}
    >
      <b>${letter}</b> ${row ? this.face(row) : '…'}
    </button>`;
  }

  private face(row: ShownRow): TemplateResult {
    const { pixels } = row;
    if (!pixels) return html`${nameOfRow(row)}`;
    const side = Math.round(Math.sqrt(pixels.length));
    return html`<canvas
      aria-hidden="true"
      ${ref((canvas) => {
        if (canvas instanceof HTMLCanvasElement) {
          paintOne(canvas, Uint8ClampedArray.from(pixels), side, side, greyTable());
        }
      })}
    ></canvas>`;
  }

  private async open(picking: number | undefined): Promise<void> {
    this.picking = picking;
    if (picking !== undefined) await this.find();
  }

  private async find(): Promise<void> {
    await this.explorer.attempt(this.first, async (worker) => {
      this.offered = await worker.shown(this.first, { search: this.search, most: OFFERED });
    });
  }

  private choices(picking: number): TemplateResult {
    return html`<div class="choices" role="group" aria-label="Rows for ${letters[picking]}">
      <input
        type="search"
        aria-label="Find rows by label or token"
        placeholder="label or token"
        .value=${this.search}
        @input=${(event: Event) => {
          this.search = (event.target as HTMLInputElement).value;
          void this.find();
        }}
      />
      <div class="rows">
        ${this.offered.map(
          (row) =>
            html`<button
              aria-label="Row ${row.number}, ${nameOfRow(row)}"
              title=${row.token ? `${row.token.before} ${row.token.token} ${row.token.after}` : ''}
              @click=${() => this.choose(picking, row.row)}
            >
              ${this.face(row)}
            </button>`,
        )}
      </div>
    </div>`;
  }

  private choose(picking: number, row: number): void {
    const picks = this.explorer.state.picks.map((each, i) => (i === picking ? row : each));
    this.picking = undefined;
    this.explorer.setPlane({ picks });
  }

  private latent(latent: number, i: number): TemplateResult {
    return html`<div class="field">
      <label for="latent-${i}">Latent ${i + 1}</label>
      <input
        id="latent-${i}"
        type="number"
        min="0"
        step="1"
        .value=${String(latent)}
        @change=${(event: Event) => this.direct(i, Number((event.target as HTMLInputElement).value))}
      />
    </div>`;
  }

  private direct(at: number, latent: number): void {
    if (!Number.isInteger(latent) || latent < 0) return;
    this.explorer.setPlane({ directions: this.explorer.state.directions.map((each, i) => (i === at ? latent : each)) });
  }

  private angle(key: 'turn' | 'tilt', label: string, value: number): TemplateResult {
    return html`<div class="field">
      <label for=${key}>${label} <output class="number">${fixed(value, 0)}°</output></label>
      <input
        id=${key}
        data-testid=${key}
        type="range"
        min="-180"
        max="180"
        step="1"
        .value=${String(value)}
        @input=${(event: Event) => this.turn(key, Number((event.target as HTMLInputElement).value))}
      />
    </div>`;
  }

  private turn(key: 'turn' | 'tilt', value: number): void {
    const { window } = this.explorer;
    this.explorer.set({ ...(key === 'turn' ? { turn: value } : { tilt: value }), ...(window ? { window } : {}) });
  }

  private readonly onKind = (event: Event): void => {
    const plane = planeKinds[(event.target as HTMLSelectElement).selectedIndex];
    if (plane) this.explorer.setPlane({ plane });
  };
}

function nameOfRow({ number, label, token }: ShownRow): string {
  return nameOf({ number, label, token: token?.token });
}
