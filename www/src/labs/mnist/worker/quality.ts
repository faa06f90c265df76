// The measures of a model on the lab's images, by the whole crate: the part that the lab trains with has none.

import init, { Dataset, Sae, type Quality } from 'splinterp';
import { scratch } from '../../../lab/worker/memory';
import type { Model } from '../protocol';

/** What is used of the images: the class is that of the lab's own module. */
interface Images {
  readonly rows: number;
  readonly cols: number;
  rowsAt(rows: Uint32Array): Float32Array;
  undoNormalisation(values: Float32Array): Float32Array;
}

/** Measures a model on all images, which are normalised as MNIST. */
export async function qualityOf(model: Model, images: Images): Promise<Quality> {
  await init();
  const all = Uint32Array.from({ length: images.rows }, (_, row) => row);
  return measure(model, images.undoNormalisation(images.rowsAt(all)), images.cols);
}

/** The same of rows as they are stored. */
export async function measure(model: Model, stored: Float32Array, cols: number): Promise<Quality> {
  const sae = Sae.fromParts(model, model.dIn, model.dSae);
  const data = normalised(stored, cols);
  try {
    return await sae.quality(data);
  } finally {
    sae.free();
    data.free();
  }
}

function normalised(stored: Float32Array, cols: number): Dataset {
  return scratch((hold) => hold(Dataset.fromRows(stored, cols)).normalised('mnist'));
}
