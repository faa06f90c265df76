// What the activations lab and its worker say to each other. Types only: nothing here runs.

import type { EpochReport, ExperimentRow, Feature, FeatureTable, ResolvedOptions, TensorInfo } from 'splinterp';
import type { Outcome } from '../../kit/failure';
import type { Interrupted, LabEvent, Method, PerMethod, Rest } from '../../lab/worker/protocol';
import type { Token } from './worker/tokens';

/** Element types in which rows may be kept. */
export type Keep = 'u8' | 'f16' | 'f32';

/** A model whose features can be looked at: one of the runs, or an imported one. */
export type ModelName = Method | 'imported';

/** Everything that decides how a run goes. */
export interface RunConfig {
  source: 'sample' | 'file';
  /** Whether each dimension is brought to mean 0 and variance 1, fitted on the training rows. */
  standardise: boolean;
  /** Part of the training rows that is used, in percent. */
  share: number;
  method: Method | 'both';
  /** Random parameters, or those of the imported SAE. */
  from: 'random' | 'imported';
  /** Named settings of the crate, or those of this table alone. */
  recipe: 'recommended' | 'paper-llm' | 'own';
  activation: 'topk' | 'relu' | 'jumprelu';
  /** `undefined`: scaled to the data as the paper's experiment is. */
  k: number | undefined;
  by: 'magnitude' | 'value' | 'positive';
  threshold: number;
  dSae: number | undefined;
  batch: number;
  lr: number;
  updates: number;
  l1: number;
  decay: number;
  alpha: number | undefined;
  muEnc: number;
  nuEnc: number;
  muDec: number;
  nuDec: number;
  tied: boolean;
  seed: number;
}

/** The rows that stand, before they are split. */
export interface DataInfo {
  name: string;
  rows: number;
  cols: number;
  /** How a value is kept. */
  kept: Keep;
  /** Whether words are known for the rows. */
  tokens: boolean;
  /** Size of the picture that a row is, for image data. */
  image: { width: number; height: number } | undefined;
}

/** A session, once it stands. */
export interface SessionInfo {
  data: DataInfo;
  trainRows: number;
  testRows: number;
  backend: string;
  /** Why there. */
  backendReason: string;
  /** Options as the crate resolved them, of the runs that there are. */
  options: Partial<PerMethod<ResolvedOptions>>;
  reports: Partial<PerMethod<EpochReport[]>>;
}

/** What is known of a tensor before it is loaded. */
export interface Inspection {
  tensor: TensorInfo;
  min: number;
  max: number;
  mean: number;
  std: number;
  nans: number;
  infinities: number;
  /** Values looked at for these figures: all, or a part of a large tensor. */
  inspected: number;
  /** The first values of the first rows. */
  preview: number[][];
  /** Bytes that the rows take, by how they are kept; `undefined` where that is not possible. */
  bytes: Partial<Record<Keep, number>>;
  /** What is proposed. */
  keep: Keep;
}

/** What came of files that were given. */
export type Opened =
  | { kind: 'tensors'; name: string; bytes: number; tensors: TensorInfo[]; tokens: string | undefined }
  /** `taken`: for the rows at hand, or for the file that is open; else they wait for the file of their name. */
  | { kind: 'tokens'; name: string; taken: boolean }
  | { kind: 'sae'; info: ImportedInfo };

/** An SAE from elsewhere. */
export interface ImportedInfo {
  name: string;
  dIn: number;
  dSae: number;
  activation: string;
}

/** How a tensor is to be loaded. */
export interface LoadChoice {
  tensor: string;
  keep: Keep;
  dropNonFinite: boolean;
}

/** Figures of all features of a model, and words for them. */
export interface FeatureSummary {
  model: ModelName;
  /** Epoch of the run at which it was measured. */
  epoch: number;
  rows: number;
  sampledRows: number;
  table: FeatureTable;
  /** For each feature the words of its strongest rows, most frequent first, or nothing. */
  words: string[];
  /** For the sample: each known feature with the latent that is most like it. */
  known: { name: string; feature: number; cosine: number }[];
}

/** A row of the data as it is shown. */
export interface ShownRow {
  /** Row of the file. */
  row: number;
  /** z of the feature. */
  value: number;
  token: Token | undefined;
  /** Pixels, 0 … 255. */
  pixels: Uint8ClampedArray | undefined;
  /** The first values of the row, as stored, where there is neither word nor picture. */
  values: Float32Array | undefined;
}

/** One feature in detail. */
export interface FeatureDetail {
  feature: number;
  histogram: Feature['histogram'];
  top: ShownRow[];
  intervals: { from: number; to: number; share: number; rows: ShownRow[] }[];
  inputs: Feature['inputs'];
  byCosine: Feature['byCosine'];
  byCorrelation: Feature['byCorrelation'];
  /** Words of the features that it names, by number. */
  names: Record<number, string>;
}

/** One of the paper's ablations of its LLM experiment. */
export type Ablation = 'updates' | 'share' | 'activation' | 'decay' | 'proximal' | 'k';

export interface AblationResult {
  rows: ExperimentRow[];
  /** A line a run. */
  csv: string;
}

export type ActivationsEvent =
  | LabEvent
  | { type: 'measuring'; done: number; total: number }
  | { type: 'ablating'; done: number; total: number }
  | { type: 'ablated'; row: ExperimentRow };

/** The worker, as the page sees it through comlink. */
export interface ActivationsWorker {
  /** Events come over a channel of their own; the listener's answers tell that they have arrived. */
  start(listener: (event: ActivationsEvent) => unknown): Promise<Outcome<undefined>>;
  /** Looks at files without loading them. Words and SAEs are taken at once. */
  open(files: File[]): Promise<Outcome<Opened>>;
  inspect(tensor: string): Promise<Outcome<Inspection>>;
  /** Loads a tensor of the file that was opened; the next `prepare` of source `file` uses it. */
  load(choice: LoadChoice): Promise<Outcome<DataInfo>>;
  cancelLoad(): void;
  /** Replaces the session. On failure the old one stays as it was. `keep` makes it possible to come back to it. */
  prepare(config: RunConfig, epochs: number, keep: boolean): Promise<Outcome<SessionInfo>>;
  undo(): Promise<Outcome<SessionInfo>>;
  play(target: number): Promise<Outcome<Rest>>;
  pause(): void;
  cancel(): void;
  /** Whether an earlier visit left this very run unfinished. */
  interrupted(config: RunConfig, epochs: number): Promise<Interrupted | undefined>;
  resume(config: RunConfig, epochs: number): Promise<Outcome<SessionInfo>>;
  /** Measures all features of a model on all rows. */
  measure(model: ModelName): Promise<Outcome<FeatureSummary>>;
  cancelMeasure(): void;
  /** A feature of the model that was measured last. */
  feature(feature: number): Promise<Outcome<FeatureDetail>>;
  /** Runs one of the ablations; training rests meanwhile. */
  ablate(ablation: Ablation, epochs: number): Promise<Outcome<AblationResult>>;
  cancelAblation(): void;
  /** A file to download. */
  write(
    what: 'saelens' | 'sparsify' | 'checkpoint',
    model: ModelName,
  ): Promise<Outcome<{ name: string; bytes: Uint8Array<ArrayBuffer> }>>;
}
