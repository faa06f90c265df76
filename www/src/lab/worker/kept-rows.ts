// Runs of experiments that have ended, kept in IndexedDB, so that none is trained twice. Another build of the site may
// compute otherwise: its rows are not taken for ours.

import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { EpochReport, ExperimentRow } from 'splinterp/lab';
import { messageOf } from '../../kit/failure';
import { inTime } from './store';

/** What is kept of a run. */
export interface KeptRow {
  row: ExperimentRow;
  reports: EpochReport[];
  savedAt: number;
}

interface Schema extends DBSchema {
  rows: { key: string; value: KeptRow; indexes: { savedAt: number } };
}

type Database = IDBPDatabase<Schema>;

/** Runs kept, a few kilobytes each; the oldest make way. */
const MOST_KEPT = 2000;

export class KeptRows {
  private database: Promise<Database> | undefined;
  private broken = false;
  /** What this worker kept itself: a browser may refuse to. */
  private readonly own = new Map<string, KeptRow>();

  /** `build` names what computes; `tell` hears, once, why nothing can be kept. */
  constructor(
    private readonly build: string,
    private readonly tell: (reason: string) => void,
  ) {}

  /** What is kept of runs, by their keys and in their order. */
  async find(wanted: readonly string[]): Promise<(KeptRow | undefined)[]> {
    const found = await this.attempt(async (database) => {
      const { store } = database.transaction('rows');
      return Promise.all(wanted.map((key) => store.get(this.keyOf(key))));
    });
    return wanted.map((key, i) => this.own.get(key) ?? found?.[i]);
  }

  async keep(key: string, row: KeptRow): Promise<void> {
    this.own.set(key, row);
    await this.attempt(async (database) => {
      const transaction = database.transaction('rows', 'readwrite');
      const { store } = transaction;
      await store.put(row, this.keyOf(key));
      let surplus = (await store.count()) - MOST_KEPT;
      for (let oldest = await store.index('savedAt').openCursor(); oldest && surplus > 0; surplus -= 1) {
        await oldest.delete();
        oldest = await oldest.continue();
      }
      await transaction.done;
    });
  }

  private keyOf(key: string): string {
    return `${this.build} ${key}`;
  }

  private async attempt<T>(work: (database: Database) => Promise<T>): Promise<T | undefined> {
    if (this.broken) return undefined;
    try {
      this.database ??= openDB<Schema>('splinterp-experiments', 1, {
        upgrade: (database) => {
          database.createObjectStore('rows').createIndex('savedAt', 'savedAt');
        },
      });
      return await inTime(this.database.then(work));
    } catch (error) {
      this.broken = true;
      this.tell(messageOf(error));
      return undefined;
    }
  }
}
