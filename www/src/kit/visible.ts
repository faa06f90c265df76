// Tells a component whether it is on screen or near it, so that nothing is drawn that nobody sees.

import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** Half a screen ahead: a picture is there before it scrolls into view. */
const MARGIN = '50% 0%';

export class VisibleController implements ReactiveController {
  visible = false;
  private readonly observer: IntersectionObserver;

  constructor(
    private readonly host: ReactiveControllerHost & HTMLElement,
    changed: () => void,
  ) {
    this.observer = new IntersectionObserver(
      (entries) => {
        const visible = entries.at(-1)?.isIntersecting ?? false;
        if (visible === this.visible) return;
        this.visible = visible;
        changed();
      },
      { rootMargin: MARGIN },
    );
    host.addController(this);
  }

  hostConnected(): void {
    this.observer.observe(this.host);
  }

  hostDisconnected(): void {
    this.observer.disconnect();
  }
}
