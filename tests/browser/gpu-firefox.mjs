// The GPU room in Firefox, by hand: `npm install --no-save puppeteer-core && node gpu-firefox.mjs` after `./build.sh`.
// FIREFOX_PATH names the browser. Prints the adapter, the self-test's worst error, and an epoch in both rooms.
import { Buffer } from 'node:buffer';
import console from 'node:console';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import process from 'node:process';
import { URL } from 'node:url';
import puppeteer from 'puppeteer-core';

const root = new URL('../../', import.meta.url);
const types = { js: 'text/javascript', wasm: 'application/wasm' };

const server = createServer(async (request, response) => {
  const path = new URL(request.url, 'http://localhost').pathname.replaceAll('..', '');
  const file =
    path === '/' ? Buffer.from('<!doctype html>') : await readFile(new URL(`.${path}`, root)).catch(() => {});
  response.writeHead(file ? 200 : 404, { 'Content-Type': types[path.split('.').pop()] ?? 'text/html' }).end(file);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath: process.env.FIREFOX_PATH ?? '/usr/bin/firefox-esr',
  extraPrefsFirefox: { 'dom.webgpu.enabled': true, 'gfx.webgpu.ignore-blocklist': true },
});
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const lines = await page.evaluate(async () => {
    const { default: init, Dataset, Trainer, gpuReport } = await import('/pkg/splinterp.js');
    await init();
    const report = await gpuReport();
    if (!report) return ['no adapter'];
    const worst = Math.max(...report.checks.map(({ error }) => error));
    const lines = [`${report.adapter}, ${report.deviceType}: fault ${report.fault}, worst error ${worst}`];
    const train = Dataset.digits(600, 1).normalised('mnist');
    const activation = { kind: 'topk', k: 8, by: 'magnitude' };
    for (const backend of ['cpu', 'gpu', 'auto']) {
      const trainer = await Trainer.create(train, train, { dSae: 64, activation, method: 'pam', seed: 1, backend });
      const { testMse } = await trainer.epoch();
      lines.push(`${backend}: ${trainer.backend}, test MSE ${testMse}. ${trainer.backendReason}`);
    }
    return lines;
  });
  console.log([await browser.version(), ...lines].join('\n'));
} finally {
  await browser.close();
  server.close();
}
