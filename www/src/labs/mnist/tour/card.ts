// The tour as it is seen: a card beside the panel that a step speaks of. It is no modal dialog: the lab can be used
// beside it.

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { shared } from '../../../kit/styles';
import type { TourController } from './controller';

/** Pixels between card and panel, that the card keeps from the window's edge, and that a panel keeps from its top. */
const GAP = 12;
const EDGE = 12;
const ABOVE = 104;

@customElement('lab-tour')
export class LabTour extends LitElement {
  static override styles = [
    shared,
    css`
      /* Without a box of its own it takes no room while there is nothing to say. */
      :host {
        display: contents;
      }
      .card,
      .frame {
        position: fixed;
        z-index: 10;
      }
      .frame {
        border: 3px solid var(--accent);
        border-radius: calc(var(--radius) + 3px);
        pointer-events: none;
      }
      .card {
        width: min(420px, calc(100vw - ${2 * EDGE}px));
        padding: 14px 18px;
        border: 1px solid var(--accent);
        border-radius: var(--radius);
        background: var(--panel);
        box-shadow: 0 10px 36px rgb(0 0 0 / 28%);
      }
      .card p {
        margin: 8px 0 12px;
        font-size: 0.9rem;
        text-wrap: pretty;
      }
      .buttons {
        display: flex;
        gap: 8px;
        align-items: center;
      }
      .buttons .place {
        flex: 1;
      }
      .next {
        background: var(--accent);
        border-color: var(--accent);
        color: var(--on-accent);
        font-weight: 600;
      }
      .next:hover:not(:disabled) {
        color: var(--on-accent);
        filter: brightness(1.1);
      }
    `,
  ];

  @property({ attribute: false }) tour!: TourController;
  @query('.card') private readonly card!: HTMLElement | null;
  @query('.frame') private readonly frame!: HTMLElement | null;
  @query('.next') private readonly next!: HTMLElement | null;
  /** The step that is shown. */
  private shown: number | undefined;
  private readonly follow = (): void => this.lay();
  private readonly listener = (): void => this.requestUpdate();

  /** The page may hold it before this file is loaded: then its property comes after it is connected. */
  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('tour')) this.tour.lab.addEventListener('change', this.listener);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('scroll', this.follow, { passive: true });
    window.addEventListener('resize', this.follow);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.tour.lab.removeEventListener('change', this.listener);
    window.removeEventListener('scroll', this.follow);
    window.removeEventListener('resize', this.follow);
  }

  override render(): TemplateResult | typeof nothing {
    const { step, place = 0, count, lab } = this.tour;
    if (!step) return nothing;
    const last = place === count - 1;
    return html`<div class="frame"></div>
      <section
        class="card"
        role="dialog"
        aria-labelledby="title"
        aria-describedby="text"
        data-testid="tour"
        @keydown=${this.onKey}
      >
        <h2 id="title">${step.title}</h2>
        <p id="text">${step.text(lab)}</p>
        <div class="buttons">
          <span class="small muted number place">${place + 1} of ${count}</span>
          <button @click=${() => this.tour.end()}>Leave</button>
          <button ?disabled=${place === 0} @click=${() => this.tour.go(place - 1)}>Back</button>
          <button class="next" @click=${() => this.tour.go(place + 1)}>${last ? 'Finish' : 'Next'}</button>
        </div>
      </section>`;
  }

  private get panel(): HTMLElement | undefined {
    const root = this.getRootNode();
    const { step } = this.tour;
    if (!step || !(root instanceof ShadowRoot)) return undefined;
    return root.querySelector<HTMLElement>(step.panel) ?? undefined;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const { place } = this.tour;
    if (place !== this.shown) {
      const before = this.shown;
      this.shown = place;
      if (place === undefined) this.dispatchEvent(new Event('tour-ended', { bubbles: true, composed: true }));
      else this.bring(before === undefined);
    }
    this.lay();
  }

  /** Brings the panel into view; at the start the card takes the focus. */
  private bring(first: boolean): void {
    const { panel } = this;
    if (panel) {
      const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
      const top = scrollY + panel.getBoundingClientRect().top - ABOVE;
      window.scrollTo({ top, behavior: calm ? 'instant' : 'smooth' });
    }
    if (first) this.next?.focus({ preventScroll: true });
  }

  /** Lays the frame about the panel, and the card below the panel where there is room, else over its end. */
  private lay(): void {
    const { card, frame, panel } = this;
    if (!card || !frame || !panel) return;
    const { left, top, right, bottom } = panel.getBoundingClientRect();
    Object.assign(frame.style, {
      left: `${left - 3}px`,
      top: `${top - 3}px`,
      width: `${right - left + 6}px`,
      height: `${bottom - top + 6}px`,
    });
    const width = document.documentElement.clientWidth;
    const lowest = innerHeight - card.offsetHeight - EDGE;
    card.style.left = `${Math.max(EDGE, Math.min(right - card.offsetWidth - GAP, width - EDGE - card.offsetWidth))}px`;
    card.style.top = `${Math.max(EDGE, Math.min(bottom + GAP, lowest))}px`;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { place = 0, count } = this.tour;
    if (event.key === 'Escape') this.tour.end();
    else if (event.key === 'ArrowRight' && place < count - 1) this.tour.go(place + 1);
    else if (event.key === 'ArrowLeft') this.tour.go(place - 1);
    else return;
    event.preventDefault();
  };
}
