// What the MNIST lab's page and worker say to each other beside what all labs say. Types only: nothing here runs.

import type { Quality } from 'splinterp';
import type { ExperimentEvent, ExperimentService } from '../../lab/experiments/protocol';
import type { LabService, RunName, SessionInfo } from '../../lab/protocol';
import type { GivenRows, Model } from '../explorer/protocol';
import type { MnistConfig } from './settings';

/** The images of a session. */
export interface MnistInfo extends SessionInfo {
  /** Size of one image in pixels. */
  width: number;
  height: number;
  /** What the images are called, for people. */
  dataName: string;
  /** Whether they are generated digits in the place of MNIST, which is on its way. */
  standIn: boolean;
}

/** What the lab's worker tells beside what all tell: a download has ended, well or not, for which digits stand in. */
export interface MnistEvent {
  type: 'download-ended';
}

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
  /** Test images on which activity is counted. */
  rows: number;
  /** Share of them on which each latent is active. */
  firing: Float32Array;
  /** Latents by descending activity; it stands still while training goes on, so that filters keep their place. */
  order: Uint32Array;
}

/** Pictures of one run. */
export interface RunPictures {
  name: RunName;
  epoch: number;
  /** `[rows, pixels]`, in the units of the file, clamped to 0 … 255. */
  reconstructions: Uint8ClampedArray<ArrayBuffer>;
  /** `[rows, d_sae]`. */
  codes: Float32Array;
  filters: Filters | undefined;
}

/** Pictures of all runs for the same test images. */
export interface Pictures {
  /** Epochs whose models are kept, to look at by `past`; ascending. */
  kept: number[];
  rows: number[];
  width: number;
  height: number;
  originals: Uint8ClampedArray<ArrayBuffer>;
  labels: (number | undefined)[];
  runs: RunPictures[];
}

/** Reconstructions of test images by a run as an earlier epoch left it. */
export type PastPictures = Pick<RunPictures, 'name' | 'epoch' | 'reconstructions'>;

/** Pixels of one image, in the units of the file. */
export type Image = Uint8ClampedArray<ArrayBuffer>;

/** What a run makes of one image. */
export interface Encoded {
  name: RunName;
  epoch: number;
  /** `[d_sae]`. */
  codes: Float32Array;
  reconstruction: Image;
  /** Mean squared error of the reconstruction, as the test error is measured. */
  mse: number;
}

/** What codes decode to, and how far each is from an image. */
export interface Decoded {
  /** `[n, pixels]`. */
  images: Image;
  mses: number[];
}

export type { Model };

/** What a model makes of test images. */
export interface ModelPictures {
  reconstructions: Image;
  /** Mean squared error of each image. */
  mses: number[];
}

/** The worker, as the page sees it. */
export interface MnistService
  extends LabService<MnistConfig, MnistInfo, MnistEvent | ExperimentEvent>, ExperimentService {
  /** Begins to download MNIST, which lies beside the page at `base`; before `start`. */
  expectMnist(base: string): Promise<void>;
  /** Reads image and label files, for the next session whose source is `files`; what they are called. */
  openFiles(files: File[]): Promise<string>;
  pictures(session: number, request: PictureRequest): Promise<Pictures>;
  /** Reconstructions by all runs as they stood after an epoch, or after the last before it that is kept. */
  past(session: number, request: { rows: number[]; epoch: number }): Promise<PastPictures[]>;
  /** What every run makes of an image. */
  encode(session: number, image: Image): Promise<Encoded[]>;
  /** What the decoder of a run makes of codes `[n, d_sae]`, beside the image that they are to give. */
  decode(session: number, request: { run: RunName; codes: Float32Array; image: Image }): Promise<Decoded>;
  /** The model of a run as its last finished epoch left it. */
  model(session: number, run: RunName): Promise<Model>;
  /** Measures a run's model on the test images. */
  quality(session: number, run: RunName): Promise<Quality>;
  /** Rows of a session, to explore its models on. */
  rows(session: number): Promise<GivenRows>;
  /** What a model of any session makes of the session's test images. */
  picturesBy(session: number, request: { model: Model; rows: number[] }): Promise<ModelPictures>;
}
