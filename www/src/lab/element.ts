// Base of a lab's components: each is given the controller and renders anew when it speaks.

import { LitElement } from 'lit';
import { property } from 'lit/decorators.js';

// `@property` types what a template may bind, and a controller is bound by each of a lab's components.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
export abstract class ControlledElement<C extends EventTarget> extends LitElement {
  @property({ attribute: false }) lab!: C;

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
