// The measures of the lab's runs, and of an SAE that was imported, on the test rows.

import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { titleOf } from '../../kit/runs';
import { shared } from '../../kit/styles';
import { STORED } from '../../lab/quality/figures';
import '../../lab/quality/view';
import { ActivationsElement } from './element';

@customElement('acts-quality')
export class ActsQuality extends ActivationsElement {
  static override styles = [shared];

  override render(): TemplateResult {
    const { session, models, files, state } = this.lab;
    const units = state.standardise ? 'standardised' : STORED;
    const offered = models.map((name) =>
      name === 'imported'
        ? { name, title: 'imported', epoch: undefined, units: STORED }
        : { name, title: titleOf(name), epoch: session?.run(name)?.epochs ?? 0, units },
    );
    return html`<quality-view
      rows="${session?.id} ${files.given.sae}"
      .models=${session ? offered : []}
      .measure=${async (name: string) => session && this.lab.ask((worker) => worker.quality(session.id, name))}
    ></quality-view>`;
  }
}
