// The wasm module's memory, with the module itself: rows that are no longer used make room for the next.

import { existsSync, readFileSync } from 'node:fs';
import { initSync } from 'splinterp';
import { describe, expect, it } from 'vitest';
import { settings } from '../src/labs/activations/settings';
import { Files } from '../src/labs/activations/worker/files';
import { ActivationsSession } from '../src/labs/activations/worker/session';

const module = new URL('../../pkg/splinterp_bg.wasm', import.meta.url);

/** Bytes beside the rows: slices on their way, the order of the rows, the run. It was 12 MB; 92 MB with a file of 1 GB. */
const BESIDE = 16e6;

/** An .npy file of float32 rows. */
function npy(rows: number, cols: number): File {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${cols}), }`;
  const header = text.padEnd(117, ' ') + '\n';
  const start = Uint8Array.of(0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0, ...Buffer.from(header));
  const values = Float32Array.from({ length: rows * cols }, (_, i) => Math.sin(i));
  return new File([start, values], 'rows.npy');
}

describe.skipIf(process.env.CI === undefined && !existsSync(module))('memory', () => {
  it('of a file that is opened and trained on six times holds it no more than twice', { timeout: 60_000 }, async () => {
    const { memory } = initSync({ module: readFileSync(module) });
    const empty = memory.buffer.byteLength;
    const file = npy(100_000, 64);
    const config = settings.config({ ...settings.initial(), source: 'file', method: 'sgd', dSae: 16 });
    const files = new Files(() => undefined);
    const sizes: number[] = [];
    let session: ActivationsSession | undefined;
    for (let i = 0; i < 6; i++) {
      const opened = await files.open([{ path: file.name, file }]);
      const tensor = opened.kind === 'tensors' ? (opened.tensors[0]?.name ?? '') : '';
      await files.load({ tensor, keep: 'f32', dropNonFinite: false });
      const request = { session: i, config, epochs: 1, address: '', resume: false, kept: undefined };
      const starts = { imported: undefined, checkpoint: undefined };
      const next = await ActivationsSession.create(request, files.source(), starts, undefined);
      for (const { sae, trainer } of session?.runs ?? []) {
        sae.free();
        trainer.free();
      }
      session?.free();
      session = next;
      sizes.push(memory.buffer.byteLength);
    }
    // Memory only grows, so that its size is the most that was ever held: the file that stands and the one that loads.
    const [first = 0, second = 0, ...others] = sizes.map((size) => size - empty);
    expect(first).toBeLessThan(file.size + BESIDE);
    expect(second).toBeLessThan(2 * file.size + BESIDE);
    expect(others, 'every other takes the place of one before').toEqual(Array(4).fill(second));
  });
});
