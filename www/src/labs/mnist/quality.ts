// The measures of the lab's runs on its test images.

import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { titleOf } from '../../kit/runs';
import { shared } from '../../kit/styles';
import '../../lab/quality/view';
import { MnistElement } from './element';

@customElement('mnist-quality')
export class MnistQuality extends MnistElement {
  static override styles = [shared];

  override render(): TemplateResult {
    const { session } = this.lab;
    const models = (session?.runs ?? []).map(({ name, epochs }) => ({
      ...{ name, title: titleOf(name), epoch: epochs, units: 'normalised' },
    }));
    return html`<quality-view
      one="image"
      rows=${String(session?.id)}
      .models=${models}
      .measure=${async (name: string) => session && this.lab.ask((worker) => worker.quality(session.id, name))}
    ></quality-view>`;
  }
}
