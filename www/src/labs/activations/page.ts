// A page whose lab is that of activations: its controller, which starts the worker, and the context of its components.

import { ContextProvider } from '@lit/context';
import { connect } from '../../kit/remote';
import { pageAddress, type Address } from '../../lab/address';
import { LabPage } from '../../lab/page';
import { ActivationsController } from './controller';
import { activationsContext } from './element';
import type { ActivationsService } from './protocol';
import script from './worker/activations.worker?worker&url';

export abstract class ActivationsPage extends LabPage {
  protected override readonly lab = new ActivationsController(
    {
      address: this.address,
      connect: () => connect<ActivationsService>(script),
      autoplay: !matchMedia('(prefers-reduced-motion: reduce)').matches,
      base: document.baseURI,
    },
    () => localStorage,
  );

  /** Where its state lives. */
  protected get address(): Address {
    return pageAddress;
  }

  constructor() {
    super();
    new ContextProvider(this, { context: activationsContext, initialValue: this.lab });
  }
}
