// A figure within text: `<live-figure name="…">` holds a still picture, in whose place the figure comes when the reader is
// near; the still picture stays for paper. `<figure-state figure="…" state="…">` around some words sets the figure to the state of a link.

import { failureNotice } from '../gallery/frame/notice';
import { isFigure, makeFigure, type FigureComponent } from '../gallery/registry';

/** A screen ahead: an article is read from the top, and a phone should not load six figures at once. */
const MARGIN = '100% 0%';

export class LiveFigure extends HTMLElement {
  private made: Promise<FigureComponent> | undefined;
  private readonly observer = new IntersectionObserver(
    ([entry]) => {
      if (entry?.isIntersecting) void this.load();
    },
    { rootMargin: MARGIN },
  );

  connectedCallback(): void {
    this.observer.observe(this);
  }

  disconnectedCallback(): void {
    this.observer.disconnect();
  }

  /** What is not shown is not loaded by itself. */
  loadStill(): void {
    for (const picture of this.querySelectorAll<HTMLImageElement>('figure > picture > img')) picture.loading = 'eager';
  }

  /** The figure, loaded if it is not yet; nothing where it cannot be, which then is said beside the still picture. */
  async figure(): Promise<FigureComponent | undefined> {
    this.observer.disconnect();
    try {
      return await (this.made ??= this.make());
    } catch (error) {
      this.made = undefined;
      this.querySelector('[role="alert"]')?.remove();
      this.append(failureNotice(error, () => this.load()));
      return undefined;
    }
  }

  private async load(): Promise<void> {
    await this.figure();
  }

  private async make(): Promise<FigureComponent> {
    const name = this.getAttribute('name') ?? '';
    if (!isFigure(name)) throw new Error(`There is no figure named “${name}”.`);
    const figure = await makeFigure(name);
    this.loadStill();
    this.querySelector('[role="alert"]')?.remove();
    this.append(figure);
    this.toggleAttribute('live', true);
    return figure;
  }
}

export class FigureState extends HTMLElement {
  connectedCallback(): void {
    // Without scripts these are words like the others.
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...this.childNodes);
    button.addEventListener('click', () => void this.set());
    this.append(button);
  }

  private async set(): Promise<void> {
    const place = document.querySelector<LiveFigure>(`live-figure[name="${this.getAttribute('figure') ?? ''}"]`);
    const figure = await place?.figure();
    figure?.restore(this.getAttribute('state') ?? '');
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    place?.scrollIntoView({ block: 'nearest', behavior: calm ? 'auto' : 'smooth' });
  }
}

// Who prints before the end was reached gets all pictures too.
matchMedia('print').addEventListener('change', ({ matches }) => {
  if (matches) for (const each of document.querySelectorAll<LiveFigure>('live-figure')) each.loadStill();
});

customElements.define('live-figure', LiveFigure);
customElements.define('figure-state', FigureState);
