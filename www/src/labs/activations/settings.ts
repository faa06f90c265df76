// The control bar of the activations lab: transport and progress; below it what the model is and how it trains.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { settingsStyles } from '../../lab/bar-styles';
import { field } from '../../lab/fields';
import '../../lab/transport';
import { count, duration, measured } from '../../kit/format';
import { runNames, shared } from '../../kit/styles';
import { ActivationsElement } from './element';
import { common, more } from './fields';

@customElement('acts-settings')
export class ActsSettings extends ActivationsElement {
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
    const { lab } = this;
    const start = {
      key: 'from',
      label: 'Start from',
      choices: { random: 'random weights', imported: 'the imported SAE' },
    } as const;
    return html`
      <lab-transport .lab=${lab} .telling=${this.telling}></lab-transport>
      <div class="settings">
        <div class="model">
          <div class="fields" role="group" aria-label="Model">
            ${lab.files.imported === undefined ? nothing : field(lab, start, undefined)}
            ${common.map((each) => field(lab, each, this.standIn(each.key)))}
          </div>
          <details>
            <summary>More settings</summary>
            <div class="fields" role="group" aria-label="More settings">
              ${more.map((each) => field(lab, each, this.standIn(each.key)))}
            </div>
          </details>
        </div>
      </div>
    `;
  }

  /** What stands where a value is left to the program. */
  private standIn(key: string): string | undefined {
    const { pam, sgd } = this.lab.info?.options ?? {};
    const options = pam ?? sgd;
    if (!options) return undefined;
    switch (key) {
      case 'dSae':
        return String(options.dSae);
      case 'k':
        return options.activation.kind === 'topk' ? String(options.activation.k) : undefined;
      case 'alpha':
        return measured(options.alpha);
      default:
        return undefined;
    }
  }

  private readonly telling = (): { text: string; share: number } => ({
    text: this.progressText,
    share: this.lab.features.measuring?.share ?? this.lab.progress?.share ?? 0,
  });

  private get progressText(): string {
    const { phase, progress, timeLeft, epoch, state, info, features, ablations } = this.lab;
    if (phase === 'starting') return 'Loading …';
    if (ablations.running && phase === 'resting') return 'An ablation runs';
    if (features.measuring) {
      const { share, left } = features.measuring;
      return `Measuring features: ${Math.round(share * 100)} %${left === undefined ? '' : ` · ${duration(left)} left`}`;
    }
    if (phase === 'resting') {
      if (epoch >= state.epochs) {
        return state.recipe === 'recommended'
          ? 'Done. Play trains anew, for ten epochs more.'
          : 'Done. Play goes on for ten epochs more.';
      }
      return info && epoch === 0 ? `Ready: ${count(info.trainRows)} rows to train on` : 'Paused';
    }
    const parts = [
      progress ? `${runNames[progress.method]}, epoch ${progress.epoch}: ${Math.round(progress.share * 100)} %` : '',
      phase === 'pausing' ? 'pausing after this epoch' : timeLeft === undefined ? '' : `${duration(timeLeft)} left`,
    ];
    return parts.filter((part) => part !== '').join(' · ');
  }
}
