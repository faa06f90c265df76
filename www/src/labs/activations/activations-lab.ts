// The activations lab: the user's own rows, an SAE on them, its features, and its export.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { duration, percent } from '../../kit/format';
import '../../lab/curves';
import '../../lab/experiments/panel';
import { field } from '../../lab/fields';
import '../../lab/kept-list';
import { pageStyles } from '../../lab/page';
import { progressOf, type Progress } from '../../lab/progress';
import '../../lab/results';
import '../../lab/variants/panel';
import './compare/panel';
import type { Ablation } from './experiments';
import './explorer';
import './features/distributions';
import './features/known';
import './features/panel';
import './files/data';
import './files/export';
import './files/inspection';
import { ActivationsPage } from './page';
import './quality';
import { common, more } from './settings';

@customElement('activations-lab')
export class ActivationsLab extends ActivationsPage {
  static override styles = [
    ...pageStyles,
    css`
      :host {
        --side: 264px;
        --other-side: 280px;
      }
    `,
  ];

  protected override readonly progress = (): Progress => {
    const { features, experiments, files, phase } = this.lab;
    if (files.loading) return { text: `Reading ${files.loading.name}`, share: files.loading.progress.share };
    if (experiments.running && phase === 'resting') return { text: 'An experiment is running', share: 0 };
    if (!features.measuring) return progressOf(this.lab, 'rows');
    const { share, left } = features.measuring;
    const until = left === undefined ? '' : ` · ${duration(left)} left`;
    return { text: `Measuring features: ${percent(share)}${until}`, share };
  };

  protected override readonly fields = (): { common: unknown[]; more: unknown[] } => {
    const { lab } = this;
    const choices = {
      random: 'random weights',
      ...(lab.files.imported === undefined ? {} : { imported: 'the imported SAE' }),
      ...(lab.files.given.checkpoint === 0 ? {} : { checkpoint: 'the checkpoint' }),
    };
    const start = { key: 'from', label: 'Start from', choices } as const;
    return {
      common: [
        Object.keys(choices).length > 1 ? field(lab, start, undefined) : nothing,
        ...common.map((each) => field(lab, each, this.standIn(each.key))),
      ],
      more: more.map((each) => field(lab, each, this.standIn(each.key))),
    };
  };

  /** What stands where a value is left to the program. */
  private standIn(key: string): number | undefined {
    const { session } = this.lab;
    const options = (session?.run('pam') ?? session?.runs[0])?.options;
    switch (key) {
      case 'dSae':
        return options?.dSae;
      case 'k':
        return options?.activation.kind === 'topk' ? options.activation.k : undefined;
      case 'alpha':
        return options?.alpha;
      default:
        return undefined;
    }
  }

  protected override content(): TemplateResult[] {
    const { lab } = this;
    const { state } = lab;
    const { summary } = lab.features;
    return [
      html`<acts-inspection class="whole data" ?hidden=${!lab.files.opened}></acts-inspection>`,
      html`<acts-data class="data"></acts-data>`,
      html`<lab-curves
        .tries=${html`Try
          <a href=${lab.linkTo({ share: state.share === 10 ? 100 : 10 })}
            >${state.share === 10 ? 'all' : '10 %'} of the rows</a
          >, or
          <a href=${lab.linkTo({ recipe: state.recipe === 'paper-llm' ? 'recommended' : 'paper-llm' })}
            >${state.recipe === 'paper-llm' ? 'the recommended schedule' : 'the schedule of the paper’s script'}</a
          >.`}
      ></lab-curves>`,
      html`<lab-results></lab-results>`,
      html`<feature-panel class="whole"></feature-panel>`,
      html`<acts-known class="whole" ?hidden=${!summary || summary.known.length === 0}></acts-known>`,
      html`<acts-distributions class="whole" ?hidden=${!summary}></acts-distributions>`,
      html`<acts-quality class="whole"></acts-quality>`,
      html`<acts-compare class="whole"></acts-compare>`,
      html`<acts-explorer class="whole"></acts-explorer>`,
      html`<lab-experiments
        class="whole"
        heading="The paper’s ablations"
        .experiments=${lab.experiments}
        .show=${(figure: Ablation) => lab.change({ figure })}
        .note=${`Each trains SGD and PAM-SGD at several settings, for ${state.epochs} epochs from ${state.from === 'imported' ? 'the imported SAE' : 'random weights'}; the values of k keep the paper’s proportions.`}
      ></lab-experiments>`,
      html`<acts-export class="whole"></acts-export>`,
    ];
  }
}
