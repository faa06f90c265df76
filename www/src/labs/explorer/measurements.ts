// Measuring where models stand: one after another, since each measurement keeps the worker busy, and again where a link
// holds what was measured.

import type { ExplorerService, Stand } from './protocol';

/** What is told of a measurement. */
export interface Measurement {
  /** While it waits for another there is no share. */
  progress?: { step: string; share: number | undefined };
  failure?: string | undefined;
}

/** What it takes of the explorer. */
export interface Measured {
  readonly state: { readonly measured: readonly string[] };
  set(patch: { measured: readonly string[] }): void;
  changed(): void;
  /** The epoch of the model that is there, and the key of its rows. */
  epochOf(name: string): string | undefined;
  shown(name: string): { stand?: Stand };
  readonly service: Pick<ExplorerService, 'cancelStand'> | undefined;
  attempt(
    name: string,
    work: (worker: ExplorerService, shown: { stand?: Stand }) => Promise<void>,
  ): Promise<string | undefined>;
}

/** Between a model's name and the epoch. */
const AT = '*';

export class Measurements {
  private readonly told = new Map<string, Measurement>();
  /** Ends with the last measurement that was asked for. */
  private queue = Promise.resolve();
  private current: string | undefined;
  /** What links asked for and was begun, or what somebody measured here: a reset must not begin it anew. */
  private readonly begun = new Set<string>();

  constructor(private readonly explorer: Measured) {}

  of(name: string): Measurement {
    return this.told.get(name) ?? {};
  }

  /** Measures after those that were asked for before; the address holds that it was. */
  measure(name: string): Promise<void> {
    if (this.of(name).progress) return this.queue;
    this.tell(name, { progress: { step: 'waiting', share: undefined } });
    this.queue = this.queue.then(() => this.run(name));
    return this.queue;
  }

  /** Measures what the address holds, once: when the model is there and at least as far as it was then. */
  restore(name: string): void {
    const wanted = this.explorer.state.measured.find((each) => nameIn(each) === name);
    if (wanted === undefined || this.begun.has(wanted)) return;
    const epoch = Number.parseInt(this.explorer.epochOf(name) ?? '', 10);
    if (!(epoch >= epochIn(wanted))) return;
    this.begun.add(wanted);
    if (!this.explorer.shown(name).stand) void this.measure(name);
  }

  cancel(name: string): void {
    if (this.current === name) void this.explorer.service?.cancelStand();
    else this.tell(name, {});
  }

  private async run(name: string): Promise<void> {
    // It was cancelled while it waited.
    if (!this.of(name).progress) return;
    this.current = name;
    this.tell(name, { progress: { step: 'starting', share: 0 } });
    const failure = await this.explorer.attempt(name, async (worker, shown) => {
      shown.stand = await worker.stand(name, (share, step) => {
        // What is told of the last step may come after the answer.
        if (this.current === name) this.tell(name, { progress: { step, share } });
      });
    });
    this.current = undefined;
    this.hold(name, this.explorer.shown(name).stand);
    this.tell(name, { failure });
  }

  /** Writes into the address what is shown of a model. */
  private hold(name: string, stand: Stand | undefined): void {
    const others = this.explorer.state.measured.filter((each) => nameIn(each) !== name);
    const held = stand ? [`${name}${AT}${stand.epoch}`] : [];
    for (const each of held) this.begun.add(each);
    this.explorer.set({ measured: [...others, ...held] });
  }

  private tell(name: string, measurement: Measurement): void {
    this.told.set(name, measurement);
    this.explorer.changed();
  }
}

function nameIn(held: string): string {
  return held.slice(0, held.lastIndexOf(AT));
}

function epochIn(held: string): number {
  return Number.parseInt(held.slice(held.lastIndexOf(AT) + 1), 10);
}
