// What pages and the explorer's worker say to each other. Types only: nothing here runs.

import type {
  Activation,
  Audit,
  Cells,
  CellBounds,
  Census,
  Parameters,
  PlaneChoice,
  Reading,
  SplinePath,
} from 'splinterp';

/** x0, y0, x1, y1 on a plane, in the lengths of the input space. */
export type Box = readonly [number, number, number, number];

/** A trained SAE by its parameters. */
export interface Model extends Parameters {
  activation: Activation;
  dIn: number;
  dSae: number;
}

export interface Token {
  token: string;
  before: string;
  after: string;
}

/** How a row is a picture: pixel = scale · value + shift, 0 … 255. */
export interface ImageShape {
  width: number;
  height: number;
  scale: Float32Array;
  shift: Float32Array;
}

/** Rows as the models read them, `[n, cols]` row-major each. */
export interface GivenRows {
  cols: number;
  /** Rows that planes are laid through and that lie on them as points. */
  shown: Float32Array;
  /** What each shown row is called: its number in the data. */
  numbers: Uint32Array;
  labels: readonly (number | undefined)[];
  tokens: readonly (Token | undefined)[] | undefined;
  image: ImageShape | undefined;
  /** Rows on which the SAE is measured, and rows that it was not trained on. */
  train: Float32Array;
  test: Float32Array;
  /** Rows that the lab has of each, of which these may be a part. */
  trainTotal: number;
  testTotal: number;
}

/** A plane: what it goes through, turned by degrees towards directions beyond it. */
export interface PlaneRequest {
  choice: PlaneChoice;
  turn: number;
  tilt: number;
}

/** By what cells are coloured. */
export const shades = ['identity', 'leading', 'l0', 'error'] as const;
export type Shade = (typeof shades)[number];

/** What of a plane is on screen: its centre and its width. */
export interface Window {
  x: number;
  y: number;
  w: number;
}

export interface SliceRequest {
  model: string;
  plane: PlaneRequest;
  /** The whole of what the plane goes through, if nothing is given. */
  window: Window | undefined;
  /** Height for each unit of width. */
  shape: number;
  shade: Shade;
  /** Whether jumps are wanted. */
  jumps: boolean;
}

/** A row near the plane. */
export interface NearRow {
  /** Place among the shown rows. */
  row: number;
  number: number;
  x: number;
  y: number;
  /** From the plane. */
  distance: number;
  /** Whether the plane goes through it by choice. */
  anchor: boolean;
  label: number | undefined;
  token: string | undefined;
}

/** The cells of a window of a plane. */
export interface Slice {
  diagram: Cells & { cells: number; colours: Uint8Array };
  /** For each cell the leading latent (−1: none), l0, or the squared error at its centre; by identity nothing. */
  values: Float64Array;
  /** For each edge, told once, by how much the reconstruction jumps in its middle; empty unless wanted. */
  jumps: Float64Array;
  near: NearRow[];
  window: Window;
  /** What is exact; smaller than the window where that holds more cells than can be cut. */
  box: Box;
  /** What of the window is missing, and why. */
  missing: string | undefined;
  milliseconds: number;
}

/** A latent that is active at a point. */
export interface ActiveLatent {
  latent: number;
  z: number;
  /** Encoder column times decoder row: 1 is no shrinkage. */
  gain: number;
  /** Its decoder row, −127 … 127. */
  filter: Int8Array | undefined;
  /** Tokens of the rows on which it is most active. */
  words: string | undefined;
}

/** What the SAE makes of one point of a plane: the package's reading, its latents and vectors as a page shows them. */
export interface Readout extends Omit<Reading, 'latents' | 'z' | 'output' | 'squaredError'> {
  x: number;
  y: number;
  /** The strongest first. */
  active: ActiveLatent[];
  /** Squared error, mean over the columns. */
  mse: number;
  input: Uint8ClampedArray | undefined;
  output: Uint8ClampedArray | undefined;
  /** Tokens of the rows nearest to the reconstruction. */
  nearest: Token[];
}

/** A shown row, as it is picked. */
export interface ShownRow {
  row: number;
  number: number;
  label: number | undefined;
  token: Token | undefined;
  pixels: Uint8ClampedArray | undefined;
}

/** A line from one row to another. */
export interface Walk extends SplinePath {
  from: ShownRow;
  to: ShownRow;
  /** |to − from|. */
  length: number;
  /** Values in a row. */
  dims: number;
}

/** What lies at points of a walk. */
export interface WalkFrame {
  t: number;
  input: Uint8ClampedArray | undefined;
  output: Uint8ClampedArray | undefined;
  nearest: Token[];
  active: number[];
}

/** Errors on the cells of one depth, over the rows that are covered. */
export interface DepthBounds extends CellBounds {
  /** The strongest latents that part the rows; nothing: all that are active. */
  depth: number | undefined;
}

/** Where an SAE stands. */
export interface Stand {
  epoch: number;
  rows: number;
  rowsTotal: number;
  depths: DepthBounds[];
  dead: Uint32Array;
  certified: Uint32Array;
  radius: number;
  deadDistance: Float64Array;
  audit: Audit;
}

/** Where an SAE stands at one epoch, quickly. */
export interface Pulse {
  epoch: number;
  /** Training rows that are counted. */
  rows: number;
  census: Census;
  /** Ascending. */
  margins: Float64Array;
}

/** A comparison at random points. */
export interface Tally {
  tested: number;
  mismatches: number;
  /** Points at which float32 cannot tell the sides of a face apart. */
  ties: number;
}

/** An SAE with its decoder refitted. */
export interface Refitted {
  mse: number;
  refittedMse: number;
  file: { name: string; bytes: Uint8Array<ArrayBuffer> };
}

/** The worker, as a page sees it. */
export interface ExplorerService {
  start(): Promise<void>;
  /** Takes rows under a key, in the place of others of that key. */
  takeRows(key: string, rows: GivenRows): Promise<void>;
  /** Takes a model of such rows under its name, at an epoch. */
  takeModel(name: string, model: Model, rows: string, epoch: number): Promise<void>;
  /** Forgets all models and rows but those named. */
  keepOnly(models: readonly string[], rows: readonly string[]): Promise<void>;
  slice(request: SliceRequest): Promise<Slice>;
  read(request: { model: string; plane: PlaneRequest; x: number; y: number }): Promise<Readout>;
  /** Shown rows from a place on, or those that a text finds among labels and tokens. */
  shown(model: string, request: { rows: number[] } | { search: string; most: number }): Promise<ShownRow[]>;
  walk(request: { model: string; from: number; to: number }): Promise<Walk>;
  frames(request: { model: string; from: number; to: number; at: number[] }): Promise<WalkFrame[]>;
  pulse(model: string): Promise<Pulse>;
  stand(model: string, tell: (share: number, step: string) => void): Promise<Stand>;
  cancelStand(): Promise<void>;
  refit(model: string): Promise<Refitted>;
  /** Compares slice, encoder and power diagram at random points of the window sliced last. */
  check(request: { model: string; points: number; seed: number }): Promise<Tally>;
}

export type { PlaneChoice };
