// A native popover of a button: where it lies, below the button, or above it where there is no room, and within the
// window; and where the focus goes when it closes. Mouse, finger and keyboard open it alike, and Escape or a touch
// elsewhere closes it: that is the browser's part.

import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** Pixels between the button and its popover, and that the popover keeps from the window's edge. */
const GAP = 6;
const EDGE = 8;

export interface PopoverOptions {
  button(): HTMLElement;
  popover(): HTMLElement;
  /** Which of their sides are in line; left if not given. */
  readonly side?: 'left' | 'right';
}

export class PopoverController implements ReactiveController {
  /** Whether the focus was in the popover as it began to close. */
  private focused = false;

  constructor(
    host: ReactiveControllerHost,
    private readonly options: PopoverOptions,
  ) {
    host.addController(this);
  }

  /** To be called by the popover's `toggle`. */
  readonly onToggle = (event: ToggleEvent): void => {
    if (event.newState !== 'open') {
      this.unfollow();
      // Chromium gives the focus back outside of shadow roots only. Who has focused something else keeps it.
      if (this.focused && (this.holdsFocus() || document.activeElement === document.body))
        this.options.button().focus();
      return;
    }
    this.place();
    this.options.popover().addEventListener('beforetoggle', this.onClosing, { once: true });
    // It is fixed to the window: the page must not slide away under it.
    window.addEventListener('scroll', this.close, { capture: true, passive: true, once: true });
  };

  private readonly onClosing = (): void => {
    this.focused = this.holdsFocus();
  };

  private holdsFocus(): boolean {
    return this.options.popover().matches(':focus-within');
  }

  private place(): void {
    const { left, right, top, bottom } = this.options.button().getBoundingClientRect();
    const { offsetWidth, offsetHeight, style } = this.options.popover();
    const wanted = this.options.side === 'right' ? right - offsetWidth : left - EDGE;
    const below = bottom + GAP + offsetHeight + EDGE <= innerHeight;
    style.left = `${Math.max(EDGE, Math.min(wanted, innerWidth - EDGE - offsetWidth))}px`;
    style.top = `${below ? bottom + GAP : Math.max(EDGE, top - GAP - offsetHeight)}px`;
  }

  readonly close = (): void => this.options.popover().hidePopover();

  private unfollow(): void {
    window.removeEventListener('scroll', this.close, { capture: true });
  }

  hostDisconnected(): void {
    this.unfollow();
  }
}
