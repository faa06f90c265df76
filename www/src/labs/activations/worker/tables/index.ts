// Tables and shards: Arrow and Parquet, and several files of rows as one. Loaded when such files are opened.

import { openTensors } from 'splinterp';
import { Failure } from '../../../../kit/failure';
import { readArrays } from './arrays';
import { readArrow } from './arrow';
import { readParquet } from './parquet';
import { asSafetensors, joined, type Table, type Words } from './table';
import { formatOf } from './format';

export type { Words };

/** How a reading is told of and cancelled. */
export interface How {
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}

/** Files of rows as one file for the crate, with the tokens that stand beside its rows. */
export async function assembled(
  name: string,
  files: readonly File[],
  { signal, onProgress }: How,
): Promise<{ file: Blob; words: Words | undefined }> {
  const tables: Table[] = [];
  for (const [i, file] of files.entries()) {
    if (signal.aborted) throw new Failure(`${file.name}: reading was cancelled`, 'cancelled');
    const within = (done: number, total: number): void => onProgress(i + done / total, files.length);
    tables.push(await tableOf(file, { signal, onProgress: within }));
    onProgress(i + 1, files.length);
  }
  const table = joined(name, tables);
  return { file: asSafetensors(table), words: table.words };
}

async function tableOf(file: File, { signal, onProgress }: How): Promise<Table> {
  switch (await formatOf(file)) {
    case 'arrow':
      return readArrow(file, signal, onProgress);
    case 'parquet':
      return readParquet(file, signal, onProgress);
    case 'npy':
    case 'safetensors':
      break;
    default:
      throw new Failure(
        `${file.name}: is one of several files, expected .npy, .safetensors, Arrow or Parquet`,
        'files',
      );
  }
  const opened = await openTensors(file, file.name);
  try {
    if (opened.holds !== 'rows') {
      throw new Failure(`${file.name}: holds a model, expected rows as its shards`, 'files');
    }
    return await readArrays(file, opened.tensors);
  } finally {
    opened.free();
  }
}
