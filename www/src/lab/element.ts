// Base of the lab's components.

import { ControlledElement } from '../parts/element';
import type { LabController } from './controller';

export abstract class LabElement extends ControlledElement<LabController> {}
