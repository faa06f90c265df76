// Base of the lab's components: each is given the controller and renders anew when it speaks.

import { LitElement } from 'lit';
import { property } from 'lit/decorators.js';
import type { LabController } from './controller';

export abstract class LabElement extends LitElement {
  @property({ attribute: false }) lab!: LabController;

  /** Events of the controller on which the component renders. */
  protected readonly topics: readonly ('change' | 'progress')[] = ['change'];

  private readonly listener = (): void => this.requestUpdate();

  override connectedCallback(): void {
    super.connectedCallback();
    for (const topic of this.topics) this.lab.addEventListener(topic, this.listener);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const topic of this.topics) this.lab.removeEventListener(topic, this.listener);
  }
}
