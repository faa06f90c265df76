// A worker without arithmetic and an address without a browser, by which a lab's controller is tested.

import type { EpochReport, ResolvedOptions } from 'splinterp/lab';
import { Failure } from '../../src/kit/failure';
import { LOST, type Connection } from '../../src/kit/remote';
import type { Address } from '../../src/lab/address';
import type {
  KeepsRuns,
  KeptRun,
  LabEvent,
  Prepared,
  RunState,
  SessionInfo,
  SessionRequest,
} from '../../src/lab/protocol';
import type { Surroundings } from '../../src/lab/surroundings';

/** Lets everything that waits for a promise go on. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

export class FakeAddress implements Address {
  readonly history: string[];
  private heard: () => void = () => undefined;

  constructor(hash = '') {
    this.history = [hash];
  }

  read(): string {
    return this.history.at(-1) ?? '';
  }

  push(hash: string): void {
    this.history.push(`#${hash}`);
  }

  replace(hash: string): void {
    this.history[this.history.length - 1] = `#${hash}`;
  }

  listen(changed: () => void): void {
    this.heard = changed;
  }

  /** The user follows a link, or goes back. */
  go(hash: string): void {
    this.history.push(hash);
    this.heard();
  }
}

export function report(epoch: number, more: Partial<EpochReport> = {}): EpochReport {
  const zeros = { trainMse: 1 / epoch, testMse: 1 / epoch, objective: 0, decoderBefore: null, decoderAfter: null };
  return { epoch, ...zeros, testFvu: 1 / epoch, testL0: 0, testL1: 0, deadShare: 0, seconds: 1, ...more };
}

/** A session that the page has asked for and that the test makes, or refuses. */
interface Asked<C> {
  request: SessionRequest<C>;
  stand: (more?: Partial<Prepared<SessionInfo>>) => Promise<void>;
  refuse: (message: string, code?: string) => Promise<void>;
}

/** What every lab's worker serves. Methods keep what they were told in `told`. */
export class FakeWorker<C, I extends SessionInfo, Own = never> {
  readonly told: string[] = [];
  readonly asked: Asked<C>[] = [];
  /** Whether sessions stand as soon as they are asked for. */
  prompt = true;
  /** Runs of each session; the controllers' tests need no options. */
  runs: string[] = ['sgd', 'pam'];
  lastAddress: string | undefined;
  keptRuns: KeptRun[] = [];
  private listener: (event: LabEvent | Own) => void = () => undefined;
  private readonly waiting = new Set<(reason: Failure) => void>();
  private lose: (reason: Failure) => void = () => undefined;

  constructor(readonly infoOf: (config: C) => I) {}

  /** The worker as a page holds it. */
  connection<S>(service: S): Connection<S> {
    const lost = new Promise<Failure>((resolve) => (this.lose = resolve));
    return { api: service, lost, close: () => this.told.push('close') };
  }

  /** The worker ends of itself. */
  die(why = 'unreachable'): Promise<void> {
    const reason = new Failure(why, LOST);
    for (const reject of this.waiting) reject(reason);
    this.lose(reason);
    return settled();
  }

  async emit(event: LabEvent | Own): Promise<void> {
    this.listener(event);
    await settled();
  }

  /** All runs of a session finish epochs `from` to `to`. */
  async epochs(session: number, from: number, to: number, more: Partial<EpochReport> = {}): Promise<void> {
    for (let epoch = from; epoch <= to; epoch++) {
      for (const run of this.runs) await this.emit({ type: 'epoch', session, run, report: report(epoch, more) });
    }
  }

  async rested(session: number, epochs: number, rest: 'finished' | 'paused' | 'cancelled' = 'finished'): Promise<void> {
    const reports = Array.from({ length: epochs }, (_, i) => report(i + 1));
    await this.emit({ type: 'rested', session, rest, runs: this.runs.map((name) => ({ name, reports })) });
  }

  /** Whether it was asked for the whole crate. */
  whole: boolean | undefined;

  start = async (_base: string, whole: boolean, listener: (event: LabEvent | Own) => void): Promise<void> => {
    this.whole = whole;
    this.listener = listener;
    await Promise.resolve();
  };

  last = (): Promise<string | undefined> => Promise.resolve(this.lastAddress);

  prepare = (request: SessionRequest<C>): Promise<Prepared<I>> =>
    new Promise((resolve, reject) => {
      this.waiting.add(reject);
      const prepared = (): Prepared<I> => ({
        info: this.infoOf(request.config),
        runs: this.runs.map((name) => runState(name)),
        resumed: false,
        problem: undefined,
        place: `place ${request.session}`,
      });
      this.asked.push({
        request,
        stand: (more) => {
          resolve({ ...prepared(), ...(more as Partial<Prepared<I>>) });
          return settled();
        },
        refuse: (message, code = 'option') => {
          reject(new Failure(message, code));
          return settled();
        },
      });
      this.told.push(`prepare ${request.session}`);
      if (this.prompt) resolve(prepared());
    });

  play = (session: number, target: number): Promise<void> => this.tell(`play ${session} ${target}`);
  pause = (session: number): Promise<void> => this.tell(`pause ${session}`);
  cancel = (session: number): Promise<void> => this.tell(`cancel ${session}`);
  release = (session: number): Promise<void> => this.tell(`release ${session}`);
  save = (session: number): Promise<void> => this.tell(`save ${session}`);

  /** What it does with kept runs. */
  readonly keeps: KeepsRuns = {
    kept: () => Promise.resolve(this.keptRuns),
    rename: (id, name) => this.tell(`rename ${id} ${name}`),
    remove: (id) => this.tell(`remove ${id}`),
    runFile: (id) => this.tell(`file ${id}`).then(() => new Uint8Array()),
    takeRunFile: (file) => this.tell(`take ${file.name}`).then(() => keptRun(file.name)),
  };

  tell(what: string): Promise<void> {
    this.told.push(what);
    return Promise.resolve();
  }
}

/** A run that is kept in the browser. */
export function keptRun(id: string, more: Partial<KeptRun> = {}): KeptRun {
  return { id, name: '', address: '', savedAt: 0, epoch: 3, bytes: 1e6, runs: [], ...more };
}

/** A run as the worker tells of it; controllers look at no option. */
export function runState(name: string, epochs = 0): RunState {
  const reports = Array.from({ length: epochs }, (_, i) => report(i + 1));
  return { name, options: { tied: name === 'sgd' } as ResolvedOptions, epochs, reports };
}

/** What a controller is given: workers in the order in which they are asked for. */
export function surroundings<S>(address: Address, connect: () => Connection<S>, autoplay = false): Surroundings<S> {
  return { address, connect, autoplay, base: 'http://localhost/' };
}
