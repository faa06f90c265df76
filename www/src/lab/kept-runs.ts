// The runs that are kept in the browser, on the page's side: their list, and files of them.

import { download } from '../kit/download';
import type { KeepsRuns, KeptRun } from './protocol';

/** What this part of a lab sees of it. */
interface Holder {
  ask<T>(call: (worker: KeepsRuns) => Promise<T>): Promise<T | undefined>;
  changed(): void;
  /** Shows a kept run in the place of the present one. */
  loadKept(run: KeptRun): void;
}

/** Files that `run-file.ts` writes begin with this entry, whatever they are called by now. */
const FIRST_ENTRY = 'run.json';
/** Where a zip has the name of its first entry. */
const NAME_AT = 30;

async function isRunFile(file: File): Promise<boolean> {
  const head = await file.slice(0, NAME_AT + FIRST_ENTRY.length).text();
  return head.startsWith('PK\u0003\u0004') && head.endsWith(FIRST_ENTRY);
}

export class KeptRuns {
  /** The newest first. */
  list: readonly KeptRun[] = [];
  private listing = false;
  private again = false;

  constructor(private readonly lab: Holder) {}

  /** Follows what is kept; while an answer is under way, one more request waits at most. */
  async refresh(): Promise<void> {
    this.again = true;
    if (this.listing) return;
    this.listing = true;
    while (this.again) {
      this.again = false;
      this.list = (await this.lab.ask((worker) => worker.kept())) ?? this.list;
    }
    this.listing = false;
    this.lab.changed();
  }

  load(run: KeptRun): void {
    this.lab.loadKept(run);
  }

  async rename({ id }: KeptRun, name: string): Promise<void> {
    await this.lab.ask((worker) => worker.rename(id, name));
  }

  async remove({ id }: KeptRun): Promise<void> {
    await this.lab.ask((worker) => worker.remove(id));
  }

  async download({ id, name, epoch }: KeptRun): Promise<void> {
    const bytes = await this.lab.ask((worker) => worker.runFile(id));
    if (!bytes) return;
    // What no file system objects to.
    const stem = name.replace(/[^\p{L}\p{N} ._-]/gu, '').trim() || 'splinterp run';
    download(`${stem}, epoch ${epoch}.zip`, new Blob([bytes], { type: 'application/zip' }));
  }

  /** Takes a file of a run; whether it is one. */
  async take(files: readonly File[]): Promise<boolean> {
    const [file] = files;
    if (!file || files.length > 1 || !(await isRunFile(file))) return false;
    const run = await this.lab.ask((worker) => worker.takeRunFile(file));
    if (run) this.load(run);
    return true;
  }
}
