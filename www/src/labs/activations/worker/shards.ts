// Rows in several files: which belong to the set, in which order, and whether one is missing. The crate decides, by an index
// or by the names.

import { isShardIndex, shardOrder } from 'splinterp';
import type { GivenFile } from '../protocol';

/** What lies in such folders and holds no rows. */
export const BESIDE_SHARDS =
  /^(dataset_info|dataset_dict|cfg|config|cache_activations_runner_cfg)\.json$|^readme|\.(md|lock)$|^\./i;
/** Bytes of an index that are read: more than one may have. */
const MOST_READ = 2 ** 26;

/** `acts-00001-of-00003.npy` and others: the name of the set. */
export function nameOfSet(shards: readonly GivenFile[]): string {
  const [first] = shards;
  if (!first || shards.length === 1) return first?.file.name ?? '';
  const folder = first.path.slice(0, Math.max(0, first.path.lastIndexOf('/')));
  return `${folder === '' ? first.file.name : folder} and ${shards.length - 1} more`;
}

/** Whether a file lists the others. */
export function isIndex({ path }: GivenFile): boolean {
  return isShardIndex(path);
}

export async function shardsInOrder(given: readonly GivenFile[], indices: readonly GivenFile[]): Promise<File[]> {
  const [index, other] = indices;
  // A data set of several splits has a folder, and an index, for each.
  const one = index && !other ? { name: index.path, text: await index.file.slice(0, MOST_READ).text() } : undefined;
  const paths = given.map(({ path }) => path);
  return Array.from(shardOrder(paths, one)).flatMap((at) => given[at]?.file ?? []);
}
