// What a lab's page and worker say to each other of experiments: lists of runs, settings down and runs across. Types only.

import type { EpochReport, ExperimentRow, ExperimentSummary } from 'splinterp/lab';
import type { RunName } from '../protocol';

/** A figure that is wanted: which, and how. */
export interface ExperimentRequest {
  figure: string;
  /** Activation in the place of the form's, where the figure is offered for several. */
  activation: 'topk' | 'relu' | undefined;
  /** Each setting and run is trained from so many seeds. */
  seeds: number;
  epochs: number;
}

/** One setting of a figure, at which all its runs are trained. */
export interface SettingInfo {
  label: string;
  epochs: number;
  /** Encoder steps of an epoch. */
  steps: number;
  /** Rows that the encoder sees in all epochs: what a run costs, for runs of one kind. */
  rows: number;
}

/** Where a run stands in a figure: setting by number, run, seed. */
export interface Place {
  setting: number;
  run: RunName;
  seed: number;
}

/** A run that has ended. */
export interface Outcome extends Place {
  row: ExperimentRow;
  /** Of every epoch. */
  reports: EpochReport[];
}

/** Mean and spread over the seeds of one setting and run. */
export interface Cell {
  setting: number;
  run: RunName;
  summary: ExperimentSummary;
}

/** A figure, as far as it is there. */
export interface ExperimentTable {
  settings: SettingInfo[];
  runs: RunName[];
  seeds: number[];
  outcomes: Outcome[];
  cells: Cell[];
}

/** What the worker tells of the list that runs. */
export type ExperimentEvent = { session: number } & (
  | { type: 'experiment-epoch'; place: Place; report: EpochReport }
  | { type: 'experiment-run'; outcome: Outcome; cell: Cell }
  /** It waits between two epochs. */
  | { type: 'experiment-paused' }
);

/** What a worker serves beside what every lab's does. */
export interface ExperimentService {
  /** The figure as far as its runs were kept; nothing is trained. */
  recallExperiments(session: number, request: ExperimentRequest): Promise<ExperimentTable>;
  /** Trains what is missing of the figure, and keeps every run that ends; resolves at the end, also when it is cancelled. */
  runExperiments(session: number, request: ExperimentRequest): Promise<ExperimentTable>;
  /** Waits at the end of the epoch. */
  pauseExperiments(): Promise<void>;
  resumeExperiments(): Promise<void>;
  cancelExperiments(): Promise<void>;
  /** Runs as CSV, as the crate's program writes them. */
  experimentsCsv(rows: ExperimentRow[]): Promise<string>;
}
