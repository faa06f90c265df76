// The npm package in Node, made from its bytes as a server or a notebook would.
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { test } from 'node:test';

const folder = new URL('../../pkg/', import.meta.url);
const description = JSON.parse(await readFile(new URL('package.json', folder), 'utf8'));
const splinterp = await import(new URL(description.exports['.'].default, folder).href);
splinterp.initSync({ module: await readFile(new URL('splinterp_bg.wasm', folder)) });

test('package.json names files that exist', async () => {
  assert.equal(description.name, 'splinterp');
  assert.equal(description.type, 'module');
  for (const file of [description.types, ...Object.values(description.exports['.'])]) {
    assert.ok((await stat(new URL(file, folder))).isFile(), file);
  }
});

test('the names of the public interface are there', () => {
  const names = ['initSync', 'readTensors', 'Dataset', 'Trainer', 'Sae', 'decoderStep'];
  const missing = names.filter((name) => typeof splinterp[name] !== 'function');
  assert.deepEqual(missing, []);
  assert.equal(typeof splinterp.default, 'function', 'init is the default export');
});
