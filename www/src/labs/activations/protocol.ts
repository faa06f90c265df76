// What the activations lab's page and worker say to each other beside what all labs say. Types only: nothing here runs.

import type { Feature, FeatureTable, LatentPairs, Quality, TensorInfo } from 'splinterp';
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
  /** How many sequences the rows are of, where that is known. */
  sequences?: number | undefined;
  /** Size of the picture that a row is, for image data. */
  image: { width: number; height: number } | undefined;
}

/** How test rows are drawn: one by one, as whole sequences, or, of rows that stay in their files, as blocks of neighbours. */
export type TestBy = 'row' | 'sequence' | 'block';

export interface ActivationsInfo extends SessionInfo {
  data: DataInfo;
  testBy: TestBy;
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
  /**
   * `taken`: for the current rows, or for the file that is open; else they wait for the file of their name. `sequences`: they
   * say which of the current rows are of one text.
   */
  | { kind: 'tokens'; name: string; taken: boolean; sequences: boolean }
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
  /** The first row of its sequence, where that is known. */
  sequence?: number | undefined;
}

/** A row in its sequence, with the feature on every token around it. */
export interface FeatureContext {
  /** Row of the file. */
  row: number;
  /** The first row of its sequence, and how many there are of it. */
  first: number;
  length: number;
  /** The place in the sequence of the first that is shown. */
  from: number;
  /** Among those shown, the row itself and the one with the greatest |z|. */
  at: number;
  peak: number;
  /** With the spaces between them; none where tokens are not known. */
  tokens: string[];
  /** z of the feature, NaN for rows that were not measured. */
  values: Float32Array;
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

/** A model on one side of a comparison: one of the lab's, or `kept`, the one that was put aside for it. */
export type SideName = RunName;

/** An SAE that was put aside to be compared: of a run, of an import, or of a file of its own. */
export interface KeptModel {
  title: string;
  dIn: number;
  dSae: number;
}

/** What is known of the features of one side, by number. */
export interface ComparedSide {
  title: string;
  words: string[];
  density: Float32Array;
  max: Float32Array;
}

/** Two models of the same rows, feature by feature. */
export interface Comparison {
  /** By which features of it are asked for. */
  comparison: number;
  left: ComparedSide;
  right: ComparedSide;
  /** By the cosine of decoder rows in the units of the stored data, the best first. */
  pairs: Pick<LatentPairs, 'left' | 'right' | 'cosines'>;
  /** Features that have no partner, of the side that has more. */
  unmatched: Uint32Array;
  /** Adjusted Rand index of the test rows' partitions by their strongest features, and how many rows these are. */
  adjustedRand: number;
  testRows: number;
}

/** What the lab's worker tells beside what all tell: how far a measurement or a comparison is. */
export type ActivationsEvent = { session: number; done: number; total: number } & (
  { type: 'measuring' } | { type: 'comparing' }
);

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
  /** Rows of the file in their sequences, each with at most so many tokens around it; nothing where its sequence is not known. */
  contexts(
    measurement: number,
    feature: number,
    rows: readonly number[],
    most: number,
  ): Promise<(FeatureContext | undefined)[]>;
  /** Puts a copy of a model aside, which later sessions can be compared with; it takes the place of the one before. */
  keepModel(session: number, model: ModelName): Promise<KeptModel>;
  /** The same with an SAE in files. */
  openKept(files: GivenFile[]): Promise<KeptModel>;
  /** Matches the features of two models one to one, and measures both on all rows of a session. */
  compare(session: number, left: SideName, right: SideName): Promise<Comparison>;
  /** Cancels the comparison that runs, and lets go of the last one. */
  endCompare(): Promise<void>;
  /** The top activating examples of a feature of one side. */
  comparedRows(comparison: number, side: 'left' | 'right', feature: number): Promise<ShownRow[]>;
  comparedContexts(
    comparison: number,
    side: 'left' | 'right',
    feature: number,
    rows: readonly number[],
    most: number,
  ): Promise<(FeatureContext | undefined)[]>;
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
