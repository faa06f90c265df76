// A headless Chromium for benchmarks, and the lines about machine and browser that every table begins with.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { extname } from 'node:path';
import { chromium } from 'playwright-core';

const root = new URL('../../', import.meta.url);
const types = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.html': 'text/html',
  '.css': 'text/css',
  '.json': 'application/json',
};
const flags = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A server of pkg/ and of the files given as `{ '/path': bytes }`, on a free port of this machine. */
async function serve(files) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    try {
      const body = files[path] ?? (await readFile(new URL(`.${path.replaceAll('..', '')}`, root)));
      response.writeHead(200, {
        'Content-Type': types[extname(path)] ?? 'application/octet-stream',
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/**
 * Runs `work(page, origin)` on an empty page that can import /pkg/splinterp.js and fetch the files.
 * Prints the machine and the browser first. `more` are flags for the browser.
 */
export async function withBrowser(files, work, more = []) {
  const server = await serve({ '/index.html': Buffer.from('<!doctype html><title>bench</title>'), ...files });
  const browser = await chromium.launch({
    executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
    args: [...flags, ...more],
  });
  try {
    console.log(`${cpus().length} × ${cpus()[0]?.model}, Chromium ${browser.version()}, Node ${process.version}`);
    // On a first visit the service worker copies the whole site, beside what is measured.
    const page = await browser.newPage({ serviceWorkers: 'block' });
    const origin = `http://127.0.0.1:${server.address().port}/`;
    await page.goto(`${origin}index.html`);
    return await work(page, origin);
  } finally {
    await browser.close();
    server.close();
  }
}

/** The middle value, and the extremes. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)], min: sorted[0], max: sorted.at(-1) };
}
