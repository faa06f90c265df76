// Files that the user gives: what is known of one before it is loaded, how it is to be kept, and its loading.

import { codeOf, messageOf } from '../../../kit/failure';
import { count } from '../../../kit/format';
import { LOST } from '../../../kit/remote';
import { TimeLeft } from '../../../lab/time-left';
import { sentence } from '../../../lab/wording';
import type { ActivationsLab } from '../lab';
import type { ActivationsService, GivenFile, Inspection, Keep, LoadChoice, Opened } from '../protocol';

type OpenedTensors = Extract<Opened, { kind: 'tensors' }>;

/** Bytes of rows in memory at a time that the page offers beside all of them. */
export const reservoirs: readonly number[] = [16, 64, 256, 1024].map((mebibytes) => mebibytes * 2 ** 20);
/** What is proposed of them. */
const RESERVOIR = 2 ** 28;
/** The module keeps rows in one piece, of fewer bytes than this. */
const LARGEST_PIECE = 2 ** 31;

/** Whether all rows may be kept in memory. */
export function fitsInMemory({ bytes }: Inspection, keep: Keep): boolean {
  return (bytes[keep] ?? 0) < LARGEST_PIECE;
}

/** The user's choice where it can be, else a part at a time. */
export function reservoirFor(inspection: Inspection, keep: Keep, chosen: number | undefined): number | undefined {
  return fitsInMemory(inspection, keep) ? chosen : (chosen ?? RESERVOIR);
}

export class FileController {
  /** A file that was opened and waits for the user's word. */
  opened: OpenedTensors | undefined;
  inspection: Inspection | undefined;
  keep: Keep = 'f32';
  dropNonFinite = false;
  /** Bytes of rows that are in memory at a time; `undefined` for all. */
  reservoir: number | undefined;
  /** Whether rows with NaN or infinity were found, at first sight or late. */
  nonFinite = false;
  /** What is being read now. */
  loading: { name: string; progress: TimeLeft } | undefined;
  /** The SAE that was imported, in words. */
  imported: string | undefined;
  /** How many times each kind of input was given: another one makes another run. */
  readonly given = { rows: 0, sae: 0, checkpoint: 0 };

  /** Files of the last opening. */
  private files: GivenFile[] = [];
  /** What a new worker is given again. */
  private readonly kept: {
    rows?: { files: GivenFile[]; choice: LoadChoice };
    tokens?: GivenFile[];
    sae?: GivenFile[];
    checkpoint?: GivenFile[];
  } = {};

  constructor(private readonly lab: ActivationsLab) {}

  /** Whether rows of a file have been loaded that can be gone back to. */
  get hasRows(): boolean {
    return this.kept.rows !== undefined;
  }

  /** How far a reading is. */
  advance(share: number): void {
    if (!this.loading) return;
    this.loading.progress.share = share;
  }

  /** Looks at files. Tokens, SAEs and checkpoints are taken at once; for rows the user is asked how. */
  async open(files: GivenFile[]): Promise<void> {
    if (files.length === 0) {
      this.lab.fail('No file was given: the folder is empty');
      return;
    }
    this.lab.alert = undefined;
    const [first] = files;
    const name = files.length === 1 ? (first?.path ?? '') : `${count(files.length)} files`;
    const opened = await this.reading(name, (worker) => worker.open(files));
    if (!opened) return;
    this.files = files;
    await this.take(opened);
  }

  private async take(opened: Opened): Promise<void> {
    switch (opened.kind) {
      case 'tensors': {
        this.opened = opened;
        this.inspection = undefined;
        const first = opened.tensors[0];
        if (first) await this.choose(first.name);
        return;
      }
      case 'tokens':
        this.kept.tokens = this.files;
        this.lab.note = opened.taken
          ? `Tokens come from ${opened.name}.${opened.sequences ? ' They say which rows are of one text: runs that start from now on are tested on whole texts.' : ''}`
          : `${opened.name} waits for the file of its name.`;
        this.lab.tokensCame();
        return;
      case 'sae': {
        const { name, dIn, dSae, activation } = opened.info;
        this.kept.sae = this.files;
        this.given.sae += 1;
        const sizes = [dIn, dSae, dIn].map(count).join(' → ');
        this.imported = `${name}: ${sizes}, ${activation}`;
        this.lab.note = `${this.imported} was imported. Its features are shown on the current rows; under “Start from” it can be trained further.`;
        this.lab.saeCame();
        return;
      }
      case 'checkpoint':
        this.kept.checkpoint = this.files;
        this.given.checkpoint += 1;
        this.lab.note = `${opened.name} was opened: its run continues on the current rows, with its own settings. Press Play to train on.`;
        this.lab.checkpointCame();
    }
  }

