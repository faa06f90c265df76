// The bar of a lab that keeps in view: reset, play, step, cancel, the epoch and its progress.

import { css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { shared } from '../kit/styles';
import { ControlledElement } from './element';
import { icons } from './icons';

/** What the trainers are doing. */
export type Phase = 'starting' | 'resting' | 'playing' | 'pausing';

/** A controller whose runs can be played like a tape. */
export interface Player extends EventTarget {
  readonly phase: Phase;
  /** Epochs done. */
  readonly epoch: number;
  readonly state: { readonly epochs: number };
  enter(key: 'epochs', text: string): void;
  reset(): void;
  play(): Promise<void>;
  pause(): void;
  step(): Promise<void>;
  cancel(): void;
}

@customElement('lab-transport')
export class Transport extends ControlledElement<Player> {
  static override styles = [
    shared,
    css`
      /* Without a box of its own, its sticky part keeps in view as long as the lab is. */
      :host {
        display: contents;
      }
      .sticky {
        position: sticky;
        top: 0;
        z-index: 5;
        background: color-mix(in srgb, var(--paper) 92%, transparent);
        backdrop-filter: blur(8px);
        border-bottom: 1px solid var(--line);
        padding: 10px var(--gutter);
      }
      .transport {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px 14px;
        max-width: var(--page);
        margin: 0 auto;
      }
      .buttons {
        display: flex;
        gap: 8px;
        align-items: center;
      }
      .buttons button {
        display: inline-flex;
        align-items: center;
        justify-content: center;
        gap: 6px;
        min-height: 40px;
      }
      .play {
        min-width: 104px;
        background: var(--accent);
        color: var(--on-accent);
        border-color: var(--accent);
        font-weight: 600;
      }
      .play:hover:not(:disabled) {
        color: var(--on-accent);
        filter: brightness(1.1);
      }
      svg {
        width: 16px;
        height: 16px;
        fill: currentColor;
      }
      .epoch {
        display: flex;
        align-items: baseline;
        gap: 6px;
      }
      .epoch b {
        font-size: 1.5rem;
        font-weight: 600;
        min-width: 2ch;
        text-align: right;
      }
      .epoch input {
        width: 64px;
      }
      .progress {
        flex: 1 1 180px;
        min-width: 140px;
      }
      .left {
        min-height: 1.3em;
        margin-top: 3px;
      }
      @media (max-width: 760px) {
        .sticky {
          padding-block: 8px;
        }
        /* Still there for screen readers. */
        .word {
          position: absolute;
          width: 1px;
          height: 1px;
          overflow: hidden;
          clip-path: inset(50%);
        }
        .buttons {
          gap: 6px;
        }
        .buttons button {
          padding: 0 11px;
        }
        .buttons .play {
          min-width: 88px;
        }
        .epoch b {
          font-size: 1.2rem;
        }
        .epoch input {
          width: 54px;
          padding-right: 2px;
        }
        .progress {
          flex-basis: 100%;
        }
      }
    `,
  ];

  /** How far the work in hand is, in words and as a share of 1. */
  @property({ attribute: false }) telling!: () => { text: string; share: number };

  protected override readonly topics = ['change', 'progress'] as const;

  override render(): TemplateResult {
    const { state, phase, epoch } = this.lab;
    const running = phase === 'playing' || phase === 'pausing';
    const { text, share } = this.telling();
    return html`
      <div class="sticky">
        <div class="transport" role="group" aria-label="Training">
          <div class="buttons">
            <button data-testid="reset" @click=${() => this.lab.reset()} ?disabled=${phase === 'starting'}>
              ${icons.reset}<span class="word">Reset</span>
            </button>
            ${
              phase === 'playing'
                ? html`<button class="play" data-testid="play" @click=${() => this.lab.pause()}>
                    ${icons.pause}Pause
                  </button>`
                : html`<button
                    class="play"
                    data-testid="play"
                    @click=${() => void this.lab.play()}
                    ?disabled=${phase === 'starting'}
                  >
                    ${icons.play}Play
                  </button>`
            }
            <button
              data-testid="step"
              @click=${() => void this.lab.step()}
              ?disabled=${running || phase === 'starting'}
            >
              ${icons.step}<span class="word">Step</span>
            </button>
            <button
              data-testid="cancel"
              @click=${() => this.lab.cancel()}
              ?disabled=${!running}
              title="Give up the epoch in hand"
            >
              ${icons.cancel}<span class="word">Cancel</span>
            </button>
          </div>
          <div class="epoch number">
            <span class="word">Epoch</span> <b data-testid="epoch">${epoch}</b>
            <label for="epochs">of</label>
            <input
              id="epochs"
              type="number"
              min="1"
              max="1000"
              .value=${String(state.epochs)}
              @change=${(event: Event) => this.setEpochs(event.target as HTMLInputElement)}
            />
          </div>
          <div class="progress">
            <progress aria-label="Progress within the epoch" max="1" .value=${share}></progress>
            <div class="left small muted number" data-testid="time-left">${text}</div>
          </div>
        </div>
      </div>
    `;
  }

  private setEpochs(input: HTMLInputElement): void {
    this.lab.enter('epochs', input.value);
    input.value = String(this.lab.state.epochs);
  }
}
