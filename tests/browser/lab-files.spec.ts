// The user's IDX files in the lab: any subset in any order, and every bad file refused by name while the run goes on.
import { gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { images, labels, type NamedFile } from './idx';
import { epoch, QUICK, reached } from './lab';

const give = (page: Page, ...files: NamedFile[]): Promise<void> =>
  page.getByTestId('files').setInputFiles(files.map((file) => ({ mimeType: 'application/octet-stream', ...file })));

const train = { name: 'train-images-idx3-ubyte', buffer: images(400) };
const trainLabels = { name: 'train-labels-idx1-ubyte', buffer: labels(400) };
const testImages = { name: 't10k-images-idx3-ubyte', buffer: images(80) };
const testLabels = { name: 't10k-labels-idx1-ubyte', buffer: labels(80) };
const gz = ({ name, buffer }: NamedFile): NamedFile => ({
  name: `${name}.gz`,
  buffer: gzipSync(buffer),
});

test('all four, in any order, gzipped or not', async ({ page }) => {
  await page.goto(QUICK);
  await reached(page, 1);
  await give(page, gz(testLabels), train, gz(testImages), trainLabels);
  await expect(page.getByTestId('data-summary')).toContainText('20 training and 80 test images of 28 × 28');
  await page.getByTestId('share-100').click();
  await expect(page.getByTestId('data-summary')).toContainText('400 training');
  await reached(page, 2);
  // Pictures are drawn where they are looked at.
  await page.getByRole('heading', { name: /Codes of test image/ }).scrollIntoViewIfNeeded();
  await expect(page.getByRole('heading', { name: /Codes of test image 1, a 0/ })).toBeVisible();
});

test('images alone are split', async ({ page }) => {
  await page.goto('./#data=digits&share=100');
  await reached(page, 1);
  await give(page, { name: 'pictures.idx', buffer: images(100, 12, 9) });
  await expect(page.getByTestId('data-summary')).toContainText('90 training and 10 test images of 9 × 12');
  await reached(page, 1);
});

test('dropped on the page', async ({ page }) => {
  await page.goto(QUICK);
  await reached(page, 1);
  const transfer = await page.evaluateHandle(
    ({ name, bytes }) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(bytes)], name));
      return data;
    },
    { name: 'dropped.idx', bytes: [...images(100)] },
  );
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
  await expect(page.getByTestId('data-summary')).toContainText('dropped.idx');
});

const whole = images(50);
const badFiles = [
  ['is truncated', [{ name: 'short.idx', buffer: whole.subarray(0, whole.length - 7) }], 'short.idx'],
  ['is truncated within gzip', [{ name: 'short.gz', buffer: gzipSync(whole).subarray(0, 60) }], 'short.gz'],
  [
    'has a wrong magic',
    [
      {
        name: 'magic.idx',
        buffer: Buffer.concat([Buffer.of(0, 0, 7, 3), whole.subarray(4)]),
      },
    ],
    'magic.idx',
  ],
  [
    'has dimensions that multiply past memory',
    [
      {
        name: 'vast.idx',
        buffer: Buffer.from([0, 0, 8, 3, ...new Array<number>(12).fill(255)]),
      },
    ],
    'vast.idx',
  ],
  [
    'is not IDX at all',
    [
      {
        name: 'letter.txt',
        buffer: Buffer.from('Dear reader, this is a letter.'),
      },
    ],
    'letter.txt',
  ],
  ['is empty', [{ name: 'empty.idx', buffer: Buffer.alloc(0) }], 'empty.idx'],
  ['holds labels that do not match', [train, { ...trainLabels, buffer: labels(399) }], 'train-labels-idx1-ubyte'],
  ['holds labels only', [trainLabels], 'train-labels-idx1-ubyte'],
  [
    'holds test images of another size',
    [train, { ...testImages, buffer: images(80, 20, 20) }],
    't10k-images-idx3-ubyte',
  ],
  ['holds a single image', [{ name: 'one.idx', buffer: images(1) }], ''],
] as const satisfies readonly (readonly [string, readonly NamedFile[], string])[];

test('bad files, one after another, are refused by name, and the run goes on', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=500`);
  await reached(page, 1);
  for (const [fault, files, says] of badFiles) {
    await test.step(`one that ${fault}`, async () => {
      await give(page, ...files);
      await expect(page.getByRole('alert')).toContainText(says);
      await expect(page.getByRole('alert')).not.toBeEmpty();
      await expect(page.getByTestId('data-summary')).toContainText('500 training and 2,000 test images');
      const then = Number(await epoch(page).textContent());
      expect(then).toBeGreaterThanOrEqual(1);
      await reached(page, then + 1);
      await page.getByRole('button', { name: 'Dismiss' }).click();
      await expect(page.getByRole('alert')).toBeHidden();
    });
  }
});
