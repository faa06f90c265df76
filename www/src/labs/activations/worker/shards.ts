// Rows in several files: which belong to the set, in which order, and whether one is missing. An index file decides, as
// Hugging Face writes it; else the names do.

import { Failure } from '../../../kit/failure';
import type { GivenFile } from '../protocol';

/** `model.safetensors.index.json`, and `state.json` of a data set that was saved to disk. */
export const INDEX_FILE = /(\.index|^state)\.json$/;
/** What lies in such folders and holds no rows. */
export const BESIDE_SHARDS =
  /^(dataset_info|dataset_dict|cfg|config|cache_activations_runner_cfg)\.json$|^readme|\.(md|lock)$|^\./i;
/** An index of ten thousand shards is shorter. */
const LONGEST_INDEX = 2 ** 24;

/** `acts-00002-of-00003.npy`: the second of three. */
const OF_MANY = /^(.*?)(\d+)(-of-)(\d+)(\D*)$/;
/** `acts_12.npy`: the number by which it stands among others. */
const NUMBERED = /^(.*?)(\d+)(\D*)$/;

/** `acts-00001-of-00003.npy` and others: the name of the set. */
export function nameOfSet(shards: readonly GivenFile[]): string {
  const [first] = shards;
  if (!first || shards.length === 1) return first?.file.name ?? '';
  const folder = first.path.slice(0, Math.max(0, first.path.lastIndexOf('/')));
  return `${folder === '' ? first.file.name : folder} and ${shards.length - 1} more`;
}

export async function shardsInOrder(given: readonly GivenFile[], indices: readonly GivenFile[]): Promise<File[]> {
  const [index, other] = indices;
  // A data set of several splits has a folder, and an index, for each.
  if (index && !other) return listedBy(index.file, given);
  const inOrder = [...given].sort((a, b) => collator.compare(a.path, b.path));
  checkComplete(inOrder.map(({ path }) => path));
  return inOrder.map(({ file }) => file);
}

const collator = new Intl.Collator('en', { numeric: true });

/** The files that an index lists, in its order. */
async function listedBy(index: File, given: readonly GivenFile[]): Promise<File[]> {
  if (index.size > LONGEST_INDEX) {
    throw new Failure(`${index.name}: ${index.size} bytes, expected at most ${LONGEST_INDEX} of an index`, 'format');
  }
  const names = namesIn(index.name, await index.text());
  return names.map((name) => {
    const found = given.find(({ file }) => file.name === name);
    if (!found) throw new Failure(`${name}: is listed in ${index.name} and was not given`, 'files');
    return found.file;
  });
}

/** `{"weight_map": {tensor: file}}`, or `{"_data_files": [{"filename": file}]}`. */
export function namesIn(name: string, text: string): string[] {
  const found = listIn(text);
  if (found.length === 0 || !found.every((each) => typeof each === 'string' && each !== '')) {
    throw new Failure(`${name}: lists no files, expected an object with “weight_map” or “_data_files”`, 'format');
  }
  return [...new Set(found)];
}

function listIn(text: string): string[] {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    return [];
  }
  if (typeof index !== 'object' || index === null) return [];
  if ('weight_map' in index && typeof index.weight_map === 'object' && index.weight_map !== null) {
    return Object.values(index.weight_map).map(String).sort(collator.compare);
  }
  if ('_data_files' in index && Array.isArray(index._data_files)) {
    return index._data_files.map((each: unknown) => {
      const file = typeof each === 'object' && each !== null && 'filename' in each ? each.filename : '';
      return typeof file === 'string' ? file : '';
    });
  }
  return [];
}

/** Says which shard is missing, by its number: those of a folder are counted through. */
export function checkComplete(paths: readonly string[]): void {
  const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
  for (const folder of new Set(paths.map(folderOf))) checkFolder(paths.filter((path) => folderOf(path) === folder));
}

function checkFolder(paths: readonly string[]): void {
  const [first = ''] = paths;
  const parts = OF_MANY.exec(first);
  if (parts) {
    const [, stem = '', start = '', of = '', total = '', rest = ''] = parts;
    // From 0 in data sets, from 1 in models.
    const from = Number(start) === 0 ? 0 : 1;
    for (let i = 0; i < Number(total) && i <= paths.length; i++) {
      const expected = `${stem}${String(from + i).padStart(start.length, '0')}${of}${total}${rest}`;
      if (paths[i] !== expected) throw missing(expected, paths[i]);
    }
    return;
  }
  const numbered = NUMBERED.exec(first);
  if (!numbered) return;
  const [, stem = '', start = '', rest = ''] = numbered;
  const same = paths.every((path) => {
    const other = NUMBERED.exec(path);
    return other?.[1] === stem && other[3] === rest;
  });
  if (!same) return;
  paths.forEach((path, i) => {
    const expected = `${stem}${String(Number(start) + i).padStart(start.length, '0')}${rest}`;
    if (path !== expected) throw missing(expected, path);
  });
}

function missing(expected: string, found: string | undefined): Failure {
  const where = found === undefined ? '' : `: ${found} is in its place`;
  return new Failure(`${expected}: is missing from the set${where}`, 'files');
}
