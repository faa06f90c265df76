// What every lab's worker does: it holds sessions by the number that the page gave them, trains them, and keeps their
// runs for a reload. How a session is made is the lab's.

import { Failure, isTrap, messageOf } from '../../kit/failure';
import type { KeptRun, LabEvent, LabService, Prepared, SessionInfo, SessionRequest, TrainingEvent } from '../protocol';
import { Keeper, type Identity, type Place } from './keeper';
import type { SavedRun } from './store';
import { Training, type Run, type Trains } from './training';

/** A session, as its lab makes it. */
export interface Made<T extends Trains, I extends SessionInfo> {
  readonly runs: readonly Run<T>[];
  /** What the page is told, beside where it is computed. */
  readonly info: Omit<I, 'backend' | 'backendReason' | 'bytes'>;
  /** Bytes that it holds beside its runs. */
  readonly bytes: number;
  /** Whether its runs are kept for later visits. */
  readonly kept: boolean;
  /** Frees what it holds beside its runs. */
  free(): void;
}

/** A session that stands. */
interface Standing<T extends Trains, C, M> {
  readonly config: C;
  readonly made: M;
  readonly training: Training<T>;
  readonly place: Place;
}

/** Parameters of a run and the two moments of Adam, as float32. */
function bytesOf<T extends Trains>({ trainer }: Run<T>, cols: number): number {
  return 4 * 3 * 2 * trainer.options.dSae * cols;
}

export abstract class Host<
  T extends Trains,
  C extends object,
  I extends SessionInfo,
  M extends Made<T, I>,
  Own,
> implements LabService<C, I, Own> {
  /** Address of the page. */
  protected base = '';
  private listener: (event: LabEvent | Own) => void = () => undefined;
  private readonly sessions = new Map<number, Standing<T, C, M>>();
  private readonly keeper: Keeper;
  private queue: Promise<unknown> = Promise.resolve();

  /** `lab` names it among what is kept. */
  protected constructor(lab: string) {
    this.keeper = new Keeper(
      lab,
      (reason) => this.tell({ type: 'unsaved', reason }),
      () => this.tell({ type: 'kept' }),
    );
  }

  /** Loads the module that computes. */
  protected abstract load(whole: boolean): Promise<void>;
  /** Text that, beside the settings, decides what a request's runs become. */
  protected abstract identityOf(request: SessionRequest<C>): string;
  protected abstract make(request: SessionRequest<C>, saved: readonly SavedRun[] | undefined): Promise<M>;

  protected tell(event: LabEvent | Own): void {
    this.listener(event);
  }

  /** What changes the worker's data or sessions happens one at a time, in the order in which the page asked. */
  protected inTurn<R>(work: () => R | Promise<R>): Promise<R> {
    const turn = this.queue.then(work);
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  protected session(id: number): Standing<T, C, M> {
    const session = this.sessions.get(id);
    if (!session) throw new Failure('This session has been released', 'missing');
    return session;
  }

  async start(base: string, whole: boolean, listener: (event: LabEvent | Own) => void): Promise<void> {
    this.base = base;
    this.listener = listener;
    // In turn: a page may give files before the module is there, which then wait for it.
    await this.inTurn(() => this.load(whole));
  }

  last(): Promise<string | undefined> {
    return this.keeper.last();
  }

  prepare(request: SessionRequest<C>): Promise<Prepared<I>> {
    return this.inTurn(async () => {
      const identity = this.identityOf(request);
      const key = JSON.stringify([Object.entries(request.config).sort(), identity]);
      const what = { key, identity, address: request.address };
      const { made, taken, problem } = await this.makeOrTakeUp(request, what);
      const place = await this.keeper.place(taken);
      return { ...this.stand(request, what, made, place), resumed: taken !== undefined, problem };
    });
  }

  /** Takes up a kept run: the one that is asked for, or else the newest of the same settings, if it can be. */
  private async makeOrTakeUp(
    request: SessionRequest<C>,
    what: Identity,
  ): Promise<{ made: M; taken?: Awaited<ReturnType<Keeper['named']>>; problem: string | undefined }> {
    let problem: string | undefined;
    const { kept, resume } = request;
    const newest = resume ? this.keeper.newest(what) : undefined;
    const taken = await (kept === undefined ? newest : this.keeper.named(kept, what));
    if (taken) {
      try {
        return { made: await this.make(request, taken.runs), taken, problem };
      } catch (error) {
        taken.release?.();
        if (kept !== undefined || isTrap(error)) throw error;
        problem = messageOf(error);
      }
    }
    return { made: await this.make(request, undefined), problem };
  }

  private stand(
    { session, config }: SessionRequest<C>,
    what: Identity,
    made: M,
    place: Place,
  ): Pick<Prepared<I>, 'info' | 'runs' | 'place'> {
    const training = new Training(
      made.runs,
      (event: TrainingEvent) => this.tell({ session, ...event }),
      async (runs) => {
        if (made.kept) await this.keeper.save(place, what, runs);
      },
    );
    this.sessions.set(session, { config, made, training, place });
    const trainer = made.runs[0]?.trainer;
    const computed = {
      backend: trainer?.backend ?? '',
      backendReason: trainer?.backendReason ?? '',
      bytes: made.runs.reduce((sum, run) => sum + bytesOf(run, made.info.cols), made.bytes),
    };
    return { info: { ...made.info, ...computed } as I, runs: training.states(), place: place.id };
  }

  release(id: number): Promise<void> {
    return this.inTurn(async () => {
      const session = this.sessions.get(id);
      if (!session) return;
      await session.training.halt();
      this.sessions.delete(id);
      session.training.free();
      session.made.free();
      session.place.release?.();
    });
  }

  kept(): Promise<KeptRun[]> {
    return this.keeper.list();
  }

  rename(id: string, name: string): Promise<void> {
    return this.keeper.rename(id, name);
  }

  remove(id: string): Promise<void> {
    const own = [...this.sessions.values()].some(({ place }) => place.id === id);
    return this.keeper.remove(id, own);
  }

  runFile(id: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.keeper.write(id);
  }

  takeRunFile(file: File): Promise<KeptRun> {
    return this.keeper.take(file);
  }

  // A page awaits all that it calls, so what answers at once answers by a promise too.
  /* eslint-disable @typescript-eslint/require-await */

  async play(id: number, target: number): Promise<void> {
    this.session(id).training.play(target);
  }

  async pause(id: number): Promise<void> {
    this.session(id).training.pause();
  }

  async cancel(id: number): Promise<void> {
    this.session(id).training.cancel();
  }

  async save(id: number): Promise<void> {
    this.session(id).training.saveSoon();
  }
}
