// node packaging/make.mjs BUILT PKG <metadata.json: makes the npm package in PKG of what wasm-bindgen left in BUILT.
// Version, description and keywords have one home, Cargo.toml: they come in by cargo's metadata.

import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

const [built, pkg] = process.argv.slice(2);
const root = new URL('../', import.meta.url);
const entries = new URL('entries/', import.meta.url);

/** Replaces what occurs exactly `count` times: wasm-bindgen's output is known for one version only. */
function replace(content, from, to, count = 1) {
  const parts = content.split(from);
  if (parts.length !== count + 1) {
    throw new Error(`make.mjs: wasm-bindgen wrote '${from}' ${parts.length - 1} times, expected ${count}`);
  }
  return parts.join(to);
}

/** wasm-bindgen's JavaScript: it says what to do when it is called too early or too late, and leaves the address to the entries. */
function core(js) {
  js = replace(js, '/* @ts-self-types="./splinterp.d.ts" */', "import { misused, notLoaded } from './failure.js';");
  js = replace(js, 'let wasmModule, wasmInstance, wasm;', 'let wasmModule, wasmInstance, wasm = notLoaded;');
  js = replace(
    js,
    'throw new Error(getStringFromWasm0(arg0, arg1));',
    'throw misused(getStringFromWasm0(arg0, arg1));',
  );
  js = replace(js, 'if (wasm !== undefined) return wasm;', 'if (wasm !== notLoaded) return wasm;', 2);
  js = replace(js, /^ {4}if \(module_or_path === undefined\) \{[^}]*splinterp_bg\.wasm[^}]*\}\n/m, '');
  return replace(js, /^export (?=function start\(\))/m, '');
}

/** Its declarations without the raw exports of the wasm and its own `init`; they say what `free` does. */
function declarations(ts, init) {
  const tail = ts.indexOf('export type InitInput');
  if (tail < 0) throw new Error("make.mjs: wasm-bindgen's declarations have no InitInput");
  ts = replace(ts.slice(0, tail), 'export function start(): void;\n\n', '');
  const free = '    free(): void;\n    [Symbol.dispose](): void;\n';
  const explained =
    '    /** Frees its memory now rather than when the garbage collector finds it; it cannot be used afterwards. */\n' +
    '    free(): void;\n    /** `free`, for `using`. */\n    [Symbol.dispose](): void;\n';
  // Symbol.dispose is in no edition of the language yet that a project's `lib` would bring.
  return `/// <reference lib="esnext.disposable" />\n\n${ts.replaceAll(free, explained)}${init}`;
}

function description({ version, description, keywords, license, repository }) {
  const entry = (name) => ({ types: `./${name}.d.ts`, default: `./${name}.js` });
  return {
    ...{ name: 'splinterp', version, description, keywords, license, type: 'module' },
    ...(repository ? { repository: { type: 'git', url: repository } } : {}),
    exports: {
      '.': {
        node: { require: { types: './node.d.cts', default: './node.cjs' }, default: entry('node') },
        ...entry('splinterp'),
      },
      './slim': entry('slim'),
      './wasm': './splinterp_bg.wasm',
      './splinterp_bg.wasm': './splinterp_bg.wasm',
      './package.json': './package.json',
    },
    main: './node.cjs',
    module: './splinterp.js',
    types: './splinterp.d.ts',
    files: ['*.js', '*.cjs', '*.d.ts', '*.d.cts', '*.wasm', 'LICENSE-*'],
    sideEffects: ['./node.js', './node.cjs'],
    engines: { node: '>=20.19' },
  };
}

const read = (name, folder) => readFile(new URL(name, folder), 'utf8');
const write = (name, content) => writeFile(`${pkg}/${name}`, content);

await rm(pkg, { recursive: true, force: true });
await mkdir(pkg, { recursive: true });
const types = declarations(await readFile(`${built}/splinterp.d.ts`, 'utf8'), await read('init.d.ts', entries));
await write('core.js', core(await readFile(`${built}/splinterp.js`, 'utf8')));
await write('core.d.ts', types);
for (const name of await readdir(entries)) {
  if (name !== 'init.d.ts') await copyFile(new URL(name, entries), `${pkg}/${name}`);
}
// A CommonJS file of declarations cannot name those of a module in every mode of TypeScript, so it repeats them.
const [, init] = (await read('node.d.ts', entries)).split("export * from './core.js';\n");
await write('node.d.cts', `${types}${init}`);
await copyFile(`${built}/splinterp_bg.wasm`, `${pkg}/splinterp_bg.wasm`);
for (const name of ['LICENSE-MIT', 'LICENSE-APACHE']) await copyFile(new URL(name, root), `${pkg}/${name}`);
await copyFile(new URL('docs/package.md', root), `${pkg}/README.md`);
const { packages } = JSON.parse(await text(process.stdin));
await write(
  'package.json',
  `${JSON.stringify(description(packages.find(({ name }) => name === 'splinterp')), null, 2)}\n`,
);
