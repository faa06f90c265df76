// Makes the still pictures of the figures, for pages without JavaScript, and the list of them: `node stills.mjs` after
// `./build.sh`, whenever a figure looks different. CHROME_PATH names the browser.
import { Buffer } from 'node:buffer';
import console from 'node:console';
import { mkdir, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { URL } from 'node:url';
import puppeteer from 'puppeteer-core';
import { figures } from './other-browsers.mjs';
import { serve } from './site.mjs';

const folder = new URL('../../www/public/stills/', import.meta.url);
const PATIENCE_MS = 30_000;
/** Of the frame, in CSS pixels, and pixels of the picture for each. */
const WIDTH = 760;
const SCALE = 1.5;

await mkdir(folder, { recursive: true });
const site = await serve('dist/');
const browser = await puppeteer.launch({
  executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-angle=swiftshader'],
});

/** The figure's own description, once it is drawn. */
async function described(page) {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    const picture = await page.$('>>> [role="img"]');
    const label = await picture?.evaluate((element) => element.getAttribute('aria-label') ?? '');
    if (label && !label.includes('not drawn yet')) return label.trim().replace(/\s+/g, ' ');
    await setTimeout(100);
  }
  throw new Error(`the figure at ${page.url()} was not drawn`);
}

const list = [];
for (const name of figures) {
  const still = { name, title: '', text: '', width: 0, height: 0 };
  for (const scheme of ['light', 'dark']) {
    const page = await browser.newPage();
    await page.setViewport({ width: WIDTH, height: 900, deviceScaleFactor: SCALE });
    await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
    await page.goto(`${site.address}figure.html?name=${name}&scheme=${scheme}`);
    still.text = await described(page);
    still.title = (await page.title()).split(' · ')[0];
    await setTimeout(500);
    const canvas = await page.$('>>> canvas');
    const { width, height } = await canvas.boundingBox();
    Object.assign(still, { width: Math.round(width), height: Math.round(height) });
    const webp = await canvas.screenshot({ type: 'webp', quality: 80 });
    await writeFile(new URL(`${name}-${scheme}.webp`, folder), Buffer.from(webp));
    console.log(`${name}, ${scheme}: ${webp.length} B`);
    await page.close();
  }
  list.push(still);
}
await writeFile(new URL('stills.json', folder), `${JSON.stringify(list, null, 2)}\n`);
await browser.close();
site.close();
