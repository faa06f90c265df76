// Base of the components of the activations lab.

import { ControlledElement } from '../../lab/element';
import type { ActivationsController } from './controller';

export abstract class ActivationsElement extends ControlledElement<ActivationsController> {}
