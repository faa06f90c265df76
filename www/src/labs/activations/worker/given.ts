// Files that the user gives, told apart by their names before any is read.

import { bytes as size, count } from '../../../kit/format';
import { Failure } from '../../../kit/failure';
import type { GivenFile } from '../protocol';
import { BESIDE_SHARDS, isIndex, nameOfSet, shardsInOrder } from './shards';

/** Rows of tables, which no folder of an SAE holds. */
const TABLE_FILE = /\.(arrow|arrows|feather|ipc|parquet|pq)$/i;
/** Names by which the folders of other programs are known, and zips of such, as this page writes them. */
const SAE_FILE = /^(cfg\.json|config\.json|params\.npz|ae\.pt|sae_weights\.safetensors|sae\.safetensors|.*\.zip)$/;
const TOKENS_FILE = /\.?tokens\.json$/;
/** The files of one SAE may have so many bytes: they are read into memory. */
const MOST_SAE_BYTES = 2e9;
/** Names that a message lists. */
const MOST_NAMES = 4;

export type Sorted =
  | { kind: 'tokens'; tokens: File }
  | { kind: 'sae'; files: File[] }
  | { kind: 'rows'; name: string; files: File[]; tokens: File | undefined };

/** What the files are: tokens by themselves, one SAE, or rows in one file or in shards, with or without their tokens. */
export async function sorted(given: readonly GivenFile[]): Promise<Sorted> {
  const tokens = given.find(({ file }) => TOKENS_FILE.test(file.name))?.file;
  const rest = given.filter(({ file }) => !TOKENS_FILE.test(file.name));
  const saeFiles = rest.filter(({ file }) => SAE_FILE.test(file.name));
  if (saeFiles.length > 0 && !rest.some(({ file }) => TABLE_FILE.test(file.name))) {
    return { kind: 'sae', files: oneSae(saeFiles) };
  }
  const indices = rest.filter(isIndex);
  const shards = rest.filter((each) => !indices.includes(each) && !BESIDE_SHARDS.test(each.file.name));
  const [first] = shards;
  if (first) {
    const files = shards.length > 1 || indices.length > 0 ? await shardsInOrder(shards, indices) : [first.file];
    return { kind: 'rows', name: nameOfSet(shards), files, tokens };
  }
  if (indices[0]) throw new Failure(`${indices[0].path}: was given without the files that it lists`, 'files');
  if (tokens) return { kind: 'tokens', tokens };
  throw new Failure('No file was given: the folder is empty', 'files');
}

/** The files of one folder; those of several are several SAEs. */
function oneSae(files: readonly GivenFile[]): File[] {
  const folders = [...new Set(files.map(({ path }) => path.slice(0, Math.max(0, path.lastIndexOf('/')))))];
  if (folders.length > 1) {
    throw new Failure(`${listed(folders)}: SAEs in several folders, expected the folder of one`, 'files');
  }
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  if (bytes > MOST_SAE_BYTES) {
    const names = listed(files.map(({ path }) => path));
    throw new Failure(`${names}: ${size(bytes)}, expected at most ${size(MOST_SAE_BYTES)} of one SAE`, 'files');
  }
  return files.map(({ file }) => file);
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return names.slice(0, MOST_NAMES).join(', ') + (more > 0 ? ` and ${count(more)} more` : '');
}

/** `minilm.npy` and `minilm.tokens.json` have the same stem. */
export function stemOf(name: string): string {
  return name.replace(TOKENS_FILE, '').replace(/\.[^.]*$/, '');
}
