// Where the visitor is on the tour. The tour shows steps over the visitor's own settings, and gives these back.

import type { StateOf } from '../../../kit/properties';
import { settings, type MnistTable } from '../settings';
import { steps, type Step, type Told } from './steps';

type State = StateOf<MnistTable>;

/** The part of a browser's storage that is needed; it may be denied. */
export interface Memory {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** Named as nothing else of the site. */
const KEY = 'splinterp tour';

interface TourLab extends Told, EventTarget {
  /** Takes a state as a link would; a run of it that was kept goes on. */
  visit(state: State): void;
}

export class TourController {
  /** The place on the tour; nothing when there is none. */
  place: number | undefined;
  /** Whether it is offered: at the first visit only. */
  offered: boolean;
  /** The visitor's own settings. */
  private home: State | undefined;
  /** What the tour set last. */
  private shown: State | undefined;

  constructor(
    readonly lab: TourLab,
    private readonly memory: () => Memory,
  ) {
    this.offered = !this.wasOffered();
  }

  get step(): Step | undefined {
    return this.place === undefined ? undefined : steps[this.place];
  }

  get count(): number {
    return steps.length;
  }

  /** Whether the tour was offered before; without a memory it is offered never, rather than always. */
  private wasOffered(): boolean {
    try {
      const seen = this.memory().getItem(KEY) !== null;
      this.memory().setItem(KEY, 'offered');
      return seen;
    } catch {
      return true;
    }
  }

  decline(): void {
    this.offered = false;
    this.lab.changed();
  }

  start(): void {
    this.offered = false;
    this.home = this.lab.state;
    this.go(0);
  }

  /** Goes to a step; beyond the last is the end. */
  go(place: number): void {
    if (place >= steps.length) {
      this.end();
      return;
    }
    const step = steps[Math.max(0, place)];
    if (!step || !this.home) return;
    this.adopt();
    this.place = Math.max(0, place);
    this.shown = settings.parse(`${settings.write(this.home)}&${step.hash}`).state;
    this.visit(this.shown);
  }

  end(): void {
    if (this.place === undefined || !this.home) return;
    this.adopt();
    this.place = undefined;
    this.visit(this.home);
    this.home = undefined;
  }

  /** What the visitor has set since the last step is the visitor's, and stays. */
  private adopt(): void {
    const { shown, home, lab } = this;
    if (!shown || !home) return;
    const changed = settings.changed(shown, lab.state);
    this.home = { ...home, ...changed };
    this.shown = undefined;
  }

  private visit(state: State): void {
    this.lab.visit(state);
    this.lab.changed();
  }
}
