// What the components that all labs share see of a lab.

import type { StateOf } from '../kit/properties';
import type { Phase } from './controller';
import type { KeptRuns } from './kept-runs';
import type { SessionInfo } from './protocol';
import type { Session } from './session';
import type { LabProperties } from './settings';

export interface Lab extends EventTarget {
  readonly state: StateOf<LabProperties>;
  readonly session: Session<StateOf<LabProperties>, SessionInfo> | undefined;
  readonly phase: Phase;
  readonly epoch: number;
  readonly isFinal: boolean;
  readonly alert: string | undefined;
  readonly note: string | undefined;
  readonly status: string;
  readonly interrupted: { epoch: number; target: number } | undefined;
  readonly canUndo: boolean;
  readonly keptRuns: KeptRuns;
  readonly loading: { name: string; share: number | undefined } | undefined;
  summary(): string;
  linkTo(patch: Partial<StateOf<LabProperties>>): string;
  change(patch: Partial<StateOf<LabProperties>>): void;
  enter(key: string, text: string): void;
  fail(message: string): void;
  play(): void;
  pause(): void;
  step(): void;
  cancel(): void;
  reset(): void;
  startOver(): void;
  undo(): void;
  save(): void;
  dismiss(what: 'alert' | 'note' | 'undo'): void;
  start(): Promise<void>;
}
