// Where the lab's images come from: drawn by the crate, MNIST beside the page, or files that the user gives.

import type { Dataset } from 'splinterp/lab';
import { crate } from './crate';
import { Failure, messageOf } from '../../../kit/failure';
import type { LabEvent, Source } from '../../../lab/worker/protocol';

/** Images to train and to test on, normalised as the paper's script normalises MNIST. */
export interface Images {
  train: Dataset;
  test: Dataset;
  width: number;
  height: number;
  name: string;
}

/** A file with its bytes. */
export interface NamedBytes {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Generated digits: as many as train in well under a second an epoch, and a sixth more for testing. */
const DIGITS_TRAIN = 10_000;
const DIGITS_TEST = 2_000;

/** Share that trains when there are no test images of their own. */
const TRAIN_SHARE = 0.9;

/** The names under which MNIST is published; each may lie gzipped or not. */
const MNIST = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
} as const;

/** Digits drawn by the crate. */
export function generatedDigits(seed: number): Images {
  const all = crate().Dataset.digits(DIGITS_TRAIN + DIGITS_TEST, seed);
  const [train, test] = all.split(DIGITS_TRAIN / (DIGITS_TRAIN + DIGITS_TEST), seed);
  const normalised = train.normalised('mnist');
  return { train: normalised, test: test.normalisedLike(normalised), width: 28, height: 28, name: 'generated digits' };
}

/** The MNIST files beside the page, as its `data-sets.json` lists them. */
export async function fetchMnist(base: string, notify: (event: LabEvent) => void): Promise<NamedBytes[]> {
  const manifest: unknown = await (await fetch(new URL('data-sets.json', base))).json();
  const listed =
    typeof manifest === 'object' && manifest !== null && 'mnist' in manifest && Array.isArray(manifest.mnist)
      ? manifest.mnist.filter((name) => typeof name === 'string')
      : [];
  const files: NamedBytes[] = [];
  for (const stem of Object.values(MNIST)) {
    const name = listed.find((file) => file === stem || file === `${stem}.gz`);
    if (name === undefined) throw new Failure(`${stem}.gz is not beside this page in mnist/`, 'missing');
    files.push({ name, bytes: await download(new URL(`mnist/${name}`, base), name, notify) });
  }
  return files;
}

async function download(url: URL, name: string, notify: (event: LabEvent) => void): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok || !response.body) {
    throw new Failure(`${name}: the server answered ${response.status} ${response.statusText}`, 'missing');
  }
  const total = Number(response.headers.get('content-length') ?? 0);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let done = 0;
  const reader = response.body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    done += next.value.length;
    notify({ type: 'loading', name, done, total });
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** One file, read: its data and what it is. */
interface Opened {
  name: string;
  data: Dataset;
  /** `[rows]` for labels, `[rows, height, width]` for images. */
  shape: number[];
}

/**
 * Images and labels from any subset of the four IDX files in any order: images are told from labels by their number
 * of dimensions, and test files from training files by their name, else by their size.
 */
export function imagesFromFiles(files: readonly NamedBytes[], seed: number, name: string): Images {
  const opened = files.map(open);
  const images = opened.filter((file) => file.shape.length === 3);
  const labels = opened.filter((file) => file.shape.length === 1);
  const other = opened.find((file) => file.shape.length !== 1 && file.shape.length !== 3);
  if (other) {
    throw new Failure(
      `${other.name}: holds an array of ${other.shape.length} dimensions, expected 3 (images: count, height, width) or 1 (labels)`,
      'shape',
    );
  }
  const surplus = images[2] ?? labels[2];
  if (surplus) throw new Failure(`${surplus.name}: a third file of its kind, expected training and test`, 'files');
  const [trainImages, testImages] = trainThenTest(images);
  if (!trainImages) {
    const given = files.map((file) => file.name).join(', ');
    throw new Failure(
      `${given}: no image file among them, expected at least one such as ${MNIST.trainImages}.gz`,
      'files',
    );
  }
  const [, height = 0, width = 0] = trainImages.shape;
  if (testImages && (testImages.shape[1] !== height || testImages.shape[2] !== width)) {
    throw new Failure(
      `${testImages.name}: images of ${testImages.shape.slice(1).join(' × ')} pixels, expected ${height} × ${width} as in ${trainImages.name}`,
      'shape',
    );
  }
  const labelled = new Map<Opened, Dataset>();
  for (const file of labels) {
    const owner = ownerOf(file, labels, trainImages, testImages);
    try {
      labelled.set(owner, owner.data.withLabels(file.data));
    } catch (error) {
      throw new Failure(`${file.name} does not fit ${owner.name}: ${messageOf(error)}`, 'shape');
    }
  }
  const data = labelled.get(trainImages) ?? trainImages.data;
  const [train, test] = testImages
    ? [data, labelled.get(testImages) ?? testImages.data]
    : data.split(TRAIN_SHARE, seed);
  const normalised = train.normalised('mnist');
  return { train: normalised, test: test.normalisedLike(normalised), width, height, name };
}

function open(file: NamedBytes): Opened {
  const tensors = crate().readTensors(file.bytes, file.name);
  const first = tensors.tensors[0];
  if (!first) throw new Failure(`${file.name}: holds no array, expected images or labels`, 'format');
  return { name: file.name, data: tensors.dataset(first.name), shape: first.shape };
}

/** Whether a file calls itself the test part. */
export function isTestName(name: string): boolean {
  return /t10k|test|valid/i.test(name);
}

/** Training before test, by name if the names tell, else the larger first. */
function trainThenTest(files: Opened[]): Opened[] {
  return [...files].sort(
    (a, b) => Number(isTestName(a.name)) - Number(isTestName(b.name)) || (b.shape[0] ?? 0) - (a.shape[0] ?? 0),
  );
}

/** The image file that a label file belongs to: by name if there is a choice, else by its count. */
function ownerOf(file: Opened, labels: Opened[], train: Opened, test: Opened | undefined): Opened {
  if (!test) return train;
  if (labels.length === 2) return trainThenTest(labels)[0] === file ? train : test;
  if (isTestName(file.name) || (file.shape[0] === test.shape[0] && file.shape[0] !== train.shape[0])) return test;
  return train;
}

/** Images of a source, for a seed. */
export async function loadImages(
  source: Source,
  seed: number,
  base: string,
  files: readonly NamedBytes[],
  notify: (event: LabEvent) => void,
): Promise<Images> {
  switch (source) {
    case 'digits':
      return generatedDigits(seed);
    case 'mnist':
      return imagesFromFiles(await fetchMnist(base, notify), seed, 'MNIST');
    case 'files':
      if (files.length === 0) throw new Failure('No files have been given on this page yet', 'files');
      return imagesFromFiles(files, seed, files.map((file) => file.name).join(', '));
  }
}
