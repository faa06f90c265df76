// Base of the lab's components.

import { ControlledElement } from '../../lab/element';
import type { LabController } from './controller';

export abstract class LabElement extends ControlledElement<LabController> {}
