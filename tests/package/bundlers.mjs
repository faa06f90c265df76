// Each bundler, with as little configuration as it takes: what it makes of a program of the project, in a folder there.

import { copyFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import * as vite from 'vite';
import webpack from 'webpack';
import { files, write } from './project.mjs';

const versionOf = (name) => createRequire(import.meta.url)(`${name}/package.json`).version;
export const names = Object.fromEntries(
  ['vite', 'webpack', 'esbuild'].map((name) => [name, `${name} ${versionOf(name)}`]),
);

const html = (program, head = '') =>
  `<!doctype html><title>splinterp</title>${head}<script type="module" src="${program}"></script>`;

export async function byVite(project, program, folder) {
  await write(project, 'index.html', html(`./${program}`));
  const build = { outDir: folder, emptyOutDir: true };
  await vite.build({
    root: project,
    base: './',
    configFile: false,
    logLevel: 'error',
    worker: { format: 'es' },
    build,
  });
}

export async function byWebpack(project, program, folder) {
  const output = { path: join(project, folder), filename: 'main.js' };
  const compiler = webpack({ mode: 'production', context: project, entry: `./${program}`, output, performance: false });
  const stats = await promise((done) => compiler.run(done));
  await promise((done) => compiler.close(done));
  if (stats.hasErrors() || stats.hasWarnings())
    throw new Error(stats.toString({ all: false, errors: true, warnings: true }));
  await write(project, `${folder}/index.html`, html('main.js'));
}

export async function byEsbuild(project, program, folder, options = {}) {
  const outdir = join(project, folder);
  const entryPoints = [join(project, program)];
  await esbuild.build({
    entryPoints,
    outdir,
    bundle: true,
    format: 'esm',
    logLevel: 'error',
    minify: true,
    ...options,
  });
  await write(project, `${folder}/index.html`, html(program));
}

/** esbuild does not follow the address of the wasm, so that it is copied beside the bundle. */
export async function byEsbuildWithCopy(project, program, folder) {
  await byEsbuild(project, program, folder);
  const name = 'splinterp_bg.wasm';
  await copyFile(join(project, 'node_modules/splinterp', name), join(project, folder, name));
}

/** No bundler: an import map says where the package lies. */
export async function byImportMap(project, program, folder) {
  const map = { imports: { splinterp: '../node_modules/splinterp/splinterp.js' } };
  await write(
    project,
    `${folder}/index.html`,
    html(`../${program}`, `<script type="importmap">${JSON.stringify(map)}</script>`),
  );
}

/** A worker sees no import map: it names the file. */
export async function byPath(project, program, folder) {
  const worker = files['worker.js'].replaceAll("'./", "'../");
  await write(
    project,
    `${folder}/worker.js`,
    worker.replace("'splinterp'", "'../node_modules/splinterp/splinterp.js'"),
  );
  await write(project, `${folder}/${program}`, files[program]);
  await write(project, `${folder}/index.html`, html(program));
}

const promise = (call) =>
  new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))));
