// What the loop of a lab works with: its page, its worker, and how a session may come to stand. Types only.

import type { Connection } from '../kit/remote';
import type { Address } from './address';
import type { LabService, SessionInfo } from './protocol';
import type { ConfigOf, LabTable } from './settings';

/** What a lab is given by its page, and by tests. */
export interface Surroundings<H> {
  address: Address;
  connect: () => Connection<H>;
  /** Whether runs train as soon as they stand. */
  autoplay: boolean;
  /** Address of the page, beside which data may lie. */
  base: string;
}

/** How a session came to stand: made anew, of what an earlier visit or a lost worker left, or put aside before. */
export type Standing = 'new' | 'resumed' | 'revived' | 'back';

/** What a lab's worker serves, whatever more it does. */
export type Service<P extends LabTable, I extends SessionInfo, Own> = LabService<ConfigOf<P>, I, Own>;
