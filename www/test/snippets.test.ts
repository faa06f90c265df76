// Files that the page's snippets wrote, opened by its reader: tests/interop/snippets.py runs them and names their folder.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { initSync } from 'splinterp';
import { describe, expect, it } from 'vitest';
import { Files } from '../src/labs/activations/worker/files';
import type { GivenFile } from '../src/labs/activations/protocol';

const written = process.env.SNIPPETS;
/** Half precision keeps 11 bits; the largest of these activations are below 4. */
const CLOSE = 2 * 2 ** -11;

function filesIn(folder: string): GivenFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile() && !path.startsWith('expected.'))
    .map((path) => {
      const bytes = Uint8Array.from(readFileSync(join(folder, path)));
      return { path, file: new File([bytes], path.slice(path.lastIndexOf('/') + 1)) };
    });
}

describe.skipIf(written === undefined)('what a snippet wrote', () => {
  it.each(written === undefined ? [] : readdirSync(written))('is opened: %s', async (name) => {
    initSync({ module: readFileSync(new URL('../../pkg/splinterp_bg.wasm', import.meta.url)) });
    const folder = join(written ?? '', name);
    const files = new Files(() => undefined);
    const opened = await files.open(filesIn(folder));
    if (opened.kind !== 'tensors') return expect.fail(`these are ${opened.kind}`);
    expect(opened.tensors).toHaveLength(1);
    await files.load({ tensor: opened.tensors[0]?.name ?? '', keep: 'f32', dropNonFinite: false });
    const { data, tokens } = files.source();
    const about: unknown = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));
    const found = Array.from({ length: data.rows }, (_, row) => tokens?.at(row)?.token);
    expect({ shape: [data.rows, data.cols], tokens: found }).toEqual(about);
    const raw = Uint8Array.from(readFileSync(join(folder, 'expected.f32')));
    const expected = new Float32Array(raw.buffer);
    const values = data.values();
    const error = values.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (expected[i] ?? NaN))), 0);
    console.log(`${name}: ${data.rows} rows of ${data.cols}, largest difference ${error.toExponential(1)}`);
    expect(error).toBeLessThan(CLOSE);
  });
});
