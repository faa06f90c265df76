// Base of the explorer's components: each is given the controller and renders anew when it speaks.

import { LitElement } from 'lit';
import { property } from 'lit/decorators.js';
import type { ExplorerController } from './controller';

export abstract class ExplorerElement extends LitElement {
  @property({ attribute: false }) explorer!: ExplorerController;
  /** Events of the controller on which the component renders. */
  protected readonly topics: readonly ('change' | 'slice')[] = ['change'];
  private heard: ExplorerController | undefined;
  private frame: number | undefined;

  /** Once a frame: what was asked for next is then under way in the worker while the page draws. */
  private readonly listener = (): void => {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.requestUpdate();
    });
  };

  override connectedCallback(): void {
    super.connectedCallback();
    this.listen();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const topic of this.topics) this.heard?.removeEventListener(topic, this.listener);
    this.heard = undefined;
  }

  private listen(): void {
    if (this.heard === this.explorer) return;
    for (const topic of this.topics) {
      this.heard?.removeEventListener(topic, this.listener);
      this.explorer.addEventListener(topic, this.listener);
    }
    this.heard = this.explorer;
  }
}
