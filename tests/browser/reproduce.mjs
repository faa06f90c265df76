// One link everywhere: the page that it opens trains on MNIST in Chromium and in Firefox; the options that each of its
// runs was trained with go to the package in Node and to the crate natively. All must end with the same checkpoint, to
// the bit: parameters, Adam's moments, options. CHROME_PATH and FIREFOX_PATH name the browsers.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import console from 'node:console';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Buffer } from 'node:buffer';
import puppeteer from 'puppeteer-core';
import { TOLD } from './other-browsers.mjs';
import { serve } from './site.mjs';

const EPOCHS = 2;
const SHARE = 0.01;
const SEED = 7;
/** The activation that most depends on exact numbers: which latents are chosen. */
const LINK = `index.html#share=${SHARE * 100}&epochs=${EPOCHS}&seed=${SEED}&runs=sgd-tied,sgd-untied,pam-script,pam-recommended`;
const root = new URL('../../', import.meta.url);
const mnist = new URL('www/public/mnist/', root);
const PATIENCE_MS = 120_000;

const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** What a checkpoint says beside its tensors: a safetensors file begins with the length of its header. */
function optionsOf(checkpoint) {
  const length = Number(checkpoint.readBigUInt64LE(0));
  return JSON.parse(JSON.parse(checkpoint.subarray(8, 8 + length).toString()).__metadata__.splinterp).options;
}

/** Waits for an element. Puppeteer's own wait hears of no change within a shadow root, and may sleep for ever. */
async function present(page, selector) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await page.$(selector))) {
    if (Date.now() > end) {
      const told = await Promise.all(TOLD.map((each) => page.$(`>>> ${each}`)));
      const said = await Promise.all(told.map((element) => element?.evaluate(({ textContent }) => textContent.trim())));
      throw new Error(`${selector} did not appear within ${PATIENCE_MS / 1000} s; the page says: ${said.join(' | ')}`);
    }
    await setTimeout(200);
  }
}

/** Checkpoints that the page keeps when the link's runs are done, by run. */
async function inBrowser(browser, executablePath, address, args = []) {
  const running = await puppeteer.launch({ browser, executablePath, args });
  try {
    const page = await running.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(`${address}${LINK}`);
    // To open a database that is not there would make it.
    await present(page, '>>> [data-testid="kept-run"]');
    const kept = await page.evaluate(async (epochs) => {
      const answer = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
      const database = await answer(globalThis.indexedDB.open('splinterp'));
      const all = (name) => answer(database.transaction(name).objectStore(name).getAll());
      while ((await all('runs'))[0].epoch < epochs) await new Promise((resolve) => globalThis.setTimeout(resolve, 200));
      const [runs] = await all('checkpoints');
      return runs.map(({ name, checkpoint }) => {
        let text = '';
        for (let at = 0; at < checkpoint.length; at += 32_768) {
          text += String.fromCharCode(...checkpoint.subarray(at, at + 32_768));
        }
        return { name, base64: globalThis.btoa(text) };
      });
    }, EPOCHS);
    const computed = await page.$('>>> [data-testid="computed"]');
    const where = /CPU, \d+ threads?/.exec((await computed?.evaluate(({ textContent }) => textContent)) ?? '');
    console.log(`${await running.version()}: ${where?.[0]}`);
    return new Map(kept.map(({ name, base64 }) => [name, Buffer.from(base64, 'base64')]));
  } finally {
    await running.close();
  }
}

/** The package, with given options. */
async function inNode() {
  const { initSync, readTensors, Trainer } = await import(new URL('pkg/splinterp.js', root).href);
  initSync({ module: await readFile(new URL('pkg/splinterp_bg.wasm', root)) });
  const images = async (name) =>
    readTensors(await readFile(new URL(name, mnist)), name)
      .dataset()
      .normalised('mnist');
  const train = (await images('train-images-idx3-ubyte.gz')).share(SHARE, SEED);
  const test = await images('t10k-images-idx3-ubyte.gz');
  return async (options) => {
    const trainer = await Trainer.create(train, test, options);
    for (let epoch = 0; epoch < EPOCHS; epoch += 1) await trainer.epoch();
    return trainer.checkpoint();
  };
}

/** The crate, with given options. */
async function natively(options, folder) {
  const file = join(folder, 'checkpoint');
  const keys = { ...options, mnist: fileURLToPath(mnist), share: SHARE, epochs: EPOCHS, save: file };
  const given = Object.entries(keys).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const cargo = ['run', '--quiet', '--example', 'train', '--', ...given];
  await promisify(execFile)('cargo', cargo, { cwd: fileURLToPath(root) });
  return readFile(file);
}

const site = await serve('dist/');
const folder = await mkdtemp(join(tmpdir(), 'splinterp-'));
try {
  const [chromium, firefox] = await Promise.all([
    inBrowser('chrome', process.env.CHROME_PATH ?? '/usr/bin/chromium', site.address, ['--no-sandbox']),
    inBrowser('firefox', process.env.FIREFOX_PATH ?? '/usr/bin/firefox-esr', site.address),
  ]);
  const train = await inNode();
  let differing = chromium.size === 4 ? 0 : 1;
  for (const [name, checkpoint] of chromium) {
    const options = optionsOf(checkpoint);
    const found = {
      Chromium: hash(checkpoint),
      Firefox: hash(firefox.get(name) ?? ''),
      Node: hash(await train(options)),
      native: hash(await natively(options, folder)),
    };
    const same = new Set(Object.values(found)).size === 1;
    if (!same) differing += 1;
    console.log(same ? `${name}: ${found.native.slice(0, 16)} everywhere` : `${name}: ${JSON.stringify(found)}`);
  }
  if (differing > 0) {
    console.error('The same link does not give the same bits everywhere.');
    process.exitCode = 1;
  }
} finally {
  site.close();
  await rm(folder, { recursive: true });
}
