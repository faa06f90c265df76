// Runs kept across a reload: checkpoints of their trainers in IndexedDB, about 5 MB each at 784 × 256. A browser may
// forbid it, have no room, or never answer; the lab then works as well, but for going on after a reload, and says so.

import { createStore, del, entries, get, set } from 'idb-keyval';
import type { EpochReport } from 'splinterp/lab';
import { Failure, messageOf } from '../../kit/failure';
import type { RunName } from '../protocol';

/** What is kept of one run. */
export interface SavedRun {
  name: RunName;
  checkpoint: Uint8Array;
  reports: EpochReport[];
}

/** What is kept of a session. */
export interface SavedSession {
  /** The page's address, by which its settings are found again. */
  address: string;
  savedAt: number;
  runs: SavedRun[];
}

/** Sessions kept of one lab; the oldest make way. */
const MOST_KEPT = 3;
/** A database that has not answered by then is taken for one that never will. */
const PATIENCE_MS = 4000;

type Database = ReturnType<typeof createStore>;

export class Store {
  private database: Database | undefined;
  /** Why nothing can be kept. */
  private broken: string | undefined;

  /** `lab` is a part of every key; `tell` hears, once, why nothing can be kept. */
  constructor(
    private readonly lab: string,
    private readonly tell: (reason: string) => void,
  ) {}

  async save(key: string, session: SavedSession): Promise<void> {
    await this.attempt(async (database) => {
      await set(this.keyOf(key), session, database);
      const kept = await this.kept(database);
      await Promise.all(kept.slice(MOST_KEPT).map(([old]) => del(old, database)));
    });
  }

  load(key: string): Promise<SavedSession | undefined> {
    return this.attempt((database) => get<SavedSession>(this.keyOf(key), database));
  }

  async forget(key: string): Promise<void> {
    await this.attempt((database) => del(this.keyOf(key), database));
  }

  /** Address of the session that was kept last. */
  last(): Promise<string | undefined> {
    return this.attempt(async (database) => (await this.kept(database))[0]?.[1].address);
  }

  private keyOf(key: string): string {
    return `${this.lab} ${key}`;
  }

  /** Sessions of this lab, the newest first. */
  private async kept(database: Database): Promise<[IDBValidKey, SavedSession][]> {
    const all = await entries<IDBValidKey, SavedSession>(database);
    return all
      .filter(([key]) => typeof key === 'string' && key.startsWith(`${this.lab} `))
      .sort(([, a], [, b]) => b.savedAt - a.savedAt);
  }

  private async attempt<T>(work: (database: Database) => Promise<T>): Promise<T | undefined> {
    if (this.broken !== undefined) return undefined;
    try {
      this.database ??= createStore('splinterp', 'sessions');
      return await inTime(work(this.database));
    } catch (error) {
      this.broken = messageOf(error);
      this.tell(this.broken);
      return undefined;
    }
  }
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Failure('the browser’s database does not answer', 'storage')), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
