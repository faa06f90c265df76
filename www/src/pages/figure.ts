// Entry of a figure's own page, `figure.html?name=…#state`, made to stand in other pages: no header, no ground, and
// its height posted to the page around it. The state follows the hash, and the hash the state.

import '../kit/base.css';
import { Address } from '../gallery/frame/address';
import type { HeightMessage } from '../gallery/frame/export';
import { entryOf, makeFigure } from '../gallery/registry';

const address = new Address();
const main = document.querySelector('main');
const name = new URLSearchParams(location.search).get('name') ?? '';

/** The embedding page may have any origin, and a height is no secret. */
function postHeight(): void {
  const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
  const message: HeightMessage = { type: 'splinterp:height', name, height };
  if (window.parent !== window) window.parent.postMessage(message, '*');
}

/** Says in place of the figure what there is instead. */
function explain(sentence: string): void {
  const paragraph = document.createElement('p');
  paragraph.setAttribute('role', 'alert');
  paragraph.textContent = `${sentence} See `;
  const link = document.createElement('a');
  link.href = './gallery.html';
  link.target = '_top';
  link.textContent = 'the gallery';
  paragraph.append(link, '.');
  main?.append(paragraph);
}

async function show(): Promise<void> {
  const figure = await makeFigure(name);
  document.title = `${entryOf(name)?.title ?? name} · SplInterp Playground`;
  figure.embedded = true;
  figure.restore(location.hash);
  figure.addEventListener('figure-state', ({ hash, settled }) => {
    address.write(hash === '' ? location.pathname + location.search : `#${hash}`, settled);
  });
  window.addEventListener('popstate', () => figure.restore(location.hash));
  main?.append(figure);
}

// Alone it has a ground of its own; within another page it stands on that page's.
document.body.classList.toggle('bare', window.parent !== window);
new ResizeObserver(postHeight).observe(document.documentElement);
show().catch((error: unknown) =>
  explain(`The figure could not be shown: ${error instanceof Error ? error.message : String(error)}.`),
);
