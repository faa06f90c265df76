// What the tests of figures do to one: open it, look at it, and move things on its stage by mouse and touch.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, type Locator, type Page } from '@playwright/test';

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** A figure's own page. */
export const alone = (name: string, hash = ''): string => `./figure.html?name=${name}${hash === '' ? '' : `#${hash}`}`;

/** The picture, whose name says in words what is seen. */
export const described = (page: Page): Locator => page.getByRole('img');

export const slider = (page: Page, name: string): Locator => page.getByRole('slider', { name, exact: true });

/** Waits until the figure of a page is drawn and described. Three.js on a software adapter takes its time. */
export async function isDrawn(page: Page): Promise<void> {
  await expect(described(page)).not.toHaveAccessibleName(/not drawn yet/);
}

/** Opens a figure and waits until it has been drawn. Calm: nothing moves by itself. */
export async function open(page: Page, name: string, hash = '', calm = true): Promise<void> {
  await page.emulateMedia({ reducedMotion: calm ? 'reduce' : 'no-preference' });
  await page.goto(alone(name, hash));
  await isDrawn(page);
}

/** The picture as a number, whatever draws it; without the handles over it where that can be had. */
export async function drawn(page: Page): Promise<string> {
  const canvas = page.locator('canvas');
  const flat = await canvas.evaluate((element) => {
    const picture = element as HTMLCanvasElement;
    return picture.getContext('2d') ? picture.toDataURL() : '';
  });
  const seen = flat === '' ? await canvas.screenshot() : flat;
  return createHash('sha1').update(seen).digest('hex');
}

/** Where something is, in CSS pixels of the window. */
export async function centre(locator: Locator): Promise<Place> {
  const box = await locator.boundingBox();
  if (!box) throw new Error('it is not on the page');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** A place of the stage in CSS pixels of the window, from its shares of width and height. */
export async function onStage(page: Page, across: number, down: number): Promise<Place> {
  const canvas = page.locator('canvas');
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  if (!box) throw new Error('there is no stage');
  return { x: box.x + across * box.width, y: box.y + down * box.height };
}

/** Drags a thing, or what lies at a place, by mouse. */
export async function drag(page: Page, from: Place | Locator, dx: number, dy: number): Promise<void> {
  if (!('x' in from)) await from.scrollIntoViewIfNeeded();
  const { x, y } = 'x' in from ? from : await centre(from);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + dx, y + dy, { steps: 6 });
  await page.mouse.up();
}

/** Drags what lies at a place by finger. */
export async function touchDrag(page: Page, from: Place, dx: number, dy: number): Promise<void> {
  const client = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...touchPoints: Place[]) =>
    client.send('Input.dispatchTouchEvent', { type, touchPoints });
  await touch('touchStart', from);
  for (let i = 1; i <= 6; i++) await touch('touchMove', { x: from.x + (dx * i) / 6, y: from.y + (dy * i) / 6 });
  await touch('touchEnd');
}

/** A file of the export menu. */
export async function saved(page: Page, kind: string): Promise<Buffer> {
  const waiting = page.waitForEvent('download');
  await page.getByTestId(kind).click();
  return readFile(await (await waiting).path());
}

/** What an SVG text holds, as the browser reads it. */
export function svgParts(page: Page, svg: string): Promise<{ name: string; paths: number; told: string | null }> {
  return page.evaluate((text) => {
    const root = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
    const told = root.querySelector('desc')?.textContent ?? null;
    return { name: root.nodeName, paths: root.querySelectorAll('path').length, told };
  }, svg);
}

/** Asserts that a file is a PNG, twice as wide as the canvas of the page. */
export async function expectPng(page: Page, png: Buffer): Promise<void> {
  expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  const width = await page.locator('canvas').evaluate((canvas) => canvas.getBoundingClientRect().width);
  expect(Math.abs(png.readUInt32BE(16) - 2 * width)).toBeLessThanOrEqual(1);
}

/** The numbers in one column of a CSV file. */
export function columnOf(csv: Buffer, name: string): number[] {
  const [head = '', ...rows] = csv.toString().trim().split('\r\n');
  const at = head.split(',').indexOf(name);
  expect(at).toBeGreaterThan(0);
  return rows.map((row) => Number(row.split(',')[at]));
}

/** Entries of the page's history. */
export const historyLength = (page: Page): Promise<number> => page.evaluate(() => history.length);

/** Pixels by which the page is wider than its window. */
export const excessWidth = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
