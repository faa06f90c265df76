// The runs that a lab keeps: which of them a session takes up, and under which number its own are kept. A session has a
// run of its own, which no other tab writes; beginning anew or changing a setting never writes over an earlier one.

import { Failure } from '../../kit/failure';
import type { KeptRun } from '../protocol';
import { claim, claimFirst, isClaimed, type Release } from './claim';
import { readRunFile, recordOf, writeRunFile } from './run-file';
import { Store, type Kept, type KeptRecord, type SavedRun } from './store';

/** Code of a kept run that cannot be loaded. */
const UNLOADABLE = 'kept';
/** Code of a kept run that another tab writes. */
const OPEN = 'open';

/** What a session is, as far as kept runs are told apart. */
export interface Identity {
  key: string;
  identity: string;
  address: string;
}

/** A kept run that a session takes up; without a claim, it is taken up as a copy. */
interface Taken extends Kept {
  release: Release | undefined;
}

/** Where the runs of a session are kept. */
export interface Place {
  readonly id: string;
  readonly name: string;
  readonly release: Release | undefined;
}

export class Keeper {
  private readonly store: Store;
  /** The run that was read from a file last: it can be taken up where nothing can be stored, too. */
  private read: Kept | undefined;

  constructor(
    private readonly lab: string,
    unsaved: (reason: string) => void,
    private readonly changed: () => void,
  ) {
    this.store = new Store(lab, unsaved);
  }

  /** Address of the run that was kept last, but for those that are open in other tabs. */
  async last(): Promise<string | undefined> {
    const records = await this.store.list();
    const free = await claimFirst(records.map(({ id }) => id));
    free?.release();
    return records.find(({ id }) => id === free?.id)?.address;
  }

  /** The run of this number. */
  async named(id: string, { identity }: Identity): Promise<Taken> {
    const kept = this.read?.record.id === id ? this.read : await this.store.load(id);
    if (!kept) throw new Failure('This saved run is no longer there', UNLOADABLE);
    if (kept.record.identity !== identity) {
      throw new Failure(
        'This run was trained on other data. Give the page those files first, then load it',
        UNLOADABLE,
      );
    }
    return { ...kept, release: await claim(id) };
  }

  /** The newest run of the same settings on the same data, best one that no other tab has. */
  async newest({ key }: Identity): Promise<Taken | undefined> {
    const ids = (await this.store.list()).filter((record) => record.key === key).map(({ id }) => id);
    const free = await claimFirst(ids);
    const id = free?.id ?? ids[0];
    const kept = id === undefined ? undefined : await this.store.load(id);
    if (kept) return { ...kept, release: free?.release };
    free?.release();
    return undefined;
  }

  /** A place for the runs of a session: that of the run that it took up, if it is its own. */
  async place(taken: Taken | undefined): Promise<Place> {
    const name = taken?.record.name ?? '';
    if (taken?.release) return { id: taken.record.id, name, release: taken.release };
    const id = newId();
    return { id, name: '', release: await claim(id) };
  }

  async save({ id, name }: Place, what: Identity, runs: SavedRun[]): Promise<void> {
    await this.store.save(recordOf({ id, lab: this.lab, name, savedAt: Date.now(), ...what }, runs), runs);
    this.changed();
  }

  async list(): Promise<KeptRun[]> {
    return (await this.store.list()).map(shown);
  }

  async rename(id: string, name: string): Promise<void> {
    await this.store.rename(id, name);
    this.changed();
  }

  /** Deletes a run; one that is open elsewhere would be back with that tab's next epoch. `own`: it is open here. */
  async remove(id: string, own: boolean): Promise<void> {
    if (!own && (await isClaimed(id))) {
      throw new Failure('This run is open in another tab. Close that tab, then delete the run', OPEN);
    }
    await this.store.remove(id);
    this.changed();
  }

  /** A kept run as a file to download. */
  async write(id: string): Promise<Uint8Array<ArrayBuffer>> {
    const kept = this.read?.record.id === id ? this.read : await this.store.load(id);
    if (!kept) throw new Failure('This saved run is no longer there', UNLOADABLE);
    return writeRunFile(kept);
  }

  /** Keeps the run of a file. */
  async take(file: File): Promise<KeptRun> {
    const kept = await readRunFile(file, this.lab, newId());
    this.read = kept;
    await this.store.save(kept.record, kept.runs);
    this.changed();
    return shown(kept.record);
  }
}

/** Only a secure context would make better ones. */
function newId(): string {
  return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
}

function shown({ id, name, address, savedAt, epoch, bytes, runs }: KeptRecord): KeptRun {
  return { id, name, address, savedAt, epoch, bytes, runs };
}
