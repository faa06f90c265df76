// Files of the activations lab: folders, checkpoints, tokens, and what is wrong with a file only late.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { cell, epoch, reached } from './lab';
import { npyOf } from './npy';

const PAGE = './activations.html';
const QUICK = `${PAGE}#method=pam&epochs=2`;
const done = (page: Page): Promise<void> => expect(page.getByTestId('time-left')).toContainText('Done');

/** An .npy file of float32 rows. */
const npy = (rows: number, cols: number, value: (i: number) => number = Math.sin): Buffer => npyOf([rows, cols], value);

const give = (page: Page, ...files: { name: string; buffer: Buffer }[]): Promise<void> =>
  page.getByTestId('files').setInputFiles(files.map((file) => ({ mimeType: 'application/octet-stream', ...file })));

/** Drops a folder on the page; entries are what a browser gives of one. */
async function dropFolder(page: Page, files: readonly { path: string; bytes: Buffer }[]): Promise<void> {
  const transfer = await page.evaluateHandle(
    (given) => {
      interface Entry {
        isFile: boolean;
        isDirectory: boolean;
        name: string;
        fullPath: string;
        file?: (take: (file: File) => void) => void;
        createReader?: () => { readEntries: (take: (entries: Entry[]) => void) => void };
      }
      const entryOf = (path: string, bytes: number[]): Entry => ({
        isFile: true,
        isDirectory: false,
        name: path.slice(path.lastIndexOf('/') + 1),
        fullPath: `/${path}`,
        file: (take) => take(new File([Uint8Array.from(bytes)], path.slice(path.lastIndexOf('/') + 1))),
      });
      const folder: Entry = {
        isFile: false,
        isDirectory: true,
        name: 'sae',
        fullPath: '/sae',
        createReader: () => {
          let told = false;
          return {
            // Some entries at a time, and none when there are no more.
            readEntries: (take) => {
              const some = told ? [] : given.map(({ path, bytes }) => entryOf(path, bytes));
              told = true;
              setTimeout(() => take(some));
            },
          };
        },
      };
      const transfer = new DataTransfer();
      transfer.items.add(new File([], 'sae'));
      const [item] = transfer.items;
      const event = new DragEvent('drop', { bubbles: true, composed: true, cancelable: true });
      const items = [{ kind: 'file', type: '', webkitGetAsEntry: () => folder, getAsFile: () => item?.getAsFile() }];
      Object.defineProperty(event, 'dataTransfer', { value: { types: ['Files'], files: transfer.files, items } });
      return event;
    },
    files.map(({ path, bytes }) => ({ path, bytes: [...bytes] })),
  );
  await transfer.evaluate((event) => document.body.dispatchEvent(event));
}

test('a checkpoint is resumed, bit for bit', async ({ page }) => {
  const settings = 'method=pam&recipe=own&lr=0.002&k=4&seed=3';
  await page.goto(`${PAGE}#${settings}&epochs=3`);
  await done(page);
  const wait = page.waitForEvent('download');
  await page.getByTestId('write-pam-checkpoint').click();
  const download = await wait;
  const checkpoint = { name: download.suggestedFilename(), buffer: readFileSync(await download.path()) };
  await page.getByLabel('Epochs to train').fill('5');
  await page.getByLabel('Epochs to train').press('Tab');
  await page.getByRole('button', { name: 'Play' }).click();
  await expect(epoch(page)).toHaveText('5');
  await done(page);
  const after5 = await cell(page, 'pam test MSE').textContent();
  // Another page, at the defaults but for the data, which the seed splits.
  await page.goto('about:blank');
  await page.goto(`${PAGE}#seed=3&epochs=5&method=sgd`);
  await done(page);
  await give(page, checkpoint);
  await expect(page.getByTestId('note')).toContainText('its run continues');
  await expect(epoch(page)).toHaveText('3');
  await expect(page.getByLabel('Start from')).toHaveValue('checkpoint');
  await page.getByRole('button', { name: 'Play' }).click();
  await done(page);
  await expect(epoch(page)).toHaveText('5');
  await expect(cell(page, 'pam test MSE')).toHaveText(String(after5));
});

test('tokens that come after a file was discarded are not its', async ({ page }) => {
  await page.goto(QUICK);
  await done(page);
  await give(page, { name: 'a.npy', buffer: npy(64, 8) });
  await page.getByRole('button', { name: 'Discard' }).click();
  await expect(page.getByTestId('inspection')).toBeHidden();
  const words = Array.from({ length: 64 }, (_, i) => `token${i}`);
  await give(page, { name: 'a.tokens.json', buffer: Buffer.from(JSON.stringify(words)) });
  await expect(page.getByTestId('note')).toContainText('a.tokens.json waits for the file of its name.');
});

