// Base of a lab's components: each finds the lab that it stands in and renders anew when it speaks.

import { ContextConsumer, createContext, type Context } from '@lit/context';
import { LitElement } from 'lit';
import type { Lab } from './lab';

export abstract class ControlledElement<L extends EventTarget> extends LitElement {
  private readonly consumer: ContextConsumer<Context<unknown, L>, this>;

  /** Events of the lab on which the component renders. */
  protected readonly topics: readonly string[] = ['change'];

  private readonly listener = (): void => this.requestUpdate();

  protected constructor(context: Context<unknown, L>) {
    super();
    this.consumer = new ContextConsumer(this, { context });
  }

  protected get lab(): L {
    const { value } = this.consumer;
    if (!value) throw new Error(`<${this.localName}> stands in no lab.`);
    return value;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    for (const topic of this.topics) this.lab.addEventListener(topic, this.listener);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const topic of this.topics) this.lab.removeEventListener(topic, this.listener);
  }
}

/** The lab, for what all labs have. */
export const labContext = createContext<Lab>(Symbol('lab'));

export abstract class LabElement extends ControlledElement<Lab> {
  constructor() {
    super(labContext);
  }
}
