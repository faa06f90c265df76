// The explorer's page on activations: the bundled tokens, the user's rows, the user's SAE.

import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { Address } from '../../lab/address';
import { field } from '../../lab/fields';
import '../../lab/kept-list';
import { pageStyles } from '../../lab/page';
import { progressOf, type Progress } from '../../lab/progress';
import '../activations/explorer';
import '../activations/files/data';
import '../activations/files/inspection';
import { ActivationsPage } from '../activations/page';
import { common, more } from '../activations/settings';
import { activationsAddress } from './address';
import { sources } from './sources';

@customElement('explorer-activations')
export class ExplorerActivations extends ActivationsPage {
  static override styles = [
    ...pageStyles,
    css`
      :host {
        --side: 264px;
        --other-side: 0px;
      }
    `,
  ];

  protected override get address(): Address {
    return activationsAddress;
  }

  protected override readonly progress = (): Progress => progressOf(this.lab, 'rows');

  protected override readonly fields = (): { common: unknown[]; more: unknown[] } => ({
    common: common.map((each) => field(this.lab, each, undefined)),
    more: more.map((each) => field(this.lab, each, undefined)),
  });

  protected override content(): TemplateResult[] {
    const { lab } = this;
    const explorer = html`<acts-explorer class="whole" large></acts-explorer>`;
    if (this.embedded) return [explorer];
    return [
      html`<div class="whole">${sources(lab.session?.info.data.name ?? 'activations', 'activations')}</div>`,
      html`<acts-inspection class="whole data" ?hidden=${!lab.files.opened}></acts-inspection>`,
      explorer,
      html`<acts-data class="whole data"></acts-data>`,
    ];
  }
}
