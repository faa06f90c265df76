// The control bar: transport and progress; below it what the model is and how it trains.

import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { settingsStyles } from '../../lab/bar-styles';
import { field } from '../../lab/fields';
import '../../lab/transport';
import { count, duration, measured } from '../../kit/format';
import { runNames, shared } from '../../kit/styles';
import { LabElement } from './element';
import { common, more } from './fields';

@customElement('lab-bar')
export class LabBar extends LabElement {
  static override styles = [
    shared,
    settingsStyles,
    css`
      /* Without a box of its own, its sticky part keeps in view as long as the lab is. */
      :host {
        display: contents;
      }
    `,
  ];

  override render(): TemplateResult {
    const standIn = measured(this.lab.info?.options.pam.alpha);
    return html`
      <lab-transport .lab=${this.lab} .telling=${this.telling}></lab-transport>
      <div class="settings">
        <div class="model">
          <div class="fields" role="group" aria-label="Model">
            ${common.map((each) => field(this.lab, each, standIn))}
          </div>
          <details>
            <summary>More settings</summary>
            <div class="fields" role="group" aria-label="More settings">
              ${more.map((each) => field(this.lab, each, standIn))}
            </div>
          </details>
        </div>
      </div>
    `;
  }

  private readonly telling = (): { text: string; share: number } => ({
    text: this.progressText,
    share: this.lab.loading ? (this.lab.loading.share ?? 0) : (this.lab.progress?.share ?? 0),
  });

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
}
