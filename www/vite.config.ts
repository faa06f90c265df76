import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { renderToString } from 'katex';
import { defineConfig, type Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { article } from './article-plugin';
import { results } from './results-plugin';
import { PAPER } from './src/kit/site-pages';
import { stillPictures } from './stills';

/** Cross-origin isolation, which wasm threads need; static hosts may set the same two headers. */
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** No request leaves the page's own origin, and no script runs but ours. Lit and uPlot style through the CSSOM. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Adds the policy to the built pages; the development server injects inline styles, which it would forbid. */
function securityPolicy(): Plugin {
  return {
    name: 'splinterp:content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy },
        injectTo: 'head-prepend',
      },
    ],
  };
}

/** Makes MathML of `.tex` files, one formula each: browsers draw it without scripts, styles or fonts of ours. */
function formulas(): Plugin {
  return {
    name: 'splinterp:formulas',
    transform(tex, id) {
      if (!id.endsWith('.tex')) return undefined;
      const made = renderToString(tex.trim(), {
        output: 'mathml',
        displayMode: true,
        throwOnError: true,
        strict: 'error',
      });
      const mathml = /<math[^]*<\/math>/.exec(made)?.[0] ?? '';
      return { code: `export default ${JSON.stringify(mathml)};`, map: null };
    },
  };
}

/** Writes `data-sets.json`, the sizes of the MNIST files beside the page by name, so that the page need not probe for them. */
function dataSetManifest(): Plugin {
  const fileName = 'data-sets.json';
  const manifest = (): string => {
    const folder = resolve(import.meta.dirname, 'public/mnist');
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.gz')) : [];
    const sizes = names.sort().map((name) => [name, statSync(resolve(folder, name)).size] as const);
    return JSON.stringify(Object.fromEntries(sizes));
  };
  return {
    name: 'splinterp:data-set-manifest',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName, source: manifest() });
    },
    configureServer(server) {
      server.middlewares.use(`/${fileName}`, (_request, response) => {
        response.setHeader('Content-Type', 'application/json').end(manifest());
      });
    },
  };
}

const root = resolve(import.meta.dirname, '..');
const licences = ['LICENSE-MIT', 'LICENSE-APACHE'] as const;

/** Where the code is, once Cargo.toml says it. */
function repository(): string | undefined {
  return /^repository = "(https:[^"]+)"/m.exec(readFileSync(resolve(root, 'Cargo.toml'), 'utf8'))?.[1];
}

/** What stands under every page but that of a single figure: where all of this comes from. */
function footer(): string {
  const code = repository();
  return `<footer>
      <a href="${PAPER}">The paper</a>
      <a href="https://github.com/splInterp2025/splInterp">Its scripts</a>
      <a href="./article.html#references">How to cite</a>
      ${code === undefined ? '' : `<a href="${code}">The code of this site</a>`}
      <a href="./api/">Package reference</a>
      <a href="./licence.txt">MIT or Apache 2.0</a>
      <span>No data that you open leaves your browser, and no visit is counted.</span>
    </footer>`;
}

function footers(): Plugin {
  return {
    name: 'splinterp:footer',
    transformIndexHtml: {
      order: 'pre',
      handler: (html, { path }) =>
        path.endsWith('figure.html')
          ? html
          : html.replace('<script type="module" src="./src/', (entry) => footer() + entry),
    },
    generateBundle() {
      const source = licences.map((name) => readFileSync(resolve(root, name), 'utf8')).join('\n\n');
      this.emitFile({ type: 'asset', fileName: 'licence.txt', source });
    },
  };
}

/**
 * Whether only the package is made yet: `./build.sh serve` shows the site meanwhile, whose pages all load its module, which
 * is the others in one. Nothing of that build is kept offline, so that the next page is one of the whole.
 */
const isFirst = process.env.SPLINTERP_FIRST_SITE === '1';

/** The service worker, and the manifest by which the site can be installed. Data sets are kept by who downloads them. */
function offline(): ReturnType<typeof VitePWA> {
  return VitePWA({
    disable: isFirst,
    strategies: 'injectManifest',
    srcDir: 'src/offline',
    filename: 'service-worker.ts',
    registerType: 'prompt',
    injectRegister: false,
    injectManifest: {
      globPatterns: ['**/*.{html,js,css,wasm,json,svg,png,webp,webmanifest}'],
      globIgnores: ['mnist/**', 'sample/**', 'api/**'],
      maximumFileSizeToCacheInBytes: 4e6,
    },
    manifest: {
      name: 'SplInterp Playground',
      short_name: 'SplInterp',
      description: 'Sparse autoencoders as splines: train them, cut them open, bring your own activations.',
      start_url: './',
      scope: './',
      display: 'standalone',
      background_color: '#ffffff',
      theme_color: '#0072b2',
      icons: [
        { src: 'icon.svg', sizes: 'any', type: 'image/svg+xml' },
        { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
        { src: 'icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
      ],
    },
  });
}

export default defineConfig({
  base: './',
  plugins: [
    securityPolicy(),
    dataSetManifest(),
    formulas(),
    stillPictures(),
    article(),
    results(),
    footers(),
    offline(),
  ],
  resolve: {
    alias: [
      // Pages that need only a part of the crate load only that part: build.sh names the features.
      ...(isFirst
        ? [
            {
              find: 'splinterp/lab-threads',
              replacement: resolve(import.meta.dirname, 'src/lab/worker/no-threads.ts'),
            },
            { find: /^splinterp\/(lab|figures)$/, replacement: resolve(import.meta.dirname, '../pkg/splinterp.js') },
          ]
        : []),
      {
        find: /^splinterp\/(lab|lab-threads|figures)$/,
        replacement: resolve(import.meta.dirname, '../target/modules/$1/splinterp.js'),
      },
      { find: /^splinterp$/, replacement: resolve(import.meta.dirname, '../pkg/splinterp.js') },
    ],
  },
  worker: { format: 'es' },
  server: { headers, fs: { allow: ['.', '../pkg', '../target/modules'] } },
  preview: { headers },
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: Object.fromEntries(
        ['index', 'article', 'activations', 'explorer', 'gallery', 'results', 'gpu', 'figure'].map((page) => [
          page,
          resolve(import.meta.dirname, `${page}.html`),
        ]),
      ),
    },
  },
});
