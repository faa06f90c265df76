// Runs that are kept in the browser: what the list of them shows, and beside it their checkpoints, about 5 MB for each
// trainer at 784 × 256. Both are written in one transaction of IndexedDB, so a run is kept whole or as it was before. A
// browser may forbid it, have no room, or never answer; the lab then works as well, but for going on later, and says so.

import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction } from 'idb';
import type { EpochReport } from 'splinterp/lab';
import { Failure, messageOf } from '../../kit/failure';
import type { KeptRun, RunName } from '../protocol';

/** One trainer of a kept run. */
export interface SavedRun {
  name: RunName;
  checkpoint: Uint8Array;
  reports: EpochReport[];
}

/** What the database knows of a kept run beside what the page shows of it. */
export interface KeptRecord extends KeptRun {
  lab: string;
  /** By which the same settings on the same data are known. */
  key: string;
  /** By which the same data are known, where the settings do not say it all. */
  identity: string;
}

/** A kept run with its checkpoints. */
export interface Kept {
  record: KeptRecord;
  runs: SavedRun[];
}

interface Schema extends DBSchema {
  runs: { key: string; value: KeptRecord };
  checkpoints: { key: string; value: SavedRun[] };
}

type Database = IDBPDatabase<Schema>;
type Writing = IDBPTransaction<Schema, ('runs' | 'checkpoints')[], 'readwrite'>;

/** Unnamed runs that are kept of one lab, by number and by bytes; the oldest make way. Named ones stay. */
export const MOST_UNNAMED = 20;
export const MOST_UNNAMED_BYTES = 200e6;
/** Version 1 kept three sessions a lab, under the keys of their settings. */
const VERSION = 2;
/** A database that has not answered by then is taken for one that never will. */
const PATIENCE_MS = 4000;

export class Store {
  private database: Promise<Database> | undefined;
  /** Why nothing can be kept. */
  private broken: string | undefined;
  private told: string | undefined;

  /** `tell` hears why nothing can be kept, once a reason. */
  constructor(
    private readonly lab: string,
    private readonly tell: (reason: string) => void,
  ) {}

  /** Keeps a run under its number; a name that it was given stays. */
  async save(record: KeptRecord, runs: SavedRun[]): Promise<void> {
    await this.attempt(async (database) => {
      for (;;) {
        try {
          await write(database, record, runs);
          return;
        } catch (error) {
          if (!isFull(error)) throw error;
          if (!(await this.makeRoom(database, record.id))) {
            this.complain('the browser has no room left for them. Delete saved runs to make room');
            return;
          }
        }
      }
    });
  }

  /** Runs of this lab, the newest first. */
  async list(): Promise<KeptRecord[]> {
    return (await this.attempt((database) => this.all(database))) ?? [];
  }

  async load(id: string): Promise<Kept | undefined> {
    return this.attempt(async (database) => {
      const [record, runs] = await Promise.all([database.get('runs', id), database.get('checkpoints', id)]);
      return record && runs ? { record, runs } : undefined;
    });
  }

  async rename(id: string, name: string): Promise<void> {
    await this.attempt(async (database) => {
      const transaction = database.transaction('runs', 'readwrite');
      const record = await transaction.store.get(id);
      if (record) await transaction.store.put({ ...record, name });
      await transaction.done;
    });
  }

  async remove(id: string): Promise<void> {
    await this.attempt((database) => remove(database, id));
  }

  private async all(database: Database): Promise<KeptRecord[]> {
    const all = await database.getAll('runs');
    return all.filter(({ lab }) => lab === this.lab).sort((a, b) => b.savedAt - a.savedAt);
  }

  /** Deletes the oldest unnamed run of any lab but `own`; whether there was one. */
  private async makeRoom(database: Database, own: string): Promise<boolean> {
    const all = (await database.getAll('runs')).sort((a, b) => a.savedAt - b.savedAt);
    const oldest = all.find(({ id, name }) => name === '' && id !== own);
    if (oldest) await remove(database, oldest.id);
    return oldest !== undefined;
  }

  private async attempt<T>(work: (database: Database) => Promise<T>): Promise<T | undefined> {
    if (this.broken !== undefined) return undefined;
    try {
      return await inTime(this.open().then(work));
    } catch (error) {
      this.broken = messageOf(error);
      this.complain(this.broken);
      return undefined;
    }
  }

  private complain(reason: string): void {
    if (this.told === reason) return;
    this.told = reason;
    this.tell(reason);
  }

  private open(): Promise<Database> {
    this.database ??= openDB<Schema>('splinterp', VERSION, {
      upgrade: (database) => {
        for (const store of [...database.objectStoreNames]) database.deleteObjectStore(store);
        database.createObjectStore('runs', { keyPath: 'id' });
        database.createObjectStore('checkpoints');
      },
    });
    return this.database;
  }
}

async function write(database: Database, record: KeptRecord, runs: SavedRun[]): Promise<void> {
  const transaction = database.transaction(['runs', 'checkpoints'], 'readwrite');
  const writing = async (): Promise<void> => {
    const name = (await transaction.objectStore('runs').get(record.id))?.name ?? record.name;
    await Promise.all([
      transaction.objectStore('runs').put({ ...record, name }),
      transaction.objectStore('checkpoints').put(runs, record.id),
    ]);
    await thinOut(transaction, record);
  };
  await Promise.all([writing(), transaction.done]);
}

/** Deletes the oldest unnamed runs of a lab that are too many. */
async function thinOut(transaction: Writing, { lab, id: own }: KeptRecord): Promise<void> {
  const unnamed = (await transaction.objectStore('runs').getAll())
    .filter((each) => each.lab === lab && each.name === '')
    .sort((a, b) => b.savedAt - a.savedAt);
  let bytes = 0;
  for (const [at, each] of unnamed.entries()) {
    bytes += each.bytes;
    if (each.id === own || (at < MOST_UNNAMED && bytes <= MOST_UNNAMED_BYTES)) continue;
    await Promise.all([
      transaction.objectStore('runs').delete(each.id),
      transaction.objectStore('checkpoints').delete(each.id),
    ]);
  }
}

async function remove(database: Database, id: string): Promise<void> {
  const transaction = database.transaction(['runs', 'checkpoints'], 'readwrite');
  await Promise.all([
    transaction.objectStore('runs').delete(id),
    transaction.objectStore('checkpoints').delete(id),
    transaction.done,
  ]);
}

function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'QuotaExceededError';
}

export async function inTime<T>(work: Promise<T>): Promise<T> {
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
