// The boundary between a page and its worker: what the worker may ask for, what happens when it ends, and when the
// browser's database does not work.
import type { Page, Worker } from '@playwright/test';
import { expect, test } from './fixtures';
import { cell, epoch, QUICK, reached, savedRuns } from './lab';

const labs = {
  mnist: { name: 'MNIST lab', url: `${QUICK}&epochs=400` },
  activations: { name: 'activations lab', url: './activations.html#method=sgd&recipe=own&epochs=900' },
} as const;

/** The worker that the page made first; the explorer, once it is near the screen, makes another. */
function workerOf(page: Page): Worker {
  const worker = page.workers().at(0);
  if (!worker) throw new Error('the page has no worker');
  return worker;
}

/** Pages that run a worker, and what shows that it runs. */
const pagesWithWorkers = [
  ...Object.values(labs).map(({ name, url }) => ({ name, url, ready: (page: Page) => reached(page, 1) })),
  {
    name: 'page about the graphics adapter',
    url: './gpu.html',
    ready: (page: Page) => expect.poll(() => page.workers().length).toBeGreaterThan(0),
  },
  {
    name: 'figure of a large diagram',
    url: './figure.html?name=order-k#order=1&sites=10000',
    ready: (page: Page) => expect.poll(() => page.workers().length).toBeGreaterThan(0),
  },
];

for (const { name, url, ready } of pagesWithWorkers) {
  test(`the worker of the ${name} may not ask another origin`, async ({ page, context, faults }) => {
    // Without the policy this request would be answered.
    await context.route('https://example.org/**', (route) =>
      route.fulfill({
        body: 'reached',
        headers: { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' },
      }),
    );
    // The page about the adapter ends its worker once it has measured: while it loads there is time.
    await context.route('**/*.wasm', async (route) => {
      if (name.includes('adapter')) await new Promise((resolve) => setTimeout(resolve, 3000));
      await route.continue();
    });
    await page.goto(url);
    await ready(page);
    const outcome = await workerOf(page).evaluate(
      () =>
        new Promise<string>((resolve) => {
          addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective));
          fetch('https://example.org/').then(
            (response) => setTimeout(() => resolve(`answered ${response.status}`), 1000),
            () => undefined,
          );
        }),
    );
    expect(outcome).toBe('connect-src');
    expect(faults.splice(0).every((fault) => fault.includes('Content Security Policy'))).toBe(true);
  });
}

// What follows is the code that both labs share: each case is tried in one of them.

test('a worker of the MNIST lab that ends without a word is replaced, and the run goes on', async ({ page }) => {
  await page.goto(labs.mnist.url);
  await reached(page, 3);
  await expect.poll(() => savedRuns(page)).toBeGreaterThan(0);
  const before = page.workers().length;
  await workerOf(page)
    .evaluate(() => close())
    .catch(() => undefined);
  await expect(page.getByRole('alert')).toContainText(/broke down on an internal error \(it ended without a word\)/);
  await expect(page.getByRole('alert')).toContainText(/goes on from its checkpoint after epoch \d+/);
  const after = Number(/after epoch (\d+)/.exec((await page.getByRole('alert').textContent()) ?? '')?.[1]);
  expect(after).toBeGreaterThanOrEqual(1);
  await reached(page, after + 2);
  // Those of the worker that ended go in their own time.
  await expect.poll(() => page.workers().length).toBe(before);
});

test('a worker of the activations lab that traps is replaced, and the run goes on', async ({ page, faults }) => {
  await page.goto(labs.activations.url);
  await reached(page, 2);
  await workerOf(page)
    .evaluate(() => {
      setTimeout(() => {
        throw new WebAssembly.RuntimeError('unreachable');
      });
    })
    .catch(() => undefined);
  await expect(page.getByRole('alert')).toContainText('unreachable');
  await expect(page.getByRole('alert')).toContainText(/The run (goes on from its checkpoint|starts at epoch 0)/);
  const then = Number(await epoch(page).textContent());
  await reached(page, then + 1);
  expect(faults.splice(0).every((fault) => fault.includes('unreachable'))).toBe(true);
});

