// The package as npm installs it: packed, unpacked in a folder of its own, and loaded in each way that Node has. Bundlers
// and browsers are tried by tests/package.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
/** Prints the rows of a data set, which takes the wasm. */
const use = 'console.log(Dataset.digits(3, 1).rows)';
let project;

before(async () => {
  project = await mkdtemp(join(tmpdir(), 'splinterp-'));
  const { stdout } = await run('npm', ['pack', join(root, 'pkg'), '--pack-destination', project, '--silent']);
  await writeFile(join(project, 'package.json'), '{ "private": true }');
  const install = ['install', '--offline', '--no-audit', '--no-fund', '--silent', join(project, stdout.trim())];
  await run('npm', install, { cwd: project });
});
after(() => rm(project, { recursive: true }));

const installed = (name) => join(project, 'node_modules/splinterp', name);

/** What a program in the project prints. */
async function output(name, program) {
  await writeFile(join(project, name), program);
  const { stdout, stderr } = await run(process.execPath, [name], { cwd: project });
  assert.equal(stderr, '');
  return stdout.trim();
}

test('package.json names files that are packed, and only such are', async () => {
  const description = JSON.parse(await readFile(installed('package.json'), 'utf8'));
  const files = await readdir(installed('.'));
  const leaves = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(leaves));
  const named = leaves([description.exports, description.main, description.module, description.types]);
  assert.deepEqual(
    [...new Set(named)].filter((name) => !files.includes(name.replace('./', ''))),
    [],
  );
  const beside = ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'core.js', 'core.d.ts', 'failure.js'];
  assert.deepEqual(files.sort(), [...new Set([...named.map((name) => name.replace('./', '')), ...beside])].sort());
});

test('what its README links to or shows is in it, or on the web', async () => {
  const links = [...(await readFile(installed('README.md'), 'utf8')).matchAll(/\]\(([^)]*)\)/g)].map(([, to]) => to);
  assert.deepEqual(
    links.filter((to) => !to.startsWith('https://')),
    [],
  );
});

const ways = {
  'import, with init': ['a.mjs', `import init, { Dataset } from 'splinterp'; await init(); ${use}`],
  'import, without init': ['b.mjs', `import { Dataset } from 'splinterp'; ${use}`],
  require: ['c.cjs', `const { Dataset } = require('splinterp'); ${use}`],
  'require, with init': ['d.cjs', `const { default: init, Dataset } = require('splinterp'); init().then(() => ${use})`],
  'a worker thread': [
    'e.mjs',
    `import { Worker, isMainThread } from 'node:worker_threads';
     import { Dataset } from 'splinterp';
     if (isMainThread) new Worker(new URL(import.meta.url)); else ${use}`,
  ],
  'the slim entry with bytes': [
    'f.mjs',
    `import { readFileSync } from 'node:fs';
     import init, { Dataset } from 'splinterp/slim';
     await init(readFileSync(new URL(import.meta.resolve('splinterp/wasm')))); ${use}`,
  ],
  'the slim entry with a module, at once': [
    'g.cjs',
    `const { readFileSync } = require('fs');
     const { initSync, Dataset } = require('splinterp/slim');
     initSync({ module: new WebAssembly.Module(readFileSync(require.resolve('splinterp/wasm'))) }); ${use}`,
  ],
};
for (const [way, [name, program]] of Object.entries(ways)) {
  test(`it loads by ${way}`, async () => assert.equal(await output(name, program), '3'));
}

test('both entries share one module', async () => {
  const program = `import { Dataset } from 'splinterp'; import * as slim from 'splinterp/slim';
    console.log(slim.Dataset === Dataset, slim.Dataset.digits(3, 1).rows);`;
  assert.equal(await output('h.mjs', program), 'true 3');
});

test('a call before init says what to do', async () => {
  const { Dataset, Sae, Trainer, powerDiagram } = await import(`file://${installed('slim.js')}`);
  const early = { code: 'uninitialised', message: /^call init\(\) first/ };
  assert.throws(() => Dataset.digits(3, 1), early);
  assert.throws(() => Sae.read([]), early);
  assert.throws(() => powerDiagram([0, 0], [0], 1, [0, 0, 1, 1]), early);
  await assert.rejects(async () => Trainer.create(1, 2, 3), early);
});

test('what is no wasm is refused in a sentence, and init can be tried again', async () => {
  const { default: init, initSync, Dataset } = await import(`file://${installed('slim.js')}`);
  const refused = (message) => ({ code: 'init', message });
  await assert.rejects(init(), refused(/was given no wasm/));
  assert.throws(() => initSync(), refused(/was given no wasm/));
  await assert.rejects(init(Uint8Array.of(1, 2, 3)), refused(/could not be loaded: .*splinterp_bg\.wasm/s));
  const page = 'data:application/wasm,<!doctype html>';
  await assert.rejects(init(page), refused(/could not be loaded from data:.*copy it there/s));
  const { memory } = await init(await readFile(installed('splinterp_bg.wasm')));
  assert.ok(memory.buffer.byteLength > 0);
  assert.equal(Dataset.digits(3, 1).rows, 3);
});

test('objects are disposed of as they are freed, and say so afterwards', async () => {
  const { Dataset, Sae } = await import(`file://${installed('node.js')}`);
  const freed = { code: 'freed', message: /was freed/ };
  const rows = Dataset.digits(3, 1);
  rows[Symbol.dispose]();
  assert.throws(() => rows.rows, freed);
  assert.throws(() => rows.free(), freed);
  const sae = Sae.ofSites([0, 0, 1, 1], [0, 0], { kind: 'relu' });
  sae.free();
  assert.throws(() => sae.encode(Float32Array.of(0, 0)), freed);
});

/** The programs of a document, as they are written. */
async function examples(document) {
  const text = await readFile(document, 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, program]) => program);
}

for (const [where, options, entries] of [
  ['a page', { lib: ['ES2022', 'DOM'], types: [], module: 'ESNext', moduleResolution: 'bundler' }, true],
  ['Node, without the DOM', { lib: ['ES2022'], types: ['node'], module: 'NodeNext' }, false],
]) {
  test(`strict TypeScript compiles the examples for ${where}`, async () => {
    const folder = await mkdtemp(join(project, 'types-'));
    await mkdir(join(folder, 'node_modules/@types'), { recursive: true });
    for (const name of ['@types/node', 'undici-types']) {
      await symlink(join(root, 'www/node_modules', name), join(folder, 'node_modules', name));
    }
    const written = [...(await examples(join(root, 'README.md'))), ...(await examples(join(root, 'docs/package.md')))];
    // Only pages have a `location`.
    const programs = written.filter((program) => entries || !program.includes('location'));
    assert.ok(programs.length >= 3);
    for (const [i, program] of programs.entries()) await writeFile(join(folder, `example${i}.mts`), program);
    if (!entries) {
      const required =
        "import splinterp = require('splinterp');\nexport const { rows } = splinterp.Dataset.digits(3, 1);";
      await writeFile(join(folder, 'required.cts'), required);
    }
    const compilerOptions = { strict: true, noEmit: true, target: 'ES2022', skipLibCheck: false, ...options };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    const compiler = join(root, 'www/node_modules/typescript/bin/tsc');
    await run(process.execPath, [compiler, '-p', folder]).catch(({ stdout }) => assert.fail(stdout));
  });
}
