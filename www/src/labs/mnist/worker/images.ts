// The lab's images: drawn by the crate, or read from IDX files.

import type { Dataset } from 'splinterp/lab';
import { Failure, messageOf } from '../../../kit/failure';
import { scratch } from '../../../lab/worker/memory';
import { crate } from './crate';
import { MNIST_FILES, type NamedBytes } from './mnist-files';

/** Images to train and to test on, normalised as the paper's script normalises MNIST. */
export interface Images {
  train: Dataset;
  test: Dataset;
  width: number;
  height: number;
  name: string;
}

/** Generated digits: as many as train in well under a second an epoch, and a sixth more for testing. */
const DIGITS_TRAIN = 10_000;
const DIGITS_TEST = 2_000;

/** Share that trains when there are no test images of their own. */
const TRAIN_SHARE = 0.9;

/** Digits drawn by the crate. */
export function generatedDigits(seed: number): Images {
  return scratch((hold) => {
    const all = hold(crate().Dataset.digits(DIGITS_TRAIN + DIGITS_TEST, seed));
    const [train, test] = all.split(DIGITS_TRAIN / (DIGITS_TRAIN + DIGITS_TEST), seed);
    return { ...normalised(hold(train), hold(test)), width: 28, height: 28, name: 'generated digits' };
  });
}

/** Both parts, normalised as the paper's script normalises MNIST. */
function normalised(train: Dataset, test: Dataset): Pick<Images, 'train' | 'test'> {
  const fitted = train.normalised('mnist');
  return { train: fitted, test: test.normalisedLike(fitted) };
}

/** Gives the images' memory back. */
export function freeImages({ train, test }: Images): void {
  train.free();
  test.free();
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
  return scratch((hold) => {
    const opened = files.map((file) => open(file, hold));
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
        `${given}: no image file among them, expected at least one such as ${MNIST_FILES[0]}.gz`,
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
        labelled.set(owner, hold(owner.data.withLabels(file.data)));
      } catch (error) {
        throw new Failure(`${file.name} does not fit ${owner.name}: ${messageOf(error)}`, 'shape');
      }
    }
    const data = labelled.get(trainImages) ?? trainImages.data;
    const [train, test] = testImages
      ? [data, labelled.get(testImages) ?? testImages.data]
      : data.split(TRAIN_SHARE, seed).map(hold);
    if (!train || !test) throw new Failure('A split has two parts', 'internal');
    return { ...normalised(train, test), width, height, name };
  });
}

function open(file: NamedBytes, hold: (data: Dataset) => Dataset): Opened {
  return scratch((holdFile) => {
    const tensors = holdFile(crate().readTensors(file.bytes, file.name));
    const first = tensors.tensors[0];
    if (!first) throw new Failure(`${file.name}: holds no array, expected images or labels`, 'format');
    return { name: file.name, data: hold(tensors.dataset(first.name)), shape: first.shape };
  });
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
