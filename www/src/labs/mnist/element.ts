// Base of the components of the MNIST lab.

import { createContext } from '@lit/context';
import { ControlledElement } from '../../lab/element';
import type { MnistController } from './controller';

export const mnistContext = createContext<MnistController>(Symbol('MNIST lab'));

export abstract class MnistElement extends ControlledElement<MnistController> {
  constructor() {
    super(mnistContext);
  }
}
