// Base of the components of the activations lab.

import { createContext } from '@lit/context';
import { ControlledElement } from '../../lab/element';
import type { ActivationsController } from './controller';

export const activationsContext = createContext<ActivationsController>(Symbol('activations lab'));

export abstract class ActivationsElement extends ControlledElement<ActivationsController> {
  constructor() {
    super(activationsContext);
  }
}
