// Writes the state of a figure in the address, with an entry in the history for each change that Back may undo.

/** While a thing is dragged the address follows this often, in ms: browsers refuse more than some writes a second. */
const INTERVAL = 300;

export class Address {
  /** Whether the newest entry belongs to a change that is still under way: it takes the rest of that change. */
  private pending = false;
  private latest = '';
  private timer: ReturnType<typeof setTimeout> | undefined;

  write(address: string, settled: boolean): void {
    this.latest = address;
    if (!this.pending) {
      // Within another page, Back belongs to that page.
      if (window.parent === window) history.pushState(null, '', address);
      else history.replaceState(null, '', address);
    } else if (settled) this.replace();
    else this.timer ??= setTimeout(() => this.replace(), INTERVAL);
    this.pending = !settled;
  }

  private replace(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    history.replaceState(null, '', this.latest);
  }
}