test('NaN that is found late offers to leave its rows out', async ({ page }) => {
  await page.goto(QUICK);
  await done(page);
  // The first eight million values are looked at beforehand.
  const cols = 64;
  const rows = 130_000;
  const late = (rows - 5) * cols + 7;
  await give(page, { name: 'late.npy', buffer: npy(rows, cols, (i) => (i === late ? NaN : Math.sin(i))) });
  await expect(page.getByTestId('statistics')).toContainText(/NaN\s*0/);
  await page.getByTestId('use').click();
  await expect(page.getByRole('alert')).toContainText(/late\.npy: .*NaN.*left out/);
  await expect(page.getByLabel('Leave out rows with NaN or infinity')).toBeChecked();
  await expect(page.getByTestId('data-summary')).toContainText('the bundled sample');
  await page.getByTestId('use').click();
  await expect(page.getByTestId('data-summary')).toContainText('129,999 rows of 64 values, late.npy');
});

test('the folder of an SAE is listed, and only what belongs to the SAE is read', async ({ page }) => {
  await page.goto(QUICK);
  await done(page);
  const wait = page.waitForEvent('download');
  await page.getByTestId('write-pam-saelens').click();
  const zip = readFileSync(await (await wait).path());
  await dropFolder(page, [
    { path: 'sae/readme.txt', bytes: Buffer.from('of no interest') },
    { path: 'sae/model.zip', bytes: zip },
  ]);
  await expect(page.getByTestId('note')).toContainText('model.zip: 64 → 224 → 64');
});

test('SAEs of several folders are refused by the names of the folders', async ({ page }) => {
  await page.goto(QUICK);
  await done(page);
  await dropFolder(page, [
    { path: 'layer_1/cfg.json', bytes: Buffer.from('{}') },
    { path: 'layer_2/cfg.json', bytes: Buffer.from('{}') },
  ]);
  await expect(page.getByRole('alert')).toContainText('SAEs in several folders');
  await expect(page.getByTestId('data-summary')).toContainText('the bundled sample');
});

test('a folder can be chosen', async ({ page }) => {
  // Chromium's own picker cannot be driven by a test; browsers without it have this one.
  await page.addInitScript(() => {
    for (const picker of ['showOpenFilePicker', 'showDirectoryPicker']) Reflect.deleteProperty(window, picker);
  });
  const folder = mkdtempSync(join(tmpdir(), 'rows-'));
  writeFileSync(join(folder, 'chosen.npy'), npy(64, 8));
  await page.goto(QUICK);
  await done(page);
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose a folder' }).click();
  await (await chooser).setFiles(folder);
  await expect(page.getByRole('heading', { name: /chosen\.npy/ })).toBeVisible();
  rmSync(folder, { recursive: true });
});

test('a long reading shows its progress and can be cancelled', async ({ page }) => {
  await page.addInitScript(() => {
    const make = URL.createObjectURL.bind(URL);
    // A slow disk: each slice takes a while.
    const slow = `const read = Blob.prototype.arrayBuffer;
      Blob.prototype.arrayBuffer = async function () {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        return read.call(this);
      };\n`;
    URL.createObjectURL = (source: Blob) =>
      make(source.type === 'text/javascript' ? new Blob([slow, source], { type: source.type }) : source);
  });
  await page.goto(`${PAGE}#method=sgd&recipe=own&epochs=900`);
  await reached(page, 1);
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(300 * 2 ** 20)], 'sae_weights.safetensors'));
    return data;
  });
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
  const progress = page.getByRole('progressbar', { name: /^Reading/ });
  await expect(progress).toBeVisible();
  await expect.poll(() => progress.evaluate((bar) => (bar as HTMLProgressElement).value)).toBeGreaterThan(0);
  await page.locator('acts-data').getByRole('button', { name: 'Cancel' }).click();
  await expect(progress).toBeHidden();
  await expect(page.getByRole('alert')).toBeHidden();
  const then = Number(await epoch(page).textContent());
  await reached(page, then + 1);
});

test('programs that write such files are shown and can be copied', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(QUICK);
  await page.getByText('How do I get such a file?').click();
  const program = page.locator('acts-snippets pre');
  await expect(program).toContainText('np.save("activations.npy"');
  await page.locator('acts-snippets').getByLabel('With').selectOption('TransformerLens');
  await expect(program).toContainText('HookedTransformer.from_pretrained("gpt2")');
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await expect(page.locator('acts-snippets').getByRole('status')).toHaveText('Copied');
  const snippet = readFileSync(
    join(import.meta.dirname, '../../www/src/labs/activations/snippets/transformer_lens.py'),
    'utf8',
  );
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(snippet);
});

test('a file that is given before the module has come waits for it', async ({ page }) => {
  await page.route('**/*.wasm', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.continue();
  });
  await page.goto(QUICK);
  await give(page, { name: 'early.npy', buffer: npy(300, 8) });
  await expect(page.getByRole('heading', { name: 'early.npy' })).toBeVisible();
  await expect(page.getByTestId('statistics')).toBeVisible();
});
