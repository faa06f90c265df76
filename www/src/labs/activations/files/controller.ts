// Files that the user gives: what is known of one before it is loaded, how it is to be kept, and its loading.

import { Foretelling } from '../../../lab/foretelling';
import type { Inspection, LoadChoice, Opened } from '../protocol';
import type { LabEvent } from '../../../lab/worker/protocol';
import type { ActivationsController } from '../controller';

type OpenedTensors = Extract<Opened, { kind: 'tensors' }>;

export class FileController {
  /** A file that was opened and waits for the user's word. */
  opened: OpenedTensors | undefined;
  inspection: Inspection | undefined;
  keep: LoadChoice['keep'] = 'f32';
  dropNonFinite = false;
  /** What is being read now. */
  loading: { name: string; progress: Foretelling } | undefined;
  /** Whether rows of a file have been loaded that can be gone back to. */
  hasFile = false;
  /** The SAE that was imported, in words. */
  imported: string | undefined;

  constructor(private readonly lab: ActivationsController) {}

  hear(event: Extract<LabEvent, { type: 'loading' }>): void {
    if (!this.loading) return;
    this.loading.progress.share = event.total > 0 ? event.done / event.total : 0;
    this.lab.progressed();
  }

  /** Looks at files. Words and SAEs are taken at once; for rows the user is asked how. */
  async open(files: File[]): Promise<void> {
    if (files.length === 0) return;
    this.lab.alert = undefined;
    this.loading = { name: files.map(({ name }) => name).join(', '), progress: new Foretelling() };
    this.lab.changed();
    const opened = await this.lab.worker.open(files);
    this.loading = undefined;
    if (!opened.ok) {
      this.lab.fail(opened.message);
      return;
    }
    await this.take(opened.value);
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
        this.lab.note = opened.taken
          ? `Words come from ${opened.name}.`
          : `${opened.name} waits for the file of its name.`;
        this.lab.wordsCame();
        return;
      case 'sae': {
        const { name, dIn, dSae, activation } = opened.info;
        this.imported = `${name}: ${dIn} → ${dSae} → ${dIn}, ${activation}`;
        this.lab.note = `${this.imported} was imported. Its features are shown on the rows at hand; under “Start from” it can be trained on.`;
        this.lab.features.forget('imported');
        this.lab.change({ model: 'imported' });
        this.lab.features.refresh();
      }
    }
  }

  /** Looks at one tensor of the opened file. */
  async choose(tensor: string): Promise<void> {
    const inspected = await this.lab.worker.inspect(tensor);
    if (!inspected.ok) {
      this.opened = undefined;
      this.lab.fail(inspected.message);
      return;
    }
    this.inspection = inspected.value;
    const { rows, cols } = inspected.value.tensor;
    this.lab.status = `${tensor} holds ${rows} rows of ${cols} values. Use these rows, or leave it.`;
    this.keep = inspected.value.keep;
    this.dropNonFinite = inspected.value.nans + inspected.value.infinities > 0;
    this.lab.changed();
  }

  set(patch: { keep?: LoadChoice['keep']; dropNonFinite?: boolean }): void {
    Object.assign(this, patch);
    this.lab.changed();
  }

  /** Loads the tensor and trains on it; if it cannot be loaded, the session stays as it is. */
  async load(): Promise<void> {
    const { inspection, keep, dropNonFinite } = this;
    if (!inspection) return;
    this.loading = { name: inspection.tensor.name, progress: new Foretelling() };
    this.lab.changed();
    const loaded = await this.lab.worker.load({ tensor: inspection.tensor.name, keep, dropNonFinite });
    this.loading = undefined;
    if (!loaded.ok) {
      if (loaded.code === 'cancelled') this.lab.changed();
      else this.lab.fail(loaded.message);
      return;
    }
    this.opened = undefined;
    this.inspection = undefined;
    this.hasFile = true;
    await this.lab.rowsCame();
  }

  cancel(): void {
    void this.lab.worker.cancelLoad();
  }

  dismiss(): void {
    this.opened = undefined;
    this.inspection = undefined;
    this.lab.changed();
  }
}

/** All files of a drop, those in folders too. */
export async function filesOf(data: DataTransfer): Promise<File[]> {
  // The entries must be taken before the first await: the browser then forgets them.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return [...data.files];
  return (await Promise.all(entries.map(filesIn))).flat();
}

async function filesIn(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    return [await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    // A reader gives some entries at a time, and none when there are no more.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    children.push(...some);
  }
  return (await Promise.all(children.map(filesIn))).flat();
}
