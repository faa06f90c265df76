// Activations of a language model that lie beside the page: downloaded when they are chosen, and kept.

import { openTensors, readTokens } from 'splinterp';
import { Failure, isTrap, messageOf } from '../../../kit/failure';
import { download, keep, kept } from '../../../lab/worker/download';
import { Source } from './source';

/** As tests/fixtures/sample.py writes them. */
const FILE = 'minilm-l3';
export const LANGUAGE_MODEL = 'MiniLM after layer 3';

/** The rows with their tokens. */
export async function languageModelSource(base: string): Promise<Source> {
  try {
    const rows = await beside(`${FILE}.npy`, base);
    const words = await beside(`${FILE}.tokens.json`, base);
    return await sourceOf(rows, new Uint8Array(await words.arrayBuffer()));
  } catch (error) {
    if (isTrap(error)) throw error;
    throw new Failure(`The activations of ${LANGUAGE_MODEL} could not be loaded: ${messageOf(error)}`, 'missing');
  }
}

async function sourceOf(rows: Blob, words: Uint8Array): Promise<Source> {
  const file = await openTensors(rows, `${FILE}.npy`);
  try {
    const data = await file.load(undefined, { keep: 'f16' });
    const tokens = readTokens(words, `${FILE}.tokens.json`, data.rows);
    const about = { name: LANGUAGE_MODEL, rows: data.rows, cols: data.cols, kept: 'f16', tokens: true } as const;
    return new Source({
      info: { ...about, image: undefined },
      data,
      fileRows: data.rows,
      tokens: {
        count: tokens.rows,
        sequences: tokens.sequences(),
        at: (row) => tokens.token(row),
        free: () => tokens.free(),
      },
      known: undefined,
      active: undefined,
      identity: FILE,
    });
  } finally {
    file.free();
  }
}

/** A file beside the page, which is downloaded once and is there without a network. */
async function beside(name: string, base: string): Promise<Blob> {
  const url = new URL(`sample/${name}`, base);
  const here = await kept(url);
  if (here) return here;
  const file = await download(url, name, () => undefined);
  await keep(url, file);
  return file;
}
