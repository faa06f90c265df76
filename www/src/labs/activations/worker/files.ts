// Files that the user gives: rows, words and SAEs, told apart by their names and what they hold.

import { openTensors, readTokens, Sae, type Dataset, type TensorFile, type TensorInfo } from 'splinterp';
import { Failure } from '../../../kit/failure';
import { throttled } from '../../../lab/worker/throttle';
import type { ActivationsEvent, DataInfo, Inspection, Keep, LoadChoice, Opened } from '../protocol';
import { squareOf, type Source } from './source';
import type { Tokens } from './tokens';

/** Values that are looked at before a tensor is loaded: as many as take well under a second. */
const INSPECTED = 8_000_000;
/** The greatest number in half precision. */
const F16_MAX = 65_504;
const SIZES: Record<Keep, number> = { u8: 1, f16: 2, f32: 4 };
/** Names by which the folders of other programs are known, and zips of such, as this page writes them. */
const SAE_FILE = /^(cfg\.json|config\.json|params\.npz|ae\.pt|sae_weights\.safetensors|sae\.safetensors|.*\.zip)$/;
const TOKENS_FILE = /\.?tokens\.json$/;

interface OpenedFile {
  name: string;
  file: TensorFile;
  tokens: File | undefined;
}

/** A path without its folders. */
function baseName(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
}

/** `minilm.npy` and `minilm.tokens.json` have the same stem. */
function stemOf(name: string): string {
  return name.replace(TOKENS_FILE, '').replace(/\.[^.]*$/, '');
}

async function bytesOf(file: File): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.arrayBuffer());
}

export class Files {
  /** An SAE from elsewhere, which takes rows as they are stored. */
  imported: { name: string; sae: Sae } | undefined;
  private opened: OpenedFile | undefined;
  private loaded: Source | undefined;
  /** Words that were given by themselves. */
  private words: File | undefined;

  constructor(private readonly notify: (event: ActivationsEvent) => void) {}

  /** The rows that were loaded last. */
  source(): Source {
    if (!this.loaded) throw new Failure('No file has been given on this page yet', 'files');
    return this.loaded;
  }

  /** Looks at files; `rows` are those at hand, in which a checkpoint's model reads. */
  async open(given: readonly File[], rows: Dataset | undefined): Promise<Opened> {
    const tokens = given.find(({ name }) => TOKENS_FILE.test(name));
    const rest = given.filter((file) => file !== tokens);
    if (tokens && rest.length === 0) return this.openTokens(tokens);
    if (rest.some(({ name }) => SAE_FILE.test(name))) return this.openSae(rest);
    const [first, second] = rest;
    if (!first) throw new Failure('No file was given', 'files');
    if (second) {
      throw new Failure(
        `${rest.map(({ name }) => name).join(', ')}: several files, expected one of rows and its words, or the files of one SAE`,
        'files',
      );
    }
    const file = await openTensors(first, first.name);
    const names = file.tensors.map(({ name }) => name);
    if (names.includes('W_enc.m')) return this.openSae(rest, rows);
    if (['W_dec', 'encoder.weight', 'W_enc'].some((name) => names.includes(name))) return this.openSae(rest);
    this.opened?.file.free();
    this.opened = { name: first.name, file, tokens: tokens ?? this.wordsFor(first.name) };
    return {
      kind: 'tensors',
      name: first.name,
      bytes: first.size,
      tensors: file.tensors,
      tokens: this.opened.tokens?.name,
    };
  }

  private wordsFor(name: string): File | undefined {
    return this.words && stemOf(this.words.name) === stemOf(name) ? this.words : undefined;
  }

  /** Words by themselves: of the rows at hand, or of a file to come. */
  private async openTokens(file: File): Promise<Opened> {
    this.words = file;
    if (this.opened) this.opened.tokens = file;
    else if (this.loaded) {
      this.loaded.tokens = readWords(await bytesOf(file), file.name, this.loaded.fileRows);
      this.loaded.info.tokens = true;
    }
    return { kind: 'tokens', name: file.name, taken: this.opened !== undefined || this.loaded !== undefined };
  }

  /** An SAE from the files of a folder. The model of a checkpoint reads rows as those at hand are normalised. */
  private async openSae(given: readonly File[], rows?: Dataset): Promise<Opened> {
    const files = await Promise.all(
      given.map(async (file) => ({ name: baseName(file.name), bytes: await bytesOf(file) })),
    );
    let sae = Sae.read(files);
    if (rows) {
      const read = sae;
      sae = read.folded(rows);
      read.free();
    }
    this.imported?.sae.free();
    const name = files.map((file) => file.name).join(', ');
    this.imported = { name, sae };
    return { kind: 'sae', info: { name, dIn: sae.dIn, dSae: sae.dSae, activation: describe(sae) } };
  }

  private get pending(): OpenedFile {
    if (!this.opened) throw new Failure('No file is open', 'internal');
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

  /** Loads a tensor; the rows loaded before stay until it is there. */
  async load({ tensor: name, keep, dropNonFinite }: LoadChoice): Promise<DataInfo> {
    const { file, tokens, name: fileName } = this.pending;
    const tensor = this.tensor(name);
    const words = tokens && readWords(await bytesOf(tokens), tokens.name, tensor.rows);
    const told = throttled((done, total) => this.notify({ type: 'loading', name: fileName, done, total }));
    const data = await file.load(name, { keep, dropNonFinite }, told);
    file.free();
    this.opened = undefined;
    this.loaded = {
      info: {
        name: fileName,
        rows: data.rows,
        cols: data.cols,
        kept: data.kept,
        tokens: words !== undefined,
        image: data.kept === 'u8' ? pictureOf(tensor) : undefined,
      },
      data,
      fileRows: tensor.rows,
      rowNumbers: data.rowNumbers(),
      tokens: words,
      known: undefined,
      active: undefined,
      identity: [fileName, name, data.rows, data.cols, data.kept].join(' '),
    };
    return this.loaded.info;
  }

  cancel(): void {
    this.opened?.file.cancel();
  }
}

function readWords(bytes: Uint8Array, name: string, rows: number): Tokens {
  const tokens = readTokens(bytes, name, rows);
  return { count: tokens.rows, at: (row) => tokens.token(row) };
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
  }
}
