// A project that has installed the packed package, and the programs in it: each trains for one epoch and tells its error.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const run = promisify(execFile);
const pkg = fileURLToPath(new URL('../../pkg', import.meta.url));

/** The error is the same to the last bit wherever it is computed. */
const train = `export async function train({ Dataset, Trainer }) {
  const rows = Dataset.digits(200, 1).normalised('mnist');
  const activation = { kind: 'topk', k: 3, by: 'magnitude' };
  const trainer = await Trainer.create(rows, rows, { dSae: 16, activation, method: 'pam', seed: 1, backend: 'cpu' });
  return (await trainer.epoch()).trainMse;
}
`;

/** Tells what a promise gives, or the code and message of what it rejects with. */
const tell = `export const tell = (promise, report) =>
  promise.then((mse) => report({ mse }), ({ code, message }) => report({ code, message }));
`;

const imports = `import { train } from './train.js';
import { tell } from './tell.js';
`;
const use = `${imports}import init, * as splinterp from 'splinterp';
tell(init().then(() => train(splinterp)), REPORT);
`;
const inPage = (program) => program.replace('REPORT', '(result) => { globalThis.result = result; }');

export const files = {
  'train.js': train,
  'tell.js': tell,
  'page.js': inPage(use),
  'slim.js': inPage(`${imports}import init, * as splinterp from 'splinterp/slim';
import address from 'splinterp/wasm';
tell(init(new URL(address, import.meta.url)).then(() => train(splinterp)), REPORT);
`),
  'with-worker.js': `const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }) => { globalThis.result = data; };
`,
  'worker.js': use.replace('REPORT', 'postMessage'),
  'server.js': use.replace('REPORT', '(result) => console.log(JSON.stringify(result))'),
  'server.cjs': `const splinterp = require('splinterp');
Promise.all([import('./train.js'), import('./tell.js'), splinterp.default()]).then(([{ train }, { tell }]) =>
  tell(train(splinterp), (result) => console.log(JSON.stringify(result))));
`,
  'thread.js': `import { Worker } from 'node:worker_threads';
new Worker(new URL('server.js', import.meta.url));
`,
};

/** Packs the package and installs it in a folder of its own; the folder, and the packed file. */
export async function makeProject() {
  const project = await mkdtemp(join(tmpdir(), 'splinterp-package-'));
  const { stdout } = await run('npm', ['pack', pkg, '--pack-destination', project, '--silent']);
  const packed = join(project, stdout.trim());
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  const options = ['--offline', '--no-audit', '--no-fund', '--silent'];
  await run('npm', ['install', ...options, packed], { cwd: project });
  for (const [name, content] of Object.entries(files)) await write(project, name, content);
  return { project, packed };
}

export async function write(folder, name, content) {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), content);
}
