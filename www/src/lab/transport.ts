// The bar of a lab that keeps in view: reset, play, step, cancel, the epoch and its progress.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { shared } from '../kit/styles';
import { LabElement } from './element';
import { icons } from './icons';
import type { Progress } from './progress';

@customElement('lab-transport')
export class Transport extends LabElement {
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
      .buttons button[aria-disabled='true'] {
        opacity: 0.45;
        cursor: default;
      }
      .play {
        min-width: 104px;
        background: var(--accent);
        color: var(--on-accent);
        border-color: var(--accent);
        font-weight: 600;
      }
      .buttons .play:hover {
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

  /** How far the current work is. */
  @property({ attribute: false }) progress!: () => Progress;

  protected override readonly topics = ['change', 'progress'] as const;

  /** Gives the focus to Play: where a message was dismissed that held it. */
  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>('.play')?.focus();
  }

  override render(): TemplateResult {
    const { state, phase, epoch } = this.lab;
    const ready = phase !== 'starting' && phase !== 'preparing';
    const running = phase === 'playing' || phase === 'pausing';
    const { text, share } = this.progress();
    const pauses = phase === 'playing';
    return html`
      <div class="sticky">
        <div class="transport" role="group" aria-label="Training">
          <div class="buttons">
            ${this.button('reset', ready, () => this.lab.reset(), html`${icons.reset}<span class="word">Reset</span>`)}
            ${this.button(
              'play',
              ready,
              () => (pauses ? this.lab.pause() : this.lab.play()),
              pauses ? html`${icons.pause}Pause` : html`${icons.play}Play`,
            )}
            ${this.button(
              'step',
              ready && !running,
              () => this.lab.step(),
              html`${icons.step}<span class="word">Step</span>`,
            )}
            ${this.button(
              'cancel',
              running,
              () => this.lab.cancel(),
              html`${icons.cancel}<span class="word">Cancel</span>`,
              'Discard the current epoch',
            )}
          </div>
          <div class="epoch number">
            <span class="word">Epoch</span> <b data-testid="epoch">${epoch}</b>
            <span aria-hidden="true">of</span>
            <input
              id="epochs"
              type="number"
              aria-label="Epochs to train"
              min="1"
              max="1000"
              .value=${String(state.epochs)}
              @change=${(event: Event) => this.setEpochs(event.target as HTMLInputElement)}
            />
          </div>
          <div class="progress">
            <progress aria-label="Progress" max="1" .value=${share}></progress>
            <div class="left small muted number" data-testid="time-left">${text}</div>
          </div>
        </div>
      </div>
    `;
  }

  /** A button that keeps the focus while it does not apply, as a disabled one would not. */
  private button(
    name: 'reset' | 'play' | 'step' | 'cancel',
    applies: boolean,
    act: () => void,
    label: TemplateResult,
    title?: string,
  ): TemplateResult {
    return html`<button
      class=${name}
      data-testid=${name}
      title=${title ?? nothing}
      aria-disabled=${applies ? 'false' : 'true'}
      @click=${() => {
        if (applies) act();
      }}
    >
      ${label}
    </button>`;
  }

  private setEpochs(input: HTMLInputElement): void {
    this.lab.enter('epochs', input.value);
    input.value = String(this.lab.state.epochs);
  }
}
