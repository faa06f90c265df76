// Entry of a figure's own page, `figure.html?name=…#state`, made to stand in other pages: no header, no ground, and
// its height posted to the page around it. The state follows the hash, and the hash the state. `scheme=dark` or
// `scheme=light` in the query gives it the colours of the page around it. `name=explorer` is the partition explorer on
// the SAEs that its state names, which train here.

import '../kit/base.css';
import '../gallery/figure-page.css';
import '../gallery/page.css';
import { Address } from '../gallery/frame/address';
import { stillOf, type HeightMessage } from '../gallery/frame/export';
import { failureNotice } from '../gallery/frame/notice';
import { titles, type FigureName } from '../gallery/frame/titles';
import { figureNames, isFigure, makeFigure } from '../gallery/registry';
import { isDark, setScheme } from '../kit/theme';

/** The name of the partition explorer, which is no figure of the gallery. */
const EXPLORER = 'explorer';

const address = new Address();
const main = document.querySelector('main');
const query = new URLSearchParams(location.search);
const name = query.get('name') ?? '';
const scheme = query.get('scheme');

/** The embedding page may have any origin, and a height is no secret. */
function postHeight(): void {
  const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
  const message: HeightMessage = { type: 'splinterp:height', name, height };
  if (window.parent !== window) window.parent.postMessage(message, '*');
}

/** Says in place of a figure that does not exist which there are. */
function explain(): void {
  const paragraph = document.createElement('p');
  paragraph.setAttribute('role', 'alert');
  paragraph.textContent = `There is no figure named “${name}”, expected one of ${[...figureNames, EXPLORER].join(', ')}. See `;
  const link = document.createElement('a');
  link.href = './gallery.html';
  link.target = '_top';
  link.textContent = 'the gallery';
  paragraph.append(link, '.');
  main?.append(paragraph);
}

/** The still picture, in the figure's place while it is loaded. */
function poster(name: FigureName): HTMLImageElement {
  const image = new Image();
  image.src = stillOf(name, isDark() ? 'dark' : 'light');
  image.alt = '';
  image.className = 'poster';
  return image;
}

async function show(name: FigureName): Promise<void> {
  const still = poster(name);
  main?.append(still);
  try {
    const figure = await makeFigure(name);
    figure.embedded = true;
    figure.restore(location.hash);
    if (scheme !== null && scheme !== 'dark' && scheme !== 'light') {
      figure.tell(`Parts of the link were not understood: scheme is “${scheme}”, expected dark or light.`);
    }
    figure.addEventListener('figure-state', ({ hash, settled }) => {
      address.write(hash === '' ? location.pathname + location.search : `#${hash}`, settled);
    });
    window.addEventListener('popstate', () => figure.restore(location.hash));
    still.remove();
    main?.append(figure);
  } catch (error) {
    still.remove();
    main?.append(failureNotice(error, () => show(name)));
  }
}

async function showExplorer(): Promise<void> {
  try {
    const { open } = await import('../labs/explorer-page');
    await open(main, true);
  } catch (error) {
    main?.append(failureNotice(error, showExplorer));
  }
}

if (scheme === 'dark' || scheme === 'light') setScheme(scheme);
// Alone it has a ground of its own; within another page it stands on that page's.
document.body.classList.toggle('bare', window.parent !== window);
new ResizeObserver(postHeight).observe(document.documentElement);
if (isFigure(name)) {
  document.title = `${titles[name]} · SplInterp Playground`;
  void show(name);
} else if (name === EXPLORER) {
  document.title = 'Partition explorer · SplInterp Playground';
  void showExplorer();
} else explain();
