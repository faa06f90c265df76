// The explorer's page on images.

import { ContextProvider } from '@lit/context';
import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { connect } from '../../kit/remote';
import { field } from '../../lab/fields';
import '../../lab/kept-list';
import { LabPage, pageStyles } from '../../lab/page';
import { progressOf, type Progress } from '../../lab/progress';
import { MnistController } from '../mnist/controller';
import { mnistContext } from '../mnist/element';
import '../mnist/explorer';
import type { MnistService } from '../mnist/protocol';
import { common, more } from '../mnist/settings';
import script from '../mnist/worker/mnist.worker?worker&url';
import { addressWith } from './address';
import { sources } from './sources';

/** Two runs of a few epochs: seconds, on a tenth of MNIST. */
const AT_FIRST = '#runs=sgd-untied,pam-recommended&epochs=5';

@customElement('explorer-mnist')
export class ExplorerMnist extends LabPage {
  static override styles = [
    ...pageStyles,
    css`
      :host {
        --side: 0px;
        --other-side: 0px;
      }
    `,
  ];

  protected override readonly lab = new MnistController(
    {
      address: addressWith(AT_FIRST),
      connect: () => connect<MnistService>(script),
      autoplay: !matchMedia('(prefers-reduced-motion: reduce)').matches,
      base: document.baseURI,
    },
    () => localStorage,
  );

  constructor() {
    super();
    new ContextProvider(this, { context: mnistContext, initialValue: this.lab });
  }

  protected override readonly progress = (): Progress => progressOf(this.lab, 'images');

  protected override readonly fields = (): { common: unknown[]; more: unknown[] } => {
    const standIn = this.lab.session?.runs.find(({ options }) => options.method === 'pam')?.options.alpha;
    return {
      common: common.map((each) => field(this.lab, each, standIn)),
      more: more.map((each) => field(this.lab, each, standIn)),
    };
  };

  protected override content(): TemplateResult[] {
    const explorer = html`<mnist-explorer class="whole" large></mnist-explorer>`;
    if (this.embedded) return [explorer];
    return [html`<div class="whole">${sources(this.lab.session?.info.dataName ?? 'images', 'mnist')}</div>`, explorer];
  }
}
