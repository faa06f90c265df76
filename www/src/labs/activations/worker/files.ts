// Files that the user gives: rows, tokens, SAEs and checkpoints.

import { openTensors, readTokens, Sae, type StreamFile, type TensorFile, type TensorInfo } from 'splinterp';
import { codeOf, Failure, messageOf } from '../../../kit/failure';
import { throttled } from '../../../lab/worker/throttle';
import type { DataInfo, GivenFile, Inspection, Keep, LoadChoice, Opened } from '../protocol';
import { sorted, stemOf } from './given';
import { readWhole } from './slices';
import { Sequences, sequencesOfShape } from './sequences';
import type { Imported } from './session';
import { Source, squareOf } from './source';
import { streamOf } from './stream';
import type { Assembled } from './tables';
import { formatOf } from './tables/format';
import type { Words } from './tables/table';
import type { Tokens } from './tokens';
import { tokensOf } from './words';

/** Values that are looked at before a tensor is loaded: as many as take well under a second. */
const INSPECTED = 8_000_000;
/** The greatest number in half precision. */
const F16_MAX = 65_504;
const SIZES: Record<Keep, number> = { u8: 1, f16: 2, f32: 4 };

interface OpenedFile {
  name: string;
  file: TensorFile;
  /** The files that it is made of. */
  parts: StreamFile[];
  tokens: File | undefined;
  /** Tokens that stand in the file itself. */
  words: Words | undefined;
}

/** Hears how far a reading is. */
type Loading = (name: string, done: number, total: number) => void;

export class Files {
  imported: Imported | undefined;
  /** A run of this program. */
  checkpoint: { name: string; bytes: Uint8Array } | undefined;
  private opened: OpenedFile | undefined;
  private loaded: Source | undefined;
  /** Tokens that were given by themselves. */
  private words: File | undefined;
  private reading = new AbortController();

  constructor(private readonly loading: Loading) {}

  /** The rows that were loaded last. */
  source(): Source {
    if (!this.loaded)
      throw new Failure('No file has been given on this page yet, and a link cannot carry one', 'files');
    return this.loaded;
  }

  /** Looks at files, by their names first. */
  async open(given: readonly GivenFile[]): Promise<Opened> {
    const what = await sorted(given);
    switch (what.kind) {
      case 'tokens':
        return this.openTokens(what.tokens);
      case 'sae':
        return this.openSae(what.files);
      case 'rows':
        return this.openRows(what.name, what.files, what.tokens);
    }
  }

  private async openRows(name: string, files: readonly File[], tokens: File | undefined): Promise<Opened> {
    const { file: whole, parts, words } = await this.oneFile(name, files);
    const file = await openTensors(whole, name);
    const { tensors, holds } = file;
    if (holds !== 'rows') {
      file.free();
      return holds === 'sae' ? this.openSae(files) : this.openCheckpoint(name, files);
    }
    this.discard();
    this.opened = { name, file, parts, tokens: tokens ?? this.wordsFor(name), words };
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    const from = this.opened.tokens?.name ?? (words && `the column “${words.column}”`);
    return { kind: 'tensors', name, bytes, tensors, tokens: from };
  }

  /** A file that the crate reads by itself as it is; shards and tables as one, for which more of the program is loaded. */
  private async oneFile(name: string, files: readonly File[]): Promise<Assembled> {
    const [first] = files;
    const format = files.length === 1 && first ? await formatOf(first) : undefined;
    if (first && files.length === 1 && format !== 'arrow' && format !== 'parquet') {
      return { file: first, parts: [{ name, file: first }], words: undefined };
    }
    const { assembled } = await import('./tables');
    this.reading = new AbortController();
    const onProgress = throttled((done, total) => this.loading(name, done, total));
    return assembled(name, files, { signal: this.reading.signal, onProgress });
  }

  private wordsFor(name: string): File | undefined {
    return this.words && stemOf(this.words.name) === stemOf(name) ? this.words : undefined;
  }

