import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

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

/** Writes `data-sets.json`, the list of MNIST files beside the page, so that the page need not probe for them. */
function dataSetManifest(): Plugin {
  const fileName = 'data-sets.json';
  const manifest = (): string => {
    const folder = resolve(import.meta.dirname, 'public/mnist');
    return JSON.stringify({ mnist: existsSync(folder) ? readdirSync(folder).sort() : [] });
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

export default defineConfig({
  base: './',
  plugins: [securityPolicy(), dataSetManifest()],
  resolve: {
    alias: [
      // Pages that need only a part of the crate load only that part: build.sh names the features.
      {
        find: /^splinterp\/(lab|lab-gpu|figures)$/,
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
        ['index', 'activations', 'gallery', 'gpu', 'figure'].map((page) => [
          page,
          resolve(import.meta.dirname, `${page}.html`),
        ]),
      ),
    },
  },
});
