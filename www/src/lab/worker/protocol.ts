// What the page and its worker say to each other. Types only: nothing here runs.

import type { Outcome } from '../../kit/failure';

import type { EpochReport, ResolvedOptions } from 'splinterp/lab';

/** The two runs that are trained in step, in the order in which they are trained and shown. */
export const methods = ['sgd', 'pam'] as const;
export type Method = (typeof methods)[number];

/** One value for each run. */
export type PerMethod<T> = Record<Method, T>;

/** Where the images come from. */
export type Source = 'digits' | 'mnist' | 'files';

/** Everything that decides how a run goes; two equal configurations give the same bits. */
export interface RunConfig {
  source: Source;
  /** Part of the training images that is used, in percent. */
  share: number;
  activation: 'topk' | 'relu' | 'jumprelu';
  /** Active latents per image, for TopK. */
  k: number;
  /** What TopK ranks by. */
  by: 'magnitude' | 'value' | 'positive';
  /** Threshold of JumpReLU. */
  threshold: number;
  /** Number of latents. */
  dSae: number;
  batch: number;
  lr: number;
  /** Encoder updates per batch. */
  updates: number;
  l1: number;
  decay: number;
  /** Decoder penalty; `undefined` leaves it to the crate. */
  alpha: number | undefined;
  beta: number;
  muEnc: number;
  nuEnc: number;
  muDec: number;
  nuDec: number;
  /** Whether the SGD run shares its weights between encoder and decoder; PAM-SGD never does. */
  tied: boolean;
  seed: number;
  /** Where to compute: the CPU gives the same bits everywhere. */
  compute: 'cpu' | 'auto';
}

/** The data and models of a session, once they stand. */
export interface SessionInfo {
  trainRows: number;
  testRows: number;
  /** Size of one image in pixels. */
  width: number;
  height: number;
  /** What the images are called, for people. */
  dataName: string;
  /** Where the arithmetic runs. */
  backend: string;
  /** Why there. */
  backendReason: string;
  /** Options as the crate resolved them. */
  options: PerMethod<ResolvedOptions>;
  /** Reports of the epochs that are done: empty, but for a session that goes on. */
  reports: PerMethod<EpochReport[]>;
}

/** What the worker tells the page unasked. */
export type LabEvent =
  | { type: 'loading'; name: string; done: number; total: number }
  | { type: 'progress'; method: Method; epoch: number; share: number }
  | { type: 'epoch'; method: Method; report: EpochReport }
  | { type: 'moved'; reason: string }
  | { type: 'failed'; method: Method; message: string };

/** Why the training loop came to rest. */
export type Rest = 'finished' | 'paused' | 'cancelled' | 'failed';

/** Which pictures the page has on screen. */
export interface PictureRequest {
  /** Test images, by row. */
  rows: number[];
  /** Whether the filters are wanted: they are most of the work. */
  filters: boolean;
}

/** Filters of one run, as the page draws them. */
export interface Filters {
  /** `[d_sae, pixels]`, −127 … 127 for −`scale` … `scale`. */
  encoder: Int8Array;
  decoder: Int8Array;
  /** Weight at the ends of the colour scale: the 99.5th percentile of the absolute weights. */
  encoderScale: number;
  decoderScale: number;
  /** Share of the test sample on which each latent is active. */
  firing: Float32Array;
  /** Latents by falling activity; it stands still while training goes on, so that filters keep their place. */
  order: Uint32Array;
}

/** Pictures of one run. */
export interface RunPictures {
  epoch: number;
  /** `[rows, pixels]`, in the units of the file, clamped to 0 … 255. */
  reconstructions: Uint8ClampedArray;
  /** `[rows, d_sae]`. */
  codes: Float32Array;
  filters: Filters | undefined;
}

/** Pictures of both runs for the same test images. */
export interface Pictures {
  rows: number[];
  width: number;
  height: number;
  originals: Uint8ClampedArray;
  labels: (number | undefined)[];
  runs: PerMethod<RunPictures>;
}

/** An unfinished run that an earlier visit left behind. */
export interface Interrupted {
  epoch: number;
  target: number;
}

/** The worker, as the page sees it through comlink. */
export interface LabWorker {
  /** Loads the wasm module, with its GPU room if a run may use it; `base` is the address of the page, beside which MNIST may lie. */
  start(base: string, withGpu: boolean, listener: (event: LabEvent) => void): Promise<Outcome<undefined>>;
  /** Replaces the session. On failure the old one stays as it was. `keep` makes it possible to come back to it. */
  prepare(config: RunConfig, keep: boolean): Promise<Outcome<SessionInfo>>;
  /** Puts back the session that the last `prepare` replaced. */
  undo(): Promise<Outcome<SessionInfo>>;
  /** Reads image and label files; they are used by the next `prepare` whose source is `files`. */
  openFiles(files: File[]): Promise<Outcome<string>>;
  /** Trains both runs until each has done `target` epochs, or `pause` or `cancel` is called. */
  play(target: number): Promise<Outcome<Rest>>;
  /** Comes to rest when both runs have done the same number of epochs. */
  pause(): void;
  /** Comes to rest now; the epoch in hand is given up. */
  cancel(): void;
  pictures(request: PictureRequest): Promise<Outcome<Pictures>>;
  /** Whether an earlier visit left this very run unfinished. */
  interrupted(config: RunConfig): Promise<Interrupted | undefined>;
  /** Takes up the run that `interrupted` found. */
  resume(config: RunConfig): Promise<Outcome<SessionInfo>>;
}
