// The MNIST lab's worker: it owns the wasm module, the images and the runs. The page only draws.

import { transfer } from 'comlink';
import type { Trainer } from 'splinterp/lab';
import { serve } from '../../../kit/remote';
import type { SessionRequest } from '../../../lab/protocol';
import { Host } from '../../../lab/worker/host';
import type { SavedRun } from '../../../lab/worker/store';
import type { MnistInfo, MnistService, PictureRequest, Pictures } from '../protocol';
import type { MnistConfig } from '../settings';
import { loadCrate } from './crate';
import { freeImages, imagesFromFiles, loadImages, type Images, type NamedBytes } from './images';
import { MnistSession } from './session';

/** Every array of the pictures is moved, not copied. */
function buffersOf({ originals, runs }: Pictures): Transferable[] {
  return [
    originals.buffer,
    ...runs.flatMap(({ reconstructions, codes, filters }) => [
      reconstructions.buffer,
      codes.buffer,
      ...(filters ? [filters.encoder.buffer, filters.decoder.buffer] : []),
    ]),
  ] as ArrayBuffer[];
}

class MnistHost extends Host<Trainer, MnistConfig, MnistInfo, MnistSession, never> implements MnistService {
  private files: NamedBytes[] = [];
  /** Images of the last source, since most changes leave the data alone. */
  private cached: { key: string; images: Images } | undefined;

  constructor() {
    super('mnist');
  }

  protected override load(withGpu: boolean): Promise<void> {
    return loadCrate(withGpu);
  }

  protected override identityOf({ config }: SessionRequest<MnistConfig>): string {
    return config.source === 'files' ? this.files.map(({ name, bytes }) => `${name} ${bytes.length}`).join(' ') : '';
  }

  protected override async make(
    { config }: SessionRequest<MnistConfig>,
    saved: readonly SavedRun[] | undefined,
  ): Promise<MnistSession> {
    return MnistSession.create(config, await this.imagesFor(config), saved);
  }

  private async imagesFor({ source, seed }: MnistConfig): Promise<Images> {
    const key = `${source} ${seed}`;
    if (this.cached?.key !== key) {
      const loading = (name: string, done: number, total: number): void =>
        this.tell({ type: 'loading', name, done, total });
      const images = await loadImages(source, seed, this.base, this.files, loading);
      this.replaceCached({ key, images });
      return images;
    }
    return this.cached.images;
  }

  /** Sessions have views of their own, so the images before can go. */
  private replaceCached(next: { key: string; images: Images } | undefined): void {
    if (this.cached) freeImages(this.cached.images);
    this.cached = next;
  }

  openFiles(given: File[]): Promise<string> {
    return this.inTurn(async () => {
      const read: NamedBytes[] = [];
      for (const file of given) read.push({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
      // What cannot be used is refused here, before the files before it are let go.
      const images = imagesFromFiles(read, 0, read.map((file) => file.name).join(', '));
      freeImages(images);
      this.files = read;
      if (this.cached?.key.startsWith('files')) this.replaceCached(undefined);
      return images.name;
    });
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- The page awaits whatever it calls.
  async pictures(session: number, request: PictureRequest): Promise<Pictures> {
    const { made, training } = this.session(session);
    const pictures = made.pictures(request, training.playing);
    return transfer(pictures, buffersOf(pictures));
  }
}

serve<MnistService>(new MnistHost());