  /** Tokens by themselves: of the file that is open, of the current rows, or of a file to come. */
  private async openTokens(file: File): Promise<Opened> {
    if (this.opened) this.opened.tokens = file;
    else if (this.loaded) this.loaded.name(await this.readWords(file, this.loaded.origin.fileRows));
    this.words = file;
    const sequences = this.opened === undefined && this.loaded?.tokens?.sequences !== undefined;
    return {
      kind: 'tokens',
      name: file.name,
      sequences,
      taken: this.opened !== undefined || this.loaded !== undefined,
    };
  }

  private async openSae(files: readonly File[]): Promise<Opened> {
    const { name, sae } = await this.readSae(files);
    this.imported?.sae.free();
    this.imported = { name, sae };
    return { kind: 'sae', info: { name, dIn: sae.dIn, dSae: sae.dSae, activation: describe(sae) } };
  }

  /** An SAE that takes no other's place. */
  async openAside(given: readonly GivenFile[]): Promise<Imported> {
    const what = await sorted(given);
    if (what.kind === 'tokens') throw new Failure(`${what.tokens.name}: holds tokens, expected an SAE`, 'files');
    return this.readSae(what.files);
  }

  private async readSae(files: readonly File[]): Promise<Imported> {
    const bytes = await this.read(files);
    const sae = Sae.read(files.map((file, i) => ({ name: file.name, bytes: bytes[i] ?? new Uint8Array() })));
    return { name: files.map((file) => file.name).join(', '), sae };
  }

  private async openCheckpoint(name: string, files: readonly File[]): Promise<Opened> {
    const [bytes] = await this.read(files);
    this.checkpoint = { name, bytes: bytes ?? new Uint8Array() };
    return { kind: 'checkpoint', name };
  }

  private read(files: readonly File[]): Promise<Uint8Array<ArrayBuffer>[]> {
    this.reading = new AbortController();
    const name = files.map((file) => file.name).join(', ');
    return readWhole(
      files,
      this.reading.signal,
      throttled((done, total) => this.loading(name, done, total)),
    );
  }

  private async readWords(file: File, rows: number): Promise<Tokens> {
    const [bytes] = await this.read([file]);
    const tokens = readTokens(bytes ?? new Uint8Array(), file.name, rows);
    return {
      count: tokens.rows,
      sequences: tokens.sequences(),
      at: (row) => tokens.token(row),
      free: () => tokens.free(),
    };
  }

  private get pending(): OpenedFile {
    if (!this.opened) throw new Failure('No file is open any more: drop it again', 'files');
    return this.opened;
  }

  private tensor(name: string): TensorInfo {
    const tensor = this.pending.file.tensors.find((each) => each.name === name);
    if (!tensor) throw new Failure(`${this.pending.name}: holds no array “${name}”`, 'format');
    return tensor;
  }

  /** Looks at the values of one tensor, or at its first rows. */
  async inspect(name: string): Promise<Inspection> {
    const tensor = this.tensor(name);
    const rows = Math.max(1, Math.floor(INSPECTED / Math.max(1, tensor.cols)));
    const of = await this.pending.file.inspect(name, rows < tensor.rows ? { rows } : undefined);
    const [shown, across] = of.previewShape;
    const whole = !/^b?f/.test(tensor.dtype);
    const fits: Record<Keep, boolean> = {
      u8: whole && of.min >= 0 && of.max <= 255,
      f16: Math.max(-of.min, of.max) <= F16_MAX,
      f32: true,
    };
    const keeps = (['u8', 'f16', 'f32'] as const).filter((keep) => fits[keep] || keep === tensor.keep);
    return {
      tensor,
      min: of.min,
      max: of.max,
      mean: of.mean,
      std: of.std,
      nans: of.nans,
      infinities: of.infinities,
      inspected: of.rowsRead * of.cols,
      preview: Array.from({ length: shown }, (_, i) => [...of.preview.subarray(i * across, (i + 1) * across)]),
      bytes: Object.fromEntries(keeps.map((keep) => [keep, tensor.rows * tensor.cols * SIZES[keep]])),
      keep: tensor.keep,
    };
  }

