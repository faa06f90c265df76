// A model as a file to download: a zip of another program's folder, or a checkpoint.

import { zipFiles, type Sae, type Trainer } from 'splinterp';
import { Failure } from '../../../kit/failure';
import type { ModelName } from '../protocol';
import type { Session } from './session';

export async function fileOf(
  what: 'saelens' | 'sparsify' | 'checkpoint',
  model: { name: ModelName; sae: Sae },
  trainer: Trainer | undefined,
  { source, whole }: Session,
): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }> {
  const stem = `${source.info.name.replace(/\.[^.]*$/, '').replaceAll(/[^\w.-]+/g, '-')}-${model.name}`;
  if (what === 'checkpoint') {
    if (!trainer) throw new Failure('An imported SAE has no checkpoint: train on it first', 'missing');
    return { name: `${stem}.checkpoint.safetensors`, bytes: new Uint8Array(await trainer.checkpoint()) };
  }
  // A run reads normalised rows; other programs give theirs as they come, as an imported SAE takes them.
  const folded = model.name === 'imported' ? undefined : model.sae.folded(whole);
  try {
    const files = (folded ?? model.sae).write(what).map(({ name, bytes }) => ({ name: `${stem}/${name}`, bytes }));
    return { name: `${stem}-${what}.zip`, bytes: new Uint8Array(zipFiles(files)) };
  } finally {
    folded?.free();
  }
}
