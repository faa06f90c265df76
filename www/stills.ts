// Still pictures of the figures, which tests/browser/stills.mjs makes: what a page shows without JavaScript.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plugin } from 'vite';

export interface Still {
  readonly name: string;
  readonly title: string;
  /** What the picture shows, in words. */
  readonly text: string;
  readonly width: number;
  readonly height: number;
}

/** In the order of the gallery. */
export function stills(): readonly Still[] {
  return JSON.parse(readFileSync(resolve(import.meta.dirname, 'public/stills/stills.json'), 'utf8')) as Still[];
}

export function stillPicture({ name, title, text, width, height }: Still): string {
  return `<figure><h2>${title}</h2><picture>
      <source srcset="./stills/${name}-dark.webp" media="screen and (prefers-color-scheme: dark)" />
      <img src="./stills/${name}-light.webp" alt="${text}" width="${width}" height="${height}" loading="lazy" />
    </picture></figure>`;
}

/** Puts all of them in the place of `<!--stills-->`. */
export function stillPictures(): Plugin {
  return {
    name: 'splinterp:stills',
    transformIndexHtml: (html) => html.replace('<!--stills-->', () => stills().map(stillPicture).join('\n')),
  };
}
