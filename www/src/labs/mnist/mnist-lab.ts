// The MNIST lab: SGD and PAM-SGD trained side by side on images, with their curves, numbers and pictures.

import { ContextProvider } from '@lit/context';
import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { connect } from '../../kit/remote';
import { pageAddress } from '../../lab/address';
import '../../lab/curves';
import { field } from '../../lab/fields';
import { LabPage, pageStyles } from '../../lab/page';
import { progressOf, type Progress } from '../../lab/progress';
import '../../lab/results';
import { methods } from '../../lab/protocol';
import './codes';
import { MnistController } from './controller';
import './data';
import './digits';
import { mnistContext } from './element';
import './filters';
import { mnistFiles } from './manifest';
import type { MnistService } from './protocol';
import { common, more } from './settings';
import script from './worker/mnist.worker?worker&url';

@customElement('mnist-lab')
export class MnistLab extends LabPage {
  static override styles = [
    ...pageStyles,
    css`
      :host {
        --side: 240px;
        --other-side: 300px;
      }
      @media (max-width: 760px) {
        lab-data {
          order: 1;
        }
      }
    `,
  ];

  protected override readonly lab = new MnistController({
    address: pageAddress,
    connect: () => connect<MnistService>(script),
    autoplay: !matchMedia('(prefers-reduced-motion: reduce)').matches,
    base: document.baseURI,
  });

  constructor() {
    super();
    new ContextProvider(this, { context: mnistContext, initialValue: this.lab });
    mnistFiles(document.baseURI).then(
      (names) => this.lab.offerMnist(names.length > 0),
      () => this.lab.offerMnist(false),
    );
  }

  protected override readonly progress = (): Progress => progressOf(this.lab, 'images');

  protected override readonly fields = (): { common: unknown[]; more: unknown[] } => {
    const standIn = this.lab.session?.run('pam')?.options.alpha;
    return {
      common: common.map((each) => field(this.lab, each, standIn)),
      more: more.map((each) => field(this.lab, each, standIn)),
    };
  };

  protected override content(): TemplateResult[] {
    const { state } = this.lab;
    return [
      html`<lab-data class="data"></lab-data>`,
      html`<lab-curves
        .tries=${html`Try
          <a href=${this.lab.linkTo({ tied: !state.tied })}>${state.tied ? 'untied' : 'tied'} weights for SGD</a>, or
          <a href=${this.lab.linkTo({ updates: state.updates === 1 ? 5 : 1 })}
            >${state.updates === 1 ? 'five encoder updates' : 'one encoder update'} per batch</a
          >.`}
      ></lab-curves>`,
      html`<lab-results one="image"></lab-results>`,
      html`<lab-digits class="whole"></lab-digits>`,
      html`<div class="whole halves">${methods.map((run) => html`<lab-filters run=${run}></lab-filters>`)}</div>`,
      html`<lab-codes class="whole"></lab-codes>`,
    ];
  }
}
