// Sites that the reader moves, weighs, adds and removes, by mouse, touch, pen or keyboard: a layer of focusable handles
// over a figure's stage, and a bar for the selected site. The figure draws the sites itself.
//
//   private readonly editor = new SiteEditor(this, {
//     sites: () => this.sites.now,                   // those that can be moved now
//     put: (id, site, settled) => …,                 // a site is another, or removed (undefined); usually `ScatteredSites.put`
//     add: (site) => id,                             // leave out where none may be added
//     weighted: () => true,                          // whether sites have weights
//     weightRange: () => [-0.1, 0.1],
//   });
//   overlay() { return this.editor.handles(); }
//   tools() { return this.editor.bar(); }            // under the picture: it changes its height
//
// One handle is in the tab order; Page Up and Page Down, Home and End go to the others. Arrows move a site, with
// Shift further; + and − change its weight; Delete removes it; Escape leaves it; Enter adds one
// beside it, as a double click on an empty place does. Up to `MOST_HANDLES` each site has a handle; of more, the one
// selected or under the mouse has: a tap selects a site, and then its handle can be dragged.

import { html, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { measured } from '../../kit/format';
import { arrowed, FURTHER } from './keys';
import { siteBar } from './site-bar';
import type { Site, Sites } from './sites';
import type { View } from './view';

/** Above this, handles for every site would cost more than the diagram. */
export const MOST_HANDLES = 120;

/** Pixels around a site where a mouse or a finger means it, where sites have no handles of their own. */
const REACH = { mouse: 12, touch: 24 };

/** Part of the box's width by which an arrow key moves a site. */
const STEP = 0.01;

/** Steps of + and − from end to end of the range of weights. */
const WEIGHT_STEPS = 40;

/** Entry of the browser's performance timeline for each event of a drag, from the event to the picture. */
export const DRAG_MEASURE = 'splinterp:drag';

export interface SiteEditorOptions {
  sites(): Sites;
  put(id: number, site: Site | undefined, settled: boolean): void;
  add?(site: Site): number;
  weighted?(): boolean;
  weightRange?(): readonly [number, number];
  /** What a site is called, "site" if not given. */
  readonly noun?: string;
  /** The name of one, "Site 1" for id 0 if not given. */
  label?(id: number): string;
  /** Whether the site may be removed; all but the last may by default. */
  removable?(id: number): boolean;
}

export interface SiteEditorHost extends ReactiveControllerHost, HTMLElement {
  readonly view: View;
  readonly renderRoot: HTMLElement | DocumentFragment;
}

export class SiteEditor implements ReactiveController {
  /** The site that the bar speaks of, by id. */
  selected: number | undefined;
  /** The site that is being dragged, by id. */
  dragged: number | undefined;
  /** The site under the mouse, by id. */
  private hovered: number | undefined;
  /** From the pointer to the site when the drag began, in figure units, so that the site does not jump. */
  private grip = { x: 0, y: 0 };

  constructor(
    private readonly host: SiteEditorHost,
    private readonly options: SiteEditorOptions,
  ) {
    host.addController(this);
  }

  hostUpdate(): void {
    const gone = (id: number | undefined): boolean => id !== undefined && this.site(id) === undefined;
    if (gone(this.selected)) this.selected = undefined;
    if (gone(this.hovered)) this.hovered = undefined;
    if (gone(this.dragged)) this.dragged = undefined;
  }

  site(id: number): Site | undefined {
    const { ids, at, weights } = this.options.sites();
    const i = ids.indexOf(id);
    return i < 0 ? undefined : { x: at[2 * i] ?? 0, y: at[2 * i + 1] ?? 0, weight: weights[i] ?? 0 };
  }

  /** "Site 1" for id 0. */
  label(id: number): string {
    return this.options.label?.(id) ?? `${this.noun.charAt(0).toUpperCase()}${this.noun.slice(1)} ${id + 1}`;
  }

  private get noun(): string {
    return this.options.noun ?? 'site';
  }

  private get weighted(): boolean {
    return this.options.weighted?.() ?? false;
  }

  private get weightRange(): readonly [number, number] {
    return this.options.weightRange?.() ?? [-0.1, 0.1];
  }

  private removable(id: number): boolean {
    const few = this.options.sites().ids.length <= 1;
    return !few && (this.options.removable?.(id) ?? true);
  }

  // --- what it shows --------------------------------------------------------------------------------------------

  /** Handles, to lie over the stage. */
  handles(): TemplateResult {
    const { ids } = this.options.sites();
    const dense = ids.length > MOST_HANDLES;
    const first = this.selected ?? ids[0];
    const shown = dense
      ? [...new Set([first, this.hovered].filter((id) => id !== undefined))].filter((id) => this.site(id))
      : [...ids];
    return html`<div
      class="handles"
      @pointerdown=${this.onStageDown}
      @pointermove=${this.onHover}
      @dblclick=${this.onDoubleClick}
    >
      ${repeat(
        shown,
        (id) => id,
        (id) => this.handle(id, id === first),
      )}
    </div>`;
  }

  private handle(id: number, inTabOrder: boolean): TemplateResult {
    const site = this.site(id) ?? { x: 0, y: 0, weight: 0 };
    const { view } = this.host;
    const [least, most] = this.weightRange;
    const place = `x ${measured(round(site.x))}, y ${measured(round(site.y))}`;
    const text = this.weighted ? `${place}, weight ${measured(site.weight)}` : place;
    const value = this.weighted ? site.weight : site.x;
    const range = this.weighted ? [least, most] : [view.box[0], view.box[2]];
    return html`<div
      class="handle ${id === this.selected ? 'selected' : ''}"
      role="slider"
      aria-roledescription=${this.noun}
      tabindex=${inTabOrder ? 0 : -1}
      data-site=${id}
      aria-label=${this.label(id)}
      aria-valuenow=${value}
      aria-valuemin=${Math.min(range[0] ?? 0, value)}
      aria-valuemax=${Math.max(range[1] ?? 0, value)}
      aria-valuetext=${text}
      .style=${`transform: translate(${view.x(site.x)}px, ${view.y(site.y)}px)`}
      @pointerdown=${this.onHandleDown}
      @pointermove=${this.onHandleMove}
      @pointerup=${this.onHandleUp}
      @pointercancel=${this.onHandleUp}
      @keydown=${this.onKey}
      @focus=${this.onFocus}
    ></div>`;
  }

  /** The selected site's weight, and buttons to add and remove. */
  bar(): TemplateResult {
    const { selected: id, noun } = this;
    const site = id === undefined ? undefined : this.site(id);
    return siteBar({
      noun,
      weighted: this.weighted,
      weightRange: this.weightRange,
      selected:
        id === undefined || !site
          ? undefined
          : { id, label: this.label(id), weight: site.weight, removable: this.removable(id) },
      mayRemove: id === undefined || this.options.removable?.(id) !== false,
      weigh: (weight, settled) => site && this.options.put(id ?? 0, { ...site, weight }, settled),
      remove: () => id !== undefined && this.remove(id),
      ...(this.options.add ? { add: () => this.addBeside(id) } : {}),
    });
  }

  // --- pointers -------------------------------------------------------------------------------------------------

  /** Where the pointer is, in figure units. */
  private place(event: MouseEvent): { x: number; y: number } {
    const layer = this.host.renderRoot.querySelector('.handles');
    const { left = 0, top = 0 } = layer?.getBoundingClientRect() ?? {};
    const { view } = this.host;
    return { x: view.fromX(event.clientX - left), y: view.fromY(event.clientY - top) };
  }

  /** The nearest site within reach of the pointer. */
  private nearest(event: PointerEvent): number | undefined {
    const { x, y } = this.place(event);
    const { ids, at } = this.options.sites();
    const reach = REACH[event.pointerType === 'touch' ? 'touch' : 'mouse'] / this.host.view.scale;
    let best = reach * reach;
    let found: number | undefined;
    for (let i = 0; i < ids.length; i++) {
      const [dx, dy] = [(at[2 * i] ?? 0) - x, (at[2 * i + 1] ?? 0) - y];
      const distance = dx * dx + dy * dy;
      if (distance <= best) [best, found] = [distance, ids[i]];
    }
    return found;
  }

  private readonly onHover = (event: PointerEvent): void => {
    if (event.pointerType === 'touch' || this.dragged !== undefined) return;
    if (this.options.sites().ids.length <= MOST_HANDLES) return;
    const hovered = this.nearest(event);
    if (hovered === this.hovered) return;
    this.hovered = hovered;
    this.host.requestUpdate();
  };

  /** On the bare stage: chooses the site within reach, or none. */
  private readonly onStageDown = (event: PointerEvent): void => {
    if ((event.target as Element).closest('.handle')) return;
    this.select(this.nearest(event));
  };

  private readonly onHandleDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const handle = event.currentTarget as HTMLElement;
    const id = Number(handle.dataset.site);
    const site = this.site(id);
    if (!site) return;
    handle.setPointerCapture(event.pointerId);
    const { x, y } = this.place(event);
    this.grip = { x: site.x - x, y: site.y - y };
    this.dragged = id;
    this.select(id);
  };

  private readonly onHandleMove = (event: PointerEvent): void => {
    if (this.dragged === undefined) return;
    const started = performance.now();
    this.moveTo(event, this.dragged, false);
    // The host draws in its update; what follows it measures the whole way from event to picture.
    void this.host.updateComplete.then(() => {
      performance.measure(DRAG_MEASURE, { start: started, end: performance.now() });
    });
  };

  private readonly onHandleUp = (event: PointerEvent): void => {
    const id = this.dragged;
    if (id === undefined) return;
    this.dragged = undefined;
    this.moveTo(event, id, true);
    this.host.requestUpdate();
  };

  private moveTo(event: PointerEvent, id: number, settled: boolean): void {
    const site = this.site(id);
    if (!site) return;
    const { x, y } = this.place(event);
    const to = this.host.view.clamp(x + this.grip.x, y + this.grip.y);
    if (settled && to.x === site.x && to.y === site.y && !this.moved) return;
    this.moved = !settled;
    this.options.put(id, { ...site, ...to }, settled);
  }

  /** Whether the present drag has moved the site: a mere click changes nothing. */
  private moved = false;

  private readonly onDoubleClick = (event: MouseEvent): void => {
    if (!this.options.add || (event.target as Element).closest('.handle')) return;
    this.select(this.options.add({ ...this.place(event), weight: 0 }));
  };

  // --- keyboard -------------------------------------------------------------------------------------------------

  private readonly onFocus = (event: FocusEvent): void =>
    this.select(Number((event.currentTarget as HTMLElement).dataset.site));

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const id = Number((event.currentTarget as HTMLElement).dataset.site);
    const site = this.site(id);
    if (!site) return;
    const to = arrowed(event, this.host.view, STEP, site);
    if (to) {
      this.options.put(id, { ...site, ...to }, true);
      return;
    }
    const { ids } = this.options.sites();
    const at = ids.indexOf(id);
    const goTo = (i: number) => () => this.focus(ids[(i + ids.length) % ids.length]);
    const actions: Readonly<Record<string, (() => void) | undefined>> = {
      '+': () => this.weigh(id, site, 1),
      '=': () => this.weigh(id, site, 1),
      '-': () => this.weigh(id, site, -1),
      '−': () => this.weigh(id, site, -1),
      Delete: () => this.remove(id),
      Backspace: () => this.remove(id),
      Enter: () => this.addBeside(id),
      Escape: () => this.leave(),
      PageDown: goTo(at + 1),
      PageUp: goTo(at - 1),
      Home: goTo(0),
      End: goTo(ids.length - 1),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };

  private weigh(id: number, site: Site, steps: number): void {
    if (!this.weighted) return;
    const [least, most] = this.weightRange;
    const weight = site.weight + (steps * (most - least)) / WEIGHT_STEPS;
    this.options.put(id, { ...site, weight: Math.min(Math.max(weight, least), most) }, true);
  }

  private remove(id: number): void {
    if (!this.removable(id)) return;
    const { ids } = this.options.sites();
    const at = ids.indexOf(id);
    const next = ids[at + 1] ?? ids[at - 1];
    const hadFocus = this.focusedHandle() !== undefined;
    this.options.put(id, undefined, true);
    this.select(next);
    if (hadFocus) this.focus(next);
  }

  /** Adds a site a little beside another, or in the middle, and goes to it. */
  private addBeside(id: number | undefined): void {
    if (!this.options.add) return;
    const { box } = this.host.view;
    const from = id === undefined ? undefined : this.site(id);
    const middle = { x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2 };
    const shift = (box[2] - box[0]) * STEP * FURTHER;
    const place = from ? this.host.view.clamp(from.x + shift, from.y + shift / 2) : middle;
    this.focus(this.options.add({ ...place, weight: 0 }));
  }

  private leave(): void {
    this.focusedHandle()?.blur();
    this.select(undefined);
  }

  // --- selection ------------------------------------------------------------------------------------------------

  select(id: number | undefined): void {
    if (id === this.selected) return;
    this.selected = id;
    this.host.requestUpdate();
  }

  /** Selects a site and moves the focus to its handle. */
  focus(id: number | undefined): void {
    if (id === undefined) return;
    this.selected = id;
    this.host.requestUpdate();
    void this.host.updateComplete.then(() =>
      this.host.renderRoot.querySelector<HTMLElement>(`[data-site="${id}"]`)?.focus(),
    );
  }

  private focusedHandle(): HTMLElement | undefined {
    return this.host.renderRoot.querySelector<HTMLElement>('.handle:focus') ?? undefined;
  }
}

/** To three decimals: what a person wants to hear of a place. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
