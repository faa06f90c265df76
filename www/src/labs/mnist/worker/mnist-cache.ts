// Whether MNIST is in the browser's cache.

import { kept } from '../../../lab/worker/download';
import { mnistFiles, type BesidePage } from '../manifest';

/** Whether all of MNIST is kept, so that it costs no download. */
export async function isKept(base: string): Promise<boolean> {
  const files = await mnistFiles(base).catch((): BesidePage[] => []);
  const sizes = await Promise.all(files.map(async ({ name }) => (await kept(new URL(`mnist/${name}`, base)))?.size));
  return files.length > 0 && files.every(({ bytes }, i) => sizes[i] === bytes);
}
