// Tables and shards: Arrow and Parquet, and several files of rows as one. Loaded when such files are opened.

import { openTensors, type StreamFile } from 'splinterp';
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

/** Files of rows as the crate reads them. */
export interface Assembled {
  /** All of them as one file. */
  file: Blob;
  /** Each by itself, under its own name. */
  parts: StreamFile[];
  /** The tokens that stand beside the rows. */
  words: Words | undefined;
}

/** Files of rows as one file for the crate, and each as a file. */
export async function assembled(name: string, files: readonly File[], { signal, onProgress }: How): Promise<Assembled> {
  const tables: Table[] = [];
  for (const [i, file] of files.entries()) {
    if (signal.aborted) throw new Failure(`${file.name}: reading was cancelled`, 'cancelled');
    const within = (done: number, total: number): void => onProgress(i + done / total, files.length);
    tables.push(await tableOf(file, { signal, onProgress: within }));
    onProgress(i + 1, files.length);
  }
  const table = joined(name, tables);
  const parts = tables.map((each) => ({ name: each.file, file: asSafetensors(each) }));
  return { file: asSafetensors(table), parts, words: table.words };
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