test('a worker of the MNIST lab whose module panicked is replaced, and the run goes on', async ({ page, faults }) => {
  await page.goto(labs.mnist.url);
  await reached(page, 2);
  await workerOf(page)
    .evaluate(() => {
      void Promise.reject(Object.assign(new Error('a thread has not answered'), { code: 'broken' }));
    })
    .catch(() => undefined);
  await expect(page.getByRole('alert')).toContainText('a thread has not answered');
  await expect(page.getByRole('alert')).toContainText(/The run (goes on from its checkpoint|starts at epoch 0)/);
  const then = Number(await epoch(page).textContent());
  await reached(page, then + 1);
  expect(faults.splice(0).every((fault) => fault.includes('a thread has not answered'))).toBe(true);
});

test('the MNIST lab works without a database that never answers, and says so', async ({ page }) => {
  await page.addInitScript(() => {
    const make = URL.createObjectURL.bind(URL);
    // Workers inherit nothing of the page: the fault is put before the script that they start with.
    URL.createObjectURL = (source: Blob) =>
      make(
        source.type === 'text/javascript'
          ? new Blob(['IDBRequest.prototype.addEventListener = () => undefined;\n', source], { type: source.type })
          : source,
      );
  });
  await page.goto(labs.mnist.url);
  await reached(page, 1);
  await expect(page.getByTestId('note')).toContainText('Runs are not saved: the browser’s database does not answer.');
});

test('the activations lab works where storing is forbidden, and says so', async ({ page }) => {
  await page.addInitScript(() => {
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (source: Blob) =>
      make(
        source.type === 'text/javascript'
          ? new Blob(
              ['IDBFactory.prototype.open = () => { throw new DOMException("denied", "SecurityError"); };\n', source],
              { type: source.type },
            )
          : source,
      );
  });
  await page.goto(labs.activations.url);
  await reached(page, 1);
  await expect(page.getByTestId('note')).toContainText('Runs are not saved: denied.');
});

test('an address that asks for more than memory holds opens a page that works, and does not stay', async ({ page }) => {
  await page.goto('./activations.html#latents=16384&method=pam&epochs=2');
  const note = page.getByTestId('note');
  await expect(note).toContainText(/16,?384/);
  await expect(note).toContainText('The defaults are used instead');
  await expect(page.getByTestId('time-left')).toContainText('Done', { timeout: 100_000 });
  await expect(page).not.toHaveURL(/16384/);
});

test('a finished run is there after a reload, and is not trained again', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=2`);
  await expect(page.getByTestId('time-left')).toContainText('Done');
  await expect.poll(() => savedRuns(page)).toBeGreaterThan(0);
  const time = await cell(page, 'pam-recommended epoch time').textContent();
  const mse = await cell(page, 'pam-recommended test MSE').textContent();
  await page.reload();
  await expect(epoch(page)).toHaveText('2');
  await expect(page.getByTestId('time-left')).toContainText('Done');
  await expect(cell(page, 'pam-recommended test MSE')).toHaveText(String(mse));
  // Trained again, it would have taken another time.
  await expect(cell(page, 'pam-recommended epoch time')).toHaveText(String(time));
  await expect(page.getByTestId('interrupted')).toBeHidden();
});

test('a visit to the gallery and back finds the run', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=400&k=9`);
  await reached(page, 3);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByTestId('time-left')).toHaveText('Paused');
  const paused = Number(await epoch(page).textContent());
  await expect.poll(() => savedRuns(page)).toBeGreaterThan(0);
  await page.getByRole('link', { name: 'Gallery' }).click();
  await expect(page).toHaveURL(/gallery/);
  await page.getByRole('link', { name: 'MNIST lab' }).click();
  await expect(page.getByTestId('interrupted')).toContainText(`after epoch ${paused} of 400`);
  await expect(page.getByRole('spinbutton', { name: 'k', exact: true })).toHaveValue('9');
});
