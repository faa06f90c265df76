// The gallery: each figure in turn, loaded when it comes near the screen. The address holds the figure that was last
// changed and its state: `gallery.html#figure=NAME&…`.

import { css, html, LitElement, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { shared } from '../kit/styles';
import { Address } from './frame/address';
import { failureNotice } from './frame/notice';
import type { FigureStateEvent } from './frame/figure';
import { titles, type FigureName } from './frame/titles';
import { figureNames, isFigure, makeFigure, type FigureComponent } from './registry';

/** Two screens ahead, so that a figure stands when it scrolls into view. */
const MARGIN = '200% 0%';

/** What shows that the reader goes elsewhere. */
const TAKES_OVER = ['wheel', 'pointerdown', 'keydown'] as const;

@customElement('figure-gallery')
export class FigureGallery extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        max-width: 968px;
        margin: 0 auto;
        padding: 10px 24px 60px;
      }
      section {
        scroll-margin-top: 16px;
      }
      section + section {
        margin-top: 28px;
      }
      .waiting {
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--panel);
        padding: 16px 18px;
        /* About the height of a figure, so that the page does not jump. */
        min-height: min(90vw, 820px);
      }
      @media (max-width: 760px) {
        :host {
          padding: 8px 12px 40px;
        }
      }
    `,
  ];

  private readonly observer = new IntersectionObserver((entries) => this.onNear(entries), { rootMargin: MARGIN });
  private readonly address = new Address();
  /** The figure of the address, until the reader takes over: figures above it grow as they load. */
  private goal: HTMLElement | null = null;
  private readonly sizes = new ResizeObserver(() => this.goal?.scrollIntoView());

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('popstate', this.followHash);
    for (const type of TAKES_OVER) window.addEventListener(type, this.letGo, { passive: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('popstate', this.followHash);
    for (const type of TAKES_OVER) window.removeEventListener(type, this.letGo);
    this.sizes.disconnect();
    this.observer.disconnect();
  }

  override render(): TemplateResult {
    return html`${figureNames.map(
      (name) =>
        html`<section id=${name} data-name=${name} @figure-state=${this.onState}>
          <div class="waiting"><h2>${titles[name]}</h2></div>
        </section>`,
    )}`;
  }

  protected override firstUpdated(): void {
    for (const section of this.renderRoot.querySelectorAll('section')) this.observer.observe(section);
    this.goal = this.section(this.linked()?.name ?? '');
    this.sizes.observe(this);
  }

  private readonly letGo = (): void => {
    this.goal = null;
  };

  private section(name: string): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(`section[data-name="${name}"]`);
  }

  /** The figure of the address, and its state. */
  private linked(): { name: FigureName; hash: string } | undefined {
    const given = new URLSearchParams(location.hash.replace(/^#/, ''));
    const name = given.get('figure') ?? '';
    if (!isFigure(name)) return undefined;
    given.delete('figure');
    return { name, hash: given.toString() };
  }

  private onNear(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      this.observer.unobserve(target);
      void this.show(target as HTMLElement);
    }
  }

  private async show(section: HTMLElement): Promise<void> {
    const name = section.dataset.name ?? '';
    if (!isFigure(name)) return;
    const waiting = section.querySelector('.waiting');
    try {
      const figure = await makeFigure(name);
      const linked = this.linked();
      if (linked?.name === name) figure.restore(linked.hash);
      waiting?.replaceWith(figure);
    } catch (error) {
      waiting?.append(failureNotice(error, () => this.show(section)));
    }
  }

  private readonly onState = ({ figure, hash, settled }: FigureStateEvent): void => {
    this.address.write(`#figure=${figure}${hash === '' ? '' : `&${hash}`}`, settled);
  };

  /** Back and Forward: the figure of the address takes its state, the others keep theirs. */
  private readonly followHash = (): void => {
    const linked = this.linked();
    for (const name of figureNames) {
      const figure = this.section(name)?.firstElementChild as Partial<FigureComponent> | null | undefined;
      if (linked?.name === name || (linked === undefined && figure?.hash)) figure?.restore?.(linked?.hash ?? '');
    }
  };
}
