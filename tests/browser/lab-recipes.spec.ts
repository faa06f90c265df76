// The recipes of other programs in the labs: chosen by controls, kept in the address, trained by the whole crate, and
// refused in the crate's words.
import type { Page } from '@playwright/test';
import { expect, expectAccessible, picture, test } from './fixtures';
import { cell, number, QUICK, reached } from './lab';

/** It trains at once with what is chosen: its error is another than before. */
async function trainedAnew(page: Page, before: string | null): Promise<void> {
  const error = page.getByTestId(/^sgd(-untied)? test MSE$/);
  await expect(error).not.toHaveText(before ?? '');
  await expect(page.getByTestId('time-left')).toContainText('Done');
  await expect(error).not.toHaveText('–');
}

const SHORT = `${QUICK}&epochs=2&runs=sgd-untied,pam-recommended`;

test('the MNIST lab trains with a recipe that is chosen, says where, and its link gives the same run', async ({
  page,
  context,
}) => {
  await page.goto(SHORT);
  await reached(page, 2);
  const before = await cell(page, 'sgd-untied test MSE').textContent();
  await page.getByText('More settings').click();
  await expect(page.getByTestId('variants-where')).toBeHidden();
  await page.getByLabel('Decoder rows', { exact: true }).selectOption('unit');
  await page.getByLabel('W_dec starts', { exact: true }).selectOption('transposed');
  await page.getByLabel('b_dec starts', { exact: true }).selectOption('median');
  await expect(page.getByTestId('variants-where')).toContainText('On the CPU such runs use one thread');
  await page.getByLabel('AuxK: dead latents learn').check();
  await page.getByLabel('Activation', { exact: true }).selectOption('batchtopk');
  const address = new URL(page.url()).hash;
  expect(address).toContain('activation=batchtopk');
  expect(address).toContain('variants=auxk:yes,decoderNorm:unit,decoderStart:transposed,biasStart:median');
  await trainedAnew(page, before);
  await expect(page.getByTestId('computed')).toContainText('on CPU');
  const error = await cell(page, 'sgd-untied test MSE').textContent();
  // The threshold outside of steps is an average over steps: its rows have about as many latents, not exactly.
  const active = await number(page, 'sgd-untied l0');
  expect(active).toBeGreaterThan(5);
  expect(active).toBeLessThan(45);
  await expectAccessible(page);
  await picture(page, 'lab-recipes');

  const other = await context.newPage();
  await other.goto(`./${address}`);
  await reached(other, 2);
  await expect(cell(other, 'sgd-untied test MSE')).toHaveText(error ?? '');
  // What is chosen is not hidden.
  await expect(other.getByLabel('AuxK: dead latents learn')).toBeChecked();
  await expect(other.getByLabel('Decoder rows', { exact: true })).toHaveValue('unit');
});

test('thresholds of JumpReLU are trained towards a target', async ({ page }) => {
  await page.goto(`${SHORT}&runs=sgd-untied&activation=jumprelu&threshold=0.001&lr=0.01&epochs=6`);
  await reached(page, 6);
  const free = await number(page, 'sgd-untied l0');
  const before = await cell(page, 'sgd-untied test MSE').textContent();
  await page.getByText('More settings').click();
  const target = page.getByLabel('Target L0', { exact: true });
  await expect(page.getByLabel('Bandwidth', { exact: true })).toBeHidden();
  await target.fill('9');
  await target.press('Tab');
  await expect(page.getByLabel('Bandwidth', { exact: true })).toBeVisible();
  await trainedAnew(page, before);
  expect(await number(page, 'sgd-untied l0')).toBeLessThan(free);
  // The crate's refusal is told, and what stood stands.
  await target.fill('1000');
  await target.press('Tab');
  await expect(page.getByRole('alert')).toContainText(/jumprelu.targetL0 is 1000, expected .*256/);
  await expect(target).toHaveValue('9');
});

test('prefixes that do not rise are refused by the crate, and what is no number by the page', async ({ page }) => {
  await page.goto(SHORT);
  await reached(page, 2);
  const before = await cell(page, 'sgd-untied test MSE').textContent();
  await page.getByText('More settings').click();
  const prefixes = page.getByLabel('Prefixes', { exact: true });
  await prefixes.fill('64, 16');
  await prefixes.press('Tab');
  await expect(page.getByRole('alert')).toContainText('64, 16], expected numbers of latents that rise');
  await prefixes.fill('some');
  await prefixes.press('Tab');
  await expect(page.getByRole('alert')).toContainText('Prefixes must be whole numbers of latents');
  await prefixes.fill('16, 64');
  await prefixes.press('Tab');
  await trainedAnew(page, before);
  expect(new URL(page.url()).hash).toContain('variants=prefixes:16-64');
});

test('a link whose recipe is no good says so, and the defaults are used', async ({ page }) => {
  await page.goto('./#data=digits&share=1&epochs=1&variants=colour:red');
  await expect(page.getByTestId('note')).toContainText('variants names “colour”, expected some of preset');
  await reached(page, 1);
});

test('the activations lab offers the presets of other programs, and trains with what is chosen beside them', async ({
  page,
}) => {
  await page.goto('./activations.html#method=sgd&epochs=2&recipe=dictionary-learning');
  await expect(page.getByTestId('time-left')).toContainText('Done');
  await page.getByText('More settings').click();
  const slow = await number(page, 'sgd fvu');
  const before = await cell(page, 'sgd test MSE').textContent();
  const step = page.getByLabel('Step size', { exact: true });
  await step.fill('0.01');
  await step.press('Tab');
  await trainedAnew(page, before);
  expect(await number(page, 'sgd fvu')).toBeLessThan(slow);
  expect(new URL(page.url()).hash).toContain('variants=lr:0.01');
});
