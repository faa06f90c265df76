// The labs without a mouse and without colours: the focus stays where it is of use, every control has a name, and a
// screen reader hears results and not every epoch.
import type { Page } from '@playwright/test';
import { expect, expectAccessible, test } from './fixtures';
import { cell, epoch, QUICK, reached, savedRuns } from './lab';

/** What has the focus, by its test id, its name or its text. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element?.getAttribute('data-testid') ?? element?.getAttribute('aria-label') ?? element?.localName ?? '';
  });
}

test('Play and Pause are one button that keeps the focus, and so do Step, Cancel and Reset', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=500`);
  await reached(page, 1);
  await page.getByTestId('play').focus();
  await page.keyboard.press('Space');
  await expect(page.getByTestId('time-left')).toHaveText('Paused');
  await expect(page.getByTestId('play')).toHaveText('Play');
  expect(await focused(page)).toBe('play');
  await page.keyboard.press('Space');
  await expect(page.getByTestId('play')).toHaveText('Pause');
  expect(await focused(page)).toBe('play');
  await page.getByTestId('cancel').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('cancel')).toHaveAttribute('aria-disabled', 'true');
  expect(await focused(page)).toBe('cancel');
  await page.getByTestId('step').focus();
  await page.keyboard.press('Enter');
  const then = Number(await epoch(page).textContent());
  await reached(page, then + 1);
  expect(await focused(page)).toBe('step');
  await page.getByTestId('reset').focus();
  await page.keyboard.press('Enter');
  await expect(epoch(page)).toHaveText('0');
  expect(await focused(page)).toBe('reset');
});

test('Undo, Dismiss and Resume hand the focus to Play', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=500&colour=red`);
  await reached(page, 2);
  await page.getByTestId('note').getByRole('button', { name: 'Dismiss' }).press('Enter');
  expect(await focused(page)).toBe('play');
  await page.getByRole('button', { name: 'Pause' }).press('Enter');
  await expect(page.getByTestId('time-left')).toHaveText('Paused');
  await page.getByTestId('reset').press('Enter');
  await page.getByTestId('undo').press('Enter');
  expect(await focused(page)).toBe('play');
  await expect(epoch(page)).not.toHaveText('0');
  await expect.poll(() => savedRuns(page)).toBe(1);
  await page.reload();
  await page.getByRole('button', { name: 'Resume' }).press('Enter');
  expect(await focused(page)).toBe('play');
});

test('the number of epochs has a name', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=2`);
  await expect(page.getByRole('spinbutton', { name: 'Epochs to train' })).toHaveValue('2');
});

test('arrow keys multiply and divide small numbers, and step whole ones', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=2`);
  await reached(page, 2);
  const rate = page.getByRole('spinbutton', { name: 'Learning rate' });
  await rate.press('ArrowUp');
  await expect(rate).toHaveValue('0.005');
  await expect(page).toHaveURL(/lr=0\.005/);
  await rate.press('ArrowDown');
  await rate.press('ArrowDown');
  await expect(rate).toHaveValue('0.001');
  await page.getByText('More settings').click();
  const decay = page.getByRole('spinbutton', { name: 'Weight decay' });
  await decay.press('ArrowUp');
  await expect(decay).toHaveValue('0.000001');
  await decay.press('ArrowDown');
  await expect(decay).toHaveValue('0');
  const k = page.getByRole('spinbutton', { name: 'k', exact: true });
  await k.press('ArrowUp');
  await k.press('Tab');
  await expect(page).toHaveURL(/[#&]k=16/);
});

test('a run that diverges says so, and what to change', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=3&lr=1.003&decay=1`);
  await expect(page.getByRole('alert')).toContainText(/diverges: after epoch \d+ its test MSE is|stopped: /);
  await expect(page.getByRole('alert')).toContainText(/Learning rate \(now 1\.003\)/);
});

test('explanations open by keyboard', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=2`);
  await reached(page, 1);
  const text = page.locator('hint-button[about="Learning rate"] [popover]');
  await expect(text).toBeHidden();
  await page.getByRole('button', { name: 'About: Learning rate' }).press('Enter');
  await expect(text).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(text).toBeHidden();
});

test('live regions speak of rests, not of epochs', async ({ page }) => {
  await page.goto(`${QUICK}&epochs=400`);
  await reached(page, 1);
  await page.evaluate(() => {
    const said: string[] = [];
    Object.assign(window, { said });
    const watch = (root: ParentNode): void => {
      for (const element of root.querySelectorAll('*')) {
        if (element.shadowRoot) watch(element.shadowRoot);
        if (element.matches('[aria-live], [role="status"], [role="alert"]')) {
          new MutationObserver(() => said.push(element.textContent)).observe(element, {
            subtree: true,
            childList: true,
            characterData: true,
          });
        }
      }
    };
    watch(document);
  });
  const then = Number(await epoch(page).textContent());
  await reached(page, then + 4);
  expect(await page.evaluate(() => (window as unknown as { said: string[] }).said)).toEqual([]);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByTestId('time-left')).toHaveText('Paused');
  const said = await page.evaluate(() => (window as unknown as { said: string[] }).said);
  expect(said.join(' ')).toMatch(/After epoch \d+: SGD tied test MSE .* Training paused/);
});

test('the selected feature can be spoken of wherever the list is scrolled, under the heading of its column', async ({
  page,
}) => {
  await page.goto('./activations.html#method=sgd&latents=2048&epochs=1&show=all&sort=number&rising=yes');
  const list = page.getByRole('grid', { name: /^Features, 2,048/ });
  await list.focus();
  await page.keyboard.press('Home');
  await list.evaluate((box) => box.scrollTo(0, box.scrollHeight));
  await expect(list.locator('#feature-2047')).toBeAttached();
  const active = (await list.getAttribute('aria-activedescendant')) ?? '';
  await expect(list.locator(`#${active}`)).toHaveAttribute('aria-selected', 'true');
  await expect(list.getByRole('columnheader')).toHaveText([
    'no.',
    'tokens of its top examples',
    'density',
    'max',
    'cos',
  ]);
  await expect(list.getByRole('columnheader', { name: 'no.' })).toHaveAttribute('aria-sort', 'ascending');
  await expect(list.getByRole('row', { selected: true }).getByRole('gridcell')).toHaveCount(5);
  await expectAccessible(page);
});

test('what is pressed or selected shows in forced colours', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await page.goto(`${QUICK}&epochs=1`);
  await reached(page, 1);
  const ground = (name: string): Promise<string> =>
    page.getByTestId(name).evaluate((button) => getComputedStyle(button).backgroundColor);
  expect(await ground('share-5')).not.toBe(await ground('share-10'));
  const border = (at: number): Promise<string> =>
    page
      .getByRole('group', { name: /^Test images/ })
      .getByRole('button')
      .nth(at)
      .evaluate((button) => getComputedStyle(button).borderTopColor);
  expect(await border(0)).not.toBe(await border(1));
  await expect(cell(page, 'sgd-tied test MSE')).toHaveText(/\d/);
});
