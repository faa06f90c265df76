// The site in Firefox, and the GPU where Firefox has an adapter. FIREFOX_PATH names the browser.
import console from 'node:console';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import puppeteer from 'puppeteer-core';
import { tryAll } from './other-browsers.mjs';
import { serve } from './site.mjs';

/** The largest error of a kernel against the CPU, as in the GPU's own tests. */
const MOST_ERROR = 1e-4;

const site = await serve('./');
const firefox = await puppeteer.launch({
  browser: 'firefox',
  executablePath: process.env.FIREFOX_PATH ?? '/usr/bin/firefox-esr',
  extraPrefsFirefox: { 'dom.webgpu.enabled': true, 'gfx.webgpu.ignore-blocklist': true },
});
console.log(await firefox.version());

let page;
let faults = [];
const browser = {
  async open(path) {
    await page?.close();
    page = await firefox.newPage();
    faults = [];
    const mine = faults;
    page.on('pageerror', (error) => mine.push(`uncaught: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') mine.push(`console: ${message.text()}`);
    });
    await page.goto(site.address + path);
  },
  async read(selector, attribute) {
    const element = await page.$(`>>> ${selector}`);
    return element?.evaluate((found, name) => (name ? (found.getAttribute(name) ?? '') : found.textContent), attribute);
  },
  faults: () => faults,
};

/** What the adapter is, how exact, and that a run on it trains. */
async function tryGpu() {
  await browser.open('');
  return page.evaluate(async (most) => {
    const { default: init, Dataset, Trainer, gpuReport } = await import('/pkg/splinterp.js');
    await init();
    const report = await gpuReport();
    if (!report) return 'no adapter, so only the CPU computes';
    const worst = Math.max(...report.checks.map(({ error }) => error));
    if (!(worst <= most)) throw new Error(`${report.adapter}: a kernel is off by ${worst}`);
    const train = Dataset.digits(600, 1).normalised('mnist');
    const activation = { kind: 'topk', k: 8, by: 'magnitude' };
    const options = { dSae: 64, activation, method: 'pam', seed: 1, backend: 'gpu' };
    const trainer = await Trainer.create(train, train, options);
    const { testMse } = await trainer.epoch();
    return `${report.adapter}, ${report.deviceType}, worst error ${worst.toExponential(1)}; test MSE ${testMse.toFixed(4)}`;
  }, MOST_ERROR);
}

/** The page of features that the activations lab gives away, opened from the disk. */
async function trySharedPage() {
  await browser.open('dist/activations.html#method=pam&epochs=2&latents=48&k=4');
  const button = await page.waitForSelector('>>> [data-testid="share-page"]', { timeout: 60_000 });
  const html = await button.evaluate(async (share) => {
    const { URL } = globalThis;
    const make = URL.createObjectURL.bind(URL);
    const saved = new Promise((resolve) => {
      URL.createObjectURL = (file) => {
        resolve(file.text());
        return make(file);
      };
    });
    share.click();
    return saved;
  });
  const folder = await mkdtemp(join(tmpdir(), 'share-'));
  const file = join(folder, 'features.html');
  await writeFile(file, html);
  await page.close();
  page = await firefox.newPage();
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  const address = pathToFileURL(file).href;
  await page.goto(address);
  const found = await page.evaluate(() => {
    const [first, ...others] = globalThis.document.querySelectorAll('details');
    first.open = true;
    const mark = first.querySelector('mark');
    return {
      features: others.length + 1,
      name: first.querySelector('b').textContent,
      height: mark.getBoundingClientRect().height,
      ground: globalThis.getComputedStyle(mark).backgroundColor,
    };
  });
  await rm(folder, { recursive: true });
  const others = asked.filter((url) => url !== address);
  if (others.length > 0) throw new Error(`the page of features asks for ${others}`);
  if (!(found.height > 0) || found.ground === 'rgba(0, 0, 0, 0)')
    throw new Error(`no example shows: ${JSON.stringify(found)}`);
  return `${found.features} features, the first is “${found.name}”`;
}

try {
  if ((await tryAll(browser)) > 0) process.exitCode = 1;
  console.log(`       page of features: ${await trySharedPage()}`);
  console.log(`       GPU: ${await tryGpu()}`);
} finally {
  await firefox.close();
  site.close();
}
