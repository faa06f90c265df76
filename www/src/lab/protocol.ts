// What every lab's page and worker say to each other. Types only: nothing here runs.

import type { EpochReport, ResolvedOptions } from 'splinterp/lab';

/** The ways to train. */
export type Method = ResolvedOptions['method'];

/** Name of a run within its session; its colour and its title follow from it. */
export type RunName = string;

/** A run as the worker has it. */
export interface RunState {
  name: RunName;
  /** Options as the crate resolved them. */
  options: ResolvedOptions;
  /** Epochs done. More than there are reports, for a run that goes on from a checkpoint file. */
  epochs: number;
  reports: EpochReport[];
}

/** What every lab says of a session's data and of where it is computed. */
export interface SessionInfo {
  trainRows: number;
  testRows: number;
  /** Values in a row. */
  cols: number;
  /** Where the arithmetic runs. */
  backend: string;
  /** Why there. */
  backendReason: string;
  /** About what the session holds in memory beside data that others use. */
  bytes: number;
}

/** A session that the page wants. */
export interface SessionRequest<C> {
  /** By which the page and every event speak of it. */
  session: number;
  /** The settings that decide how the runs go. */
  config: C;
  /** Epochs to train for. */
  epochs: number;
  /** The page's address, kept with the runs so that a page without one can go on with the last. */
  address: string;
  /** Number of the kept run that is to be taken up. */
  kept: string | undefined;
  /** Whether to take up the same run if an earlier visit, or a worker that ended, left it. */
  resume: boolean;
}

/** A session that stands. */
export interface Prepared<I extends SessionInfo> {
  info: I;
  runs: RunState[];
  /** Whether it was taken up. */
  resumed: boolean;
  /** Why runs that were kept could not be taken up. */
  problem: string | undefined;
  /** Number under which the session is kept, once it has done an epoch. */
  place: string;
}

/** A run that is kept in the browser, as the page lists it. */
export interface KeptRun {
  id: string;
  /** As the user called it, or empty. */
  name: string;
  /** Settings, as the page's address has them. */
  address: string;
  /** In milliseconds since 1970. */
  savedAt: number;
  /** Epochs that all its trainers have done. */
  epoch: number;
  bytes: number;
  runs: { name: RunName; testMse: number | undefined }[];
}

/** What a worker does with the runs that are kept in the browser. */
export interface KeepsRuns {
  /** All of its lab, the newest first. */
  kept(): Promise<KeptRun[]>;
  rename(id: string, name: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** A kept run as a file. */
  runFile(id: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Keeps the run of such a file. */
  takeRunFile(file: File): Promise<KeptRun>;
}

/** Why training came to rest. */
export type Rest = 'finished' | 'paused' | 'cancelled' | 'failed';

/** What a session tells of its training. */
export type TrainingEvent =
  | { type: 'progress'; run: RunName; epoch: number; share: number }
  | { type: 'epoch'; run: RunName; report: EpochReport }
  | { type: 'moved'; backend: string; reason: string }
  | { type: 'failed'; run: RunName; message: string; code: string }
  | { type: 'rested'; rest: Rest; runs: { name: RunName; reports: EpochReport[] }[] };

/** What every worker tells the page unasked. */
export type LabEvent =
  | ({ session: number } & TrainingEvent)
  /** Data is read or downloaded. */
  | { type: 'loading'; name: string; done: number; total: number }
  /** Runs cannot be kept. Told once a reason. */
  | { type: 'unsaved'; reason: string }
  /** The kept runs are others than before. */
  | { type: 'kept' };

/** The worker of a lab, as the page sees it; `Own` are the events of that lab alone. On failure every method leaves what stands as it was. */
export interface LabService<C, I extends SessionInfo, Own = never> extends KeepsRuns {
  /** Loads the module that computes, or where `whole` says so the whole crate; `base` is the address of the page, beside which data may lie. */
  start(base: string, whole: boolean, listener: (event: LabEvent | Own) => void): Promise<void>;
  /** Address of the page that trained last, if its run was kept. */
  last(): Promise<string | undefined>;
  prepare(request: SessionRequest<C>): Promise<Prepared<I>>;
  /** Ends a session and frees what it holds. */
  release(session: number): Promise<void>;
  /** Trains until each run has done `target` epochs, or is told to rest; says so by `rested`. */
  play(session: number, target: number): Promise<void>;
  /** Comes to rest when all runs have done the same number of epochs. */
  pause(session: number): Promise<void>;
  /** Comes to rest now; the current epoch is discarded. */
  cancel(session: number): Promise<void>;
  /** Keeps the runs for a reload as soon as the current epoch allows. */
  save(session: number): Promise<void>;
}
