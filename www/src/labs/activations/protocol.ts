// What the activations lab's page and worker say to each other beside what all labs say. Types only: nothing here runs.

import type { Feature, FeatureTable, Quality, TensorInfo } from 'splinterp';
import type { ExperimentEvent, ExperimentService } from '../../lab/experiments/protocol';
import type { LabService, RunName, SessionInfo } from '../../lab/protocol';
import type { GivenRows, Model } from '../explorer/protocol';
import type { ActivationsConfig } from './settings';
import type { Token } from './worker/tokens';

/** Element types in which rows may be kept. */
export type Keep = 'u8' | 'f16' | 'f32';

/** A model whose features can be looked at: one of the runs, or `imported`. */
export type ModelName = RunName;

/** The rows that stand, before they are split. */
export interface DataInfo {
  name: string;
  rows: number;
  cols: number;
  /** How a value is kept. */
  kept: Keep;
  /** Bytes of rows that are in memory at a time, where they stay in their files. */
  reservoir?: number | undefined;
  /** Whether tokens are known for the rows. */
  tokens: boolean;
  /** Size of the picture that a row is, for image data. */
  image: { width: number; height: number } | undefined;
}

export interface ActivationsInfo extends SessionInfo {
  data: DataInfo;
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
  /** Values looked at for these statistics: all, or a part of a large tensor. */
  inspected: number;
  /** The first values of the first rows. */
  preview: number[][];
  /** Bytes that the rows take, by how they are kept; `undefined` where that is not possible. */
  bytes: Partial<Record<Keep, number>>;
  /** What is proposed. */
  keep: Keep;
}

/** A file that the user gives; a `File` forgets its folder on the way to the worker. */
export interface GivenFile {
  path: string;
  file: File;
}

/** What came of files that were given. */
export type Opened =
  | { kind: 'tensors'; name: string; bytes: number; tensors: TensorInfo[]; tokens: string | undefined }
  /** `taken`: for the current rows, or for the file that is open; else they wait for the file of their name. */
  | { kind: 'tokens'; name: string; taken: boolean }
  | { kind: 'sae'; info: ImportedInfo }
  /** A run of this program, to go on with. */
  | { kind: 'checkpoint'; name: string };

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
  /** Bytes of rows in memory at a time; `undefined` for all rows. */
  reservoir?: number | undefined;
}

/** Statistics of all features of a model, and tokens for them. */
export interface FeatureSummary {
  /** By which its features are asked for. */
  measurement: number;
  model: ModelName;
  /** Epoch of the run at which it was measured. */
  epoch: number;
  rows: number;
  sampledRows: number;
  table: FeatureTable;
  /** By which the SAE is known again. */
  fingerprint: string;
  /** For each feature the tokens of its top activating examples, most frequent first, or nothing. */
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
  /** The first values of the row, as stored, where there is neither token nor picture. */
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
  /** Tokens of the features that it names, by number. */
  names: Record<number, string>;
}

/** What the lab's worker tells beside what all tell. */
export interface ActivationsEvent {
  session: number;
  type: 'measuring';
  done: number;
  total: number;
}

/** Formats in which a model leaves. */
export type Format = 'saelens' | 'abstopk' | 'sparsify' | 'dictionary_learning' | 'checkpoint';

/** What the activations are of, as far as the user says. */
export interface About {
  model: string;
  hook: string;
  layer: number | undefined;
}

/** How a model is to be written. */
export interface ExportChoice {
  what: Format;
  /** Whether decoder rows shall have length 1. */
  unitNorm: boolean;
  about: About;
}

/** The worker, as the page sees it. */
export interface ActivationsService
  extends LabService<ActivationsConfig, ActivationsInfo, ActivationsEvent | ExperimentEvent>, ExperimentService {
  /** Looks at files without loading rows. Tokens, SAEs and checkpoints are taken at once. */
  open(files: GivenFile[]): Promise<Opened>;
  inspect(tensor: string): Promise<Inspection>;
  /** Loads a tensor of the file that was opened; the next session whose source is `file` uses it. */
  loadTensor(choice: LoadChoice): Promise<DataInfo>;
  cancelLoad(): Promise<void>;
  /** Lets go of the file that was opened and not loaded. */
  discard(): Promise<void>;
  /** Measures all features of a model on all rows of a session. */
  measure(session: number, model: ModelName): Promise<FeatureSummary>;
  cancelMeasure(): Promise<void>;
  /** Measures a model on the test rows of a session, an imported one on these as they are stored. */
  quality(session: number, model: ModelName): Promise<Quality>;
  feature(measurement: number, feature: number): Promise<FeatureDetail>;
  /** A model by its parameters, as it reads the rows of a session. */
  parameters(session: number, model: ModelName): Promise<Model>;
  /** Rows of a session as a model reads them, to explore it on. */
  rows(session: number, model: ModelName): Promise<GivenRows>;
  /** A file to download. */
  write(
    session: number,
    choice: ExportChoice,
    model: ModelName,
  ): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }>;
}
