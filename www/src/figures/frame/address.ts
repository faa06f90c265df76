// Writes the state of a figure in the address, with an entry in the history for each change that Back may undo.

export class Address {
  /** Whether the newest entry belongs to a change that is still under way: it takes the rest of that change. */
  private pending = false;

  write(address: string, settled: boolean): void {
    if (this.pending) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
    this.pending = !settled;
  }
}
