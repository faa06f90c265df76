// What the MNIST lab's page and worker say to each other beside what all labs say. Types only: nothing here runs.

import type { LabService, RunName, SessionInfo } from '../../lab/protocol';
import type { MnistConfig } from './settings';

/** The images of a session. */
export interface MnistInfo extends SessionInfo {
  /** Size of one image in pixels. */
  width: number;
  height: number;
  /** What the images are called, for people. */
  dataName: string;
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
  rows: number[];
  width: number;
  height: number;
  originals: Uint8ClampedArray<ArrayBuffer>;
  labels: (number | undefined)[];
  runs: RunPictures[];
}

/** The worker, as the page sees it. */
export interface MnistService extends LabService<MnistConfig, MnistInfo> {
  /** Reads image and label files, for the next session whose source is `files`; what they are called. */
  openFiles(files: File[]): Promise<string>;
  pictures(session: number, request: PictureRequest): Promise<Pictures>;
}
