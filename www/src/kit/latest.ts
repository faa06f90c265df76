// Requests of which only the newest counts: a slider that is dragged asks faster than a worker answers.

/** Runs one request at a time. While one is under way the newest of those that came since waits, and the others never run. */
export class Latest {
  private running = false;
  private next: (() => Promise<void>) | undefined;

  ask(work: () => Promise<void>): void {
    if (this.running) {
      this.next = work;
      return;
    }
    this.running = true;
    void work().finally(() => {
      this.running = false;
      const { next } = this;
      this.next = undefined;
      if (next) this.ask(next);
    });
  }
}