  /** Loads a tensor, or opens it as a stream; the rows loaded before stay until it is there. */
  async load(choice: LoadChoice): Promise<DataInfo> {
    const { tensor: name, keep, reservoir } = choice;
    const { tokens: beside, words, name: fileName } = this.pending;
    const tensor = this.tensor(name);
    const tokens = beside ? await this.readWords(beside, tensor.rows) : words && tokensOf(words, tensor.rows);
    const byShape = sequencesOfShape(tensor);
    const sequences = tokens?.sequences ? new Sequences(tokens.sequences, tensor.rows) : byShape;
    const rows = await this.rowsOf(choice, sequences).catch((error: unknown) => {
      tokens?.free();
      throw withAdvice(error, keep);
    });
    this.discard();
    this.loaded?.free();
    const { data, streamed, heldOutBy } = rows;
    const { cols, kept } = data;
    const all = data.rows + (streamed?.train.rows ?? 0);
    const image = kept === 'u8' ? pictureOf(tensor) : undefined;
    this.loaded = new Source({
      info: { name: fileName, rows: all, cols, kept, reservoir, tokens: tokens !== undefined, image },
      data,
      streamed,
      heldOutBy,
      fileRows: tensor.rows,
      sequences: byShape,
      tokens,
      known: undefined,
      active: undefined,
      // Of a stream another reservoir makes another order.
      identity: [fileName, name, all, cols, kept, ...(reservoir === undefined ? [] : [reservoir])].join(' '),
    });
    return this.loaded.info;
  }

  /** All rows in memory; of a stream those that are held out. */
  private async rowsOf(
    { reservoir, ...choice }: LoadChoice,
    sequences: Sequences | undefined,
  ): Promise<Pick<Source['origin'], 'data' | 'streamed' | 'heldOutBy'>> {
    const { file, parts, name } = this.pending;
    const onProgress = throttled((done, total) => this.loading(name, done, total));
    if (reservoir === undefined) {
      const { tensor, keep, dropNonFinite } = choice;
      return { data: await file.load(tensor, { keep, dropNonFinite }, onProgress), streamed: undefined };
    }
    this.reading = new AbortController();
    const how = { signal: this.reading.signal, onProgress };
    const { data, heldOutBy, ...streamed } = await streamOf(parts, { ...choice, reservoir }, sequences, how);
    return { data, streamed, heldOutBy };
  }

  /** Ends a reading. */
  cancel(): void {
    this.reading.abort();
    this.opened?.file.cancel();
  }

  /** Lets go of the file that was opened and not loaded. */
  discard(): void {
    this.opened?.file.free();
    this.opened = undefined;
  }
}

/** What does not fit into memory may fit in fewer bytes. */
function withAdvice(error: unknown, keep: Keep): unknown {
  if (codeOf(error) !== 'memory') return error;
  const fewer = keep === 'f32' ? 'Keep the values as f16, or only a part in memory' : 'Keep only a part in memory';
  return new Failure(`${messageOf(error)}. ${fewer}`, 'memory');
}

/** The picture that a row of bytes may be: by its shape, or else a square. */
function pictureOf({ shape, cols }: TensorInfo): DataInfo['image'] {
  const [, height = 0, width = 0] = shape;
  return shape.length === 3 && height * width === cols ? { width, height } : squareOf(cols);
}

/** An activation in words: TopK 32 by magnitude. */
function describe({ activation }: Sae): string {
  switch (activation.kind) {
    case 'relu':
      return 'ReLU';
    case 'jumprelu':
      return 'JumpReLU';
    case 'topk':
      return `TopK ${activation.k} by ${activation.by}`;
    case 'batchtopk':
      return `BatchTopK ${activation.k}`;
  }
}
