// What every lab's worker does: it holds sessions by the number that the page gave them, trains them, and keeps their
// runs for a reload. How a session is made is the lab's.

import { Failure, messageOf } from '../../kit/failure';
import type { LabEvent, LabService, Prepared, SessionInfo, SessionRequest, TrainingEvent } from '../protocol';
import { Store, type SavedRun } from './store';
import { Training, type Run, type Trains } from './training';

/** A session, as its lab makes it. */
export interface Made<T extends Trains, I extends SessionInfo> {
  readonly runs: readonly Run<T>[];
  /** What the page is told, beside where it is computed. */
  readonly info: Omit<I, 'backend' | 'backendReason' | 'bytes'>;
  /** Bytes that it holds beside its runs. */
  readonly bytes: number;
  /** Frees what it holds beside its runs. */
  free(): void;
}

/** A session that stands. */
interface Standing<T extends Trains, C, M> {
  readonly config: C;
  readonly made: M;
  readonly training: Training<T>;
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
  private readonly store: Store;
  private queue: Promise<unknown> = Promise.resolve();

  /** `lab` names it among what is kept. */
  protected constructor(lab: string) {
    this.store = new Store(lab, (reason) => this.tell({ type: 'unsaved', reason }));
  }

  /** Loads the module that computes. */
  protected abstract load(withGpu: boolean): Promise<void>;
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

  async start(base: string, withGpu: boolean, listener: (event: LabEvent | Own) => void): Promise<void> {
    this.base = base;
    this.listener = listener;
    await this.load(withGpu);
  }

  last(): Promise<string | undefined> {
    return this.store.last();
  }

  prepare(request: SessionRequest<C>): Promise<Prepared<I>> {
    return this.inTurn(async () => {
      const key = JSON.stringify([Object.entries(request.config).sort(), this.identityOf(request)]);
      const saved = request.resume ? await this.store.load(key) : undefined;
      if (!request.resume) await this.store.forget(key);
      let problem: string | undefined;
      const resumed = await this.takeUp(request, saved?.runs).catch((error: unknown) => {
        if (error instanceof WebAssembly.RuntimeError) throw error;
        problem = messageOf(error);
        return undefined;
      });
      const made = resumed ?? (await this.make(request, undefined));
      return { ...this.stand(request, key, made), resumed: resumed !== undefined, problem };
    });
  }

  private async takeUp(request: SessionRequest<C>, saved: readonly SavedRun[] | undefined): Promise<M | undefined> {
    return saved && this.make(request, saved);
  }

  private stand(
    { session, config, address }: SessionRequest<C>,
    key: string,
    made: M,
  ): Pick<Prepared<I>, 'info' | 'runs'> {
    const training = new Training(
      made.runs,
      (event: TrainingEvent) => this.tell({ session, ...event }),
      (runs) => this.store.save(key, { address, savedAt: Date.now(), runs }),
    );
    this.sessions.set(session, { config, made, training });
    const trainer = made.runs[0]?.trainer;
    const computed = {
      backend: trainer?.backend ?? '',
      backendReason: trainer?.backendReason ?? '',
      bytes: made.runs.reduce((sum, run) => sum + bytesOf(run, made.info.cols), made.bytes),
    };
    return { info: { ...made.info, ...computed } as I, runs: training.states() };
  }

  release(id: number): Promise<void> {
    return this.inTurn(async () => {
      const session = this.sessions.get(id);
      if (!session) return;
      await session.training.halt();
      this.sessions.delete(id);
      session.training.free();
      session.made.free();
    });
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
