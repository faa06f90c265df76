// What holds of any bytes that are opened as a table: they are read, or refused by a sentence that names the file. The suite
// tries changed files of tests/fixtures, and tests/fuzz/tables whatever leads to new code.

import { Failure } from '../../src/kit/failure';
import { readArrow } from '../../src/labs/activations/worker/tables/arrow';
import { formatOf } from '../../src/labs/activations/worker/tables/format';
import { readParquet } from '../../src/labs/activations/worker/tables/parquet';
import { asSafetensors } from '../../src/labs/activations/worker/tables/table';

const NAME = 'a.table';

/** Opens bytes as a table; throws if they are neither read nor refused. What they are refused by, or nothing. */
export async function openAsTable(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const file = new File([bytes], NAME);
  const format = await formatOf(file);
  if (format !== 'arrow' && format !== 'parquet') return 'no table';
  const read = format === 'arrow' ? readArrow : readParquet;
  try {
    const table = await read(file, new AbortController().signal, () => undefined);
    const lengths = table.words?.sequences.map(({ length }) => length) ?? [];
    if (lengths.some((length) => !Number.isInteger(length))) throw new Error('tokens are no lists');
    // Compares the bytes of each column with its shape.
    if (table.columns.length > 0) asSafetensors(table);
    return undefined;
  } catch (error) {
    if (error instanceof Failure && error.message.startsWith(`${NAME}: `)) return error.message;
    throw error;
  }
}
