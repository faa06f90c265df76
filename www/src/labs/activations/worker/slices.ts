// Files read in slices, so that progress is seen and a reading can be cancelled.

import { Failure } from '../../../kit/failure';

/** Bytes of a slice: a fraction of a second to read. */
const SLICE = 8 * 2 ** 20;

/** Reads whole files one after another; `onProgress` hears of bytes. */
export async function readWhole(
  files: readonly File[],
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const read: Uint8Array<ArrayBuffer>[] = [];
  let done = 0;
  for (const file of files) {
    const bytes = new Uint8Array(file.size);
    for (let from = 0; from < file.size; from += SLICE) {
      if (signal.aborted) throw new Failure(`${file.name}: reading was cancelled`, 'cancelled');
      bytes.set(new Uint8Array(await file.slice(from, from + SLICE).arrayBuffer()), from);
      done = Math.min(total, done + SLICE);
      onProgress(done, total);
    }
    read.push(bytes);
  }
  return read;
}