  /** Looks at one tensor of the opened file. */
  async choose(tensor: string): Promise<void> {
    const inspection = await this.lab.ask((worker) => worker.inspect(tensor));
    if (!inspection) {
      this.dismiss();
      return;
    }
    this.inspection = inspection;
    const { rows, cols } = inspection.tensor;
    this.lab.status = `${tensor} holds ${count(rows)} rows of ${count(cols)} values. Use these rows, or discard them.`;
    this.keep = inspection.keep;
    this.reservoir = reservoirFor(inspection, this.keep, undefined);
    this.nonFinite = inspection.nans + inspection.infinities > 0;
    this.dropNonFinite = this.nonFinite;
    this.lab.changed();
  }

  set(patch: { keep?: Keep; dropNonFinite?: boolean; reservoir?: number | undefined }): void {
    Object.assign(this, patch);
    if (this.inspection) this.reservoir = reservoirFor(this.inspection, this.keep, this.reservoir);
    this.lab.changed();
  }

  /** Loads the tensor and trains on it; if it cannot be loaded, the session stays as it is. */
  async load(): Promise<void> {
    const { inspection, keep, dropNonFinite, reservoir, files } = this;
    if (!inspection) return;
    const choice = { tensor: inspection.tensor.name, keep, dropNonFinite, reservoir };
    const loaded = await this.reading(choice.tensor, (worker) => worker.loadTensor(choice));
    if (!loaded) return;
    this.opened = undefined;
    this.inspection = undefined;
    this.kept.rows = { files, choice };
    this.given.rows += 1;
    this.lab.rowsCame();
  }

  /** Has the worker read, and says why it could not. */
  private async reading<T>(name: string, call: (worker: ActivationsService) => Promise<T>): Promise<T | undefined> {
    const loading = { name, progress: new TimeLeft() };
    this.loading = loading;
    this.lab.changed();
    const read = await this.lab.ask(async (worker) => {
      try {
        return await call(worker);
      } catch (error) {
        if (!this.offerToDrop(error)) throw error;
        return undefined;
      }
    }, 'cancelled');
    if (this.loading === loading) this.loading = undefined;
    this.lab.changed();
    return read;
  }

  /** Offers to leave rows out that turn out not to be finite where nobody had looked yet. */
  private offerToDrop(error: unknown): boolean {
    if (codeOf(error) !== 'not-finite' || !this.opened) return false;
    this.nonFinite = true;
    this.dropNonFinite = true;
    this.lab.fail(
      `${this.opened.name}: ${sentence(messageOf(error))} Nothing was loaded. To train on the other rows, press “Use these rows” again: rows with NaN or infinity will be left out`,
    );
    return true;
  }

  cancel(): void {
    void this.lab.ask((worker) => worker.cancelLoad());
  }

  /** Lets go of the file that was opened. */
  dismiss(): void {
    this.opened = undefined;
    this.inspection = undefined;
    void this.lab.ask((worker) => worker.discard());
    this.lab.changed();
  }

  /** The worker has ended, and what it had open is gone. */
  fell(): void {
    this.opened = undefined;
    this.inspection = undefined;
    this.loading = undefined;
  }

  /** Gives a new worker what the last one had. */
  async giveAgain(worker: ActivationsService): Promise<void> {
    const { rows, tokens, sae, checkpoint } = this.kept;
    try {
      if (rows) {
        await worker.open(rows.files);
        await worker.loadTensor(rows.choice);
      }
      for (const files of [tokens, sae, checkpoint]) if (files) await worker.open(files);
    } catch (error) {
      if (codeOf(error) === LOST) throw error;
      this.lab.note = `A file could not be read again: ${sentence(messageOf(error))}`;
    }
  }
}
