// The packed package in every bundler and runtime, as a table: `./build.sh package`. Each trains for one epoch, and all
// must tell the same error. What is quick of this is in tests/node/installed.test.mjs as well.

import { createServer } from 'node:http';
import { readFile, rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { byEsbuild, byEsbuildWithCopy, byImportMap, byPath, byVite, byWebpack, names } from './bundlers.mjs';
import { makeProject, run } from './project.mjs';

const bin = (name) => fileURLToPath(new URL(`node_modules/.bin/${name}`, import.meta.url));
const firstLine = async (...command) => (await run(...command)).stdout.split('\n', 1)[0].split(' (')[0];
const types = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

const { project, packed } = await makeProject();
let wasmType = types['.wasm'];
const server = createServer(async (request, response) => {
  const path = new URL(request.url, 'http://localhost').pathname;
  try {
    const body = await readFile(join(project, path));
    const type = extname(path) === '.wasm' ? wasmType : types[extname(path)];
    response.writeHead(200, { 'Content-Type': type ?? 'application/octet-stream' }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({
  executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});

/** What the page of a folder told, once it has. */
async function inBrowser(folder) {
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  try {
    await page.goto(`${origin}/${folder}/index.html`);
    await page.waitForFunction(() => globalThis.result, undefined, { timeout: 60_000 });
    return await page.evaluate(() => globalThis.result);
  } catch (error) {
    throw new Error([error.message, ...errors].join('; '), { cause: error });
  } finally {
    await page.close();
  }
}

let built = 0;
const bundled = (bundler, program) => async () => {
  built += 1;
  await bundler(project, program, `out${built}`);
  return inBrowser(`out${built}`);
};
const program =
  (command, ...given) =>
  async () =>
    JSON.parse((await run(command, given, { cwd: project })).stdout);
const checked =
  (command, ...given) =>
  async () => {
    await run(command, given).catch(({ stdout, stderr }) => Promise.reject(new Error(stdout + stderr)));
    return 'clean';
  };
async function asOctets() {
  wasmType = 'application/octet-stream';
  const result = await bundled(byImportMap, 'page.js')();
  wasmType = types['.wasm'];
  return result;
}

const node = `Node ${process.versions.node}`;
const deno = await firstLine(bin('deno'), ['--version']);
const bun = `bun ${await firstLine(bin('bun'), ['--version'])}`;
const chrome = `Chromium ${browser.version().split('.', 1)[0]}`;
const expected = await program(process.execPath, 'server.js')();
const fileLoader = (...given) => byEsbuild(...given, { loader: { '.wasm': 'file' } });
const withWorker = async (...given) => {
  await byEsbuildWithCopy(...given);
  await byEsbuildWithCopy(given[0], 'worker.js', given[2]);
  await byEsbuild(...given);
};
/** Where, how, what gives the result, and what is expected. */
const rows = [
  [node, 'import', program(process.execPath, 'server.js')],
  [node, 'require', program(process.execPath, 'server.cjs')],
  [node, 'import in a worker thread', program(process.execPath, 'thread.js')],
  [deno, 'import', program(bin('deno'), 'run', '--allow-read', '--allow-env', 'server.js')],
  [bun, 'import', program(bin('bun'), 'server.js')],
  [bun, 'require', program(bin('bun'), 'server.cjs')],
  [names.vite, 'page', bundled(byVite, 'page.js')],
  [names.vite, 'worker', bundled(byVite, 'with-worker.js')],
  [names.webpack, 'page', bundled(byWebpack, 'page.js')],
  [names.webpack, 'worker', bundled(byWebpack, 'with-worker.js')],
  [names.esbuild, 'page, wasm copied', bundled(byEsbuildWithCopy, 'page.js')],
  [names.esbuild, 'worker, wasm copied', bundled(withWorker, 'with-worker.js')],
  [names.esbuild, 'page, slim entry, loader `file`', bundled(fileLoader, 'slim.js')],
  [names.esbuild, 'page, wasm left behind', bundled(byEsbuild, 'page.js'), { code: 'init', message: /copy it there/ }],
  ['no bundler', '`<script type="module">`, import map', bundled(byImportMap, 'page.js')],
  ['no bundler', 'worker, by path', bundled(byPath, 'with-worker.js')],
  ['no bundler', 'wasm sent as application/octet-stream', asOctets],
  ['publint', '--strict', checked(bin('publint'), 'run', packed, '--strict'), 'clean'],
  ['attw', '`.`', checked(bin('attw'), packed, '--entrypoints', '.'), 'clean'],
  [
    'attw',
    '`./slim`, for modules',
    checked(bin('attw'), packed, '--entrypoints', 'slim', '--profile', 'esm-only'),
    'clean',
  ],
];

function outcome(result, wanted = expected) {
  if (wanted === 'clean') return result === 'clean' ? 'clean' : undefined;
  if (wanted.code)
    return result.code === wanted.code && wanted.message.test(result.message) ? 'says what to do' : undefined;
  return result.mse === wanted.mse ? 'runs' : undefined;
}

let failures = 0;
console.log(
  `In ${chrome}, ${node}; all tell the error ${expected.mse}\n\n| with | how | result |\n| --- | --- | --- |`,
);
for (const [where, how, attempt, wanted] of rows) {
  const result = await attempt().catch((error) => ({ code: 'none', message: error.message }));
  const found = outcome(result, wanted);
  if (!found) failures += 1;
  console.log(`| ${where} | ${how} | ${found ?? `FAILS: ${JSON.stringify(result)}`} |`);
}
await browser.close();
server.close();
await rm(project, { recursive: true });
process.exitCode = failures ? 1 : 0;
