// A model as a file to download: a zip of another program's folder, or a checkpoint.

import { zipFiles, type Sae, type Trainer } from 'splinterp';
import { Failure } from '../../../kit/failure';
import type { ExportChoice, ModelName } from '../protocol';
import { asAbsTopK, withAbout, withAboutSparsify, withUnitDecoder } from './exported';
import type { ActivationsSession } from './session';

export async function fileOf(
  { what, unitNorm, about }: ExportChoice,
  model: { name: ModelName; sae: Sae; trainer: Trainer | undefined },
  { source, whole }: ActivationsSession,
): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }> {
  const stem = `${source.info.name.replace(/\.[^.]*$/, '').replaceAll(/[^\w.-]+/g, '-')}-${model.name}`;
  if (what === 'checkpoint') {
    const { trainer } = model;
    if (!trainer) throw new Failure('An imported SAE has no checkpoint: train on it first', 'missing');
    return { name: `${stem}.checkpoint.safetensors`, bytes: new Uint8Array(await trainer.checkpoint()) };
  }
  // A run reads normalised rows; other programs give theirs as they come, as an imported SAE takes them.
  const folded = model.name === 'imported' ? undefined : model.sae.folded(whole);
  const unit = unitNorm ? withUnitDecoder(folded ?? model.sae) : undefined;
  const sae = unit ?? folded ?? model.sae;
  try {
    const written = what === 'abstopk' ? asAbsTopK(sae) : sae.write(what);
    const files = what === 'sparsify' ? withAboutSparsify(written, about) : withAbout(written, about);
    const inFolder = files.map(({ name, bytes }) => ({ name: `${stem}/${name}`, bytes }));
    return { name: `${stem}-${what}.zip`, bytes: new Uint8Array(zipFiles(inFolder)) };
  } finally {
    unit?.free();
    folded?.free();
  }
}
