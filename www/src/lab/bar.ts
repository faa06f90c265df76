// The control bar: reset, play, step, progress; below it what the model is and how it trains.

import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { count, duration } from '../shell/format';
import { runNames, shared } from '../style/shared';
import { LabElement } from './element';
import { common, field, more } from './fields';
import { icons } from './icons';

@customElement('lab-bar')
export class LabBar extends LabElement {
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
      .transport,
      .fields {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: 8px 14px;
      }
      .transport,
      .model {
        max-width: var(--page);
        margin: 0 auto;
      }
      .transport {
        align-items: center;
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
      progress {
        display: block;
        width: 100%;
        height: 6px;
        border: 0;
        border-radius: 3px;
        overflow: hidden;
        background: var(--line);
        appearance: none;
      }
      progress::-webkit-progress-bar {
        background: var(--line);
      }
      progress::-webkit-progress-value {
        background: var(--accent);
      }
      progress::-moz-progress-bar {
        background: var(--accent);
      }
      .left {
        min-height: 1.3em;
        margin-top: 3px;
      }
      .field {
        display: flex;
        flex-direction: column;
        gap: 2px;
      }
      .field label,
      .check label {
        font-size: 0.75rem;
        color: var(--muted);
      }
      .field input {
        width: 88px;
      }
      .check {
        display: flex;
        align-items: center;
        gap: 7px;
        min-height: 34px;
      }
      .check input {
        width: 18px;
        height: 18px;
        accent-color: var(--accent);
      }
      summary {
        cursor: pointer;
        color: var(--accent);
        font-size: 0.867rem;
        padding: 6px 0;
        width: max-content;
      }
      .settings {
        padding: 12px var(--gutter) 0;
      }
      details .fields {
        padding: 4px 0 6px;
      }
      .wide {
        display: contents;
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

  protected override readonly topics = ['change', 'progress'] as const;

  override render(): TemplateResult {
    const { state, phase } = this.lab;
    const running = phase === 'playing' || phase === 'pausing';
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
            <span class="word">Epoch</span> <b data-testid="epoch">${this.lab.epoch}</b>
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
            <progress aria-label="Progress within the epoch" max="1" .value=${this.epochShare}></progress>
            <div class="left small muted number" data-testid="time-left">${this.progressText}</div>
          </div>
        </div>
      </div>
      <div class="settings">
        <div class="model">
          <div class="fields" role="group" aria-label="Model">${common.map((each) => field(this.lab, each))}</div>
          <details>
            <summary>More settings</summary>
            <div class="fields" role="group" aria-label="More settings">
              ${more.map((each) => field(this.lab, each))}
            </div>
          </details>
        </div>
      </div>
    `;
  }

  private get epochShare(): number {
    if (this.lab.loading) return this.lab.loading.share ?? 0;
    return this.lab.progress?.share ?? 0;
  }

  private get progressText(): string {
    const { loading, phase, progress, timeLeft, epoch, state, info } = this.lab;
    if (loading) {
      const share = loading.share === undefined ? '' : ` · ${Math.round(loading.share * 100)} %`;
      return `Loading ${loading.name}${share}`;
    }
    if (phase === 'starting') return 'Loading …';
    if (phase === 'resting') {
      if (epoch >= state.epochs) return 'Done. Play goes on for ten epochs more.';
      return info && epoch === 0 ? `Ready: ${count(info.trainRows)} images to train on` : 'Paused';
    }
    const parts = [
      progress ? `${runNames[progress.method]}, epoch ${progress.epoch}: ${Math.round(progress.share * 100)} %` : '',
      phase === 'pausing' ? 'pausing after this epoch' : timeLeft === undefined ? '' : `${duration(timeLeft)} left`,
    ];
    return parts.filter((part) => part !== '').join(' · ');
  }

  private setEpochs(input: HTMLInputElement): void {
    this.lab.enter('epochs', input.value);
    input.value = String(this.lab.state.epochs);
  }
}
