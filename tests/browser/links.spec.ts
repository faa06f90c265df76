// Every link of every page that was built leads to a page that is there and to a place on it, or is a whole address of
// another site, which is not asked.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { URL } from 'node:url';
import { expect, test } from './fixtures';

const dist = join(import.meta.dirname, '../../dist');
const own = readdirSync(dist).filter((name) => name.endsWith('.html'));
const api = readdirSync(join(dist, 'api'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.html'))
  .map((name) => `api/${name}`);

const plain = (text: string): string => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"');

test('links and anchors of all pages lead somewhere', async ({ page, request, baseURL }) => {
  const found = new Map<string, string>();
  const add = (href: string, from: string): void => {
    const url = new URL(href, new URL(from, baseURL));
    if (!found.has(url.href)) found.set(url.href, from);
  };
  // As they are sent: what a reader without scripts has.
  const texts = new Map<string, string>();
  const textOf = async (address: string): Promise<string | undefined> => {
    const known = texts.get(address);
    if (known !== undefined) return known;
    const response = await request.get(address);
    if (!response.ok()) return undefined;
    const isPage = response.headers()['content-type']?.includes('html') === true;
    texts.set(address, isPage ? await response.text() : '');
    return texts.get(address);
  };
  for (const name of [...own, ...api]) {
    const text = await textOf(new URL(name, baseURL).href);
    if (text === undefined) throw new Error(`${name} is not served`);
    for (const [, href = ''] of text.matchAll(/<a\b[^>]*?\shref="([^"]*)"/g)) add(plain(href), name);
  }
  // And as scripts make them, in components too.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const name of own) {
    await page.goto(name === 'figure.html' ? 'figure.html?name=order-k' : name);
    if (name !== 'figure.html') {
      const pages = page.getByRole('navigation', { name: 'Pages' });
      for (const each of [
        'Article',
        'MNIST lab',
        'Activations lab',
        'Explorer',
        'Gallery',
        'Results',
        'Your GPU',
        'Paper',
      ]) {
        await expect(pages.getByRole('link', { name: each, exact: true })).toBeVisible();
      }
    }
    const links = await page
      .locator('a[href]')
      .evaluateAll((all) => all.map((each) => each.getAttribute('href') ?? ''));
    expect(links.length, name).toBeGreaterThan(name === 'figure.html' ? -1 : 10);
    for (const href of links) add(href, name);
  }
  const broken: string[] = [];
  for (const [href, from] of found) {
    const url = new URL(href);
    if (url.origin !== new URL(baseURL ?? '').origin) {
      if (url.protocol !== 'https:' || !/^[\w-]+(\.[\w-]+)+$/.test(url.hostname)) broken.push(`${href} on ${from}`);
      continue;
    }
    const anchor = decodeURIComponent(url.hash.slice(1));
    url.hash = '';
    const text = await textOf(url.href);
    // What a lab or a figure is in is no place on its page.
    const isPlace = anchor !== '' && !anchor.includes('=');
    if (text === undefined || (isPlace && !text.includes(`id="${anchor}"`))) broken.push(`${href} on ${from}`);
  }
  expect(broken).toEqual([]);
  expect([...found.keys()].some((href) => href.includes('#note-topk'))).toBe(true);
  expect(found.size).toBeGreaterThan(100);
});
