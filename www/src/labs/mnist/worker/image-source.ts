// Where a session's images come from. MNIST is large: where it is not here in a moment, generated digits stand in for
// it, and the page hears when it has come.

import { Failure, isTrap, messageOf } from '../../../kit/failure';
import { savesData } from '../../../kit/data-saving';
import { bytes } from '../../../kit/format';
import { forget } from '../../../lab/worker/download';
import type { MnistConfig } from '../settings';
import { freeImages, generatedDigits, imagesFromFiles, type Images } from './images';
import { isKept } from './mnist-cache';
import { fetchMnist, MISSING, mnistBytes, type NamedBytes } from './mnist-files';

/** How long a session waits for MNIST before digits stand in. */
const PATIENCE_MS = 1000;

/** Hears how far a download is, and that one ended for which digits stand in. */
export interface Listener {
  loading(name: string, done: number, total: number): void;
  ended(): void;
}

/** Images for a session. */
export interface Found {
  images: Images;
  /** Whether they are digits in the place of MNIST, which is on its way. */
  standIn: boolean;
}

export class ImageSource {
  private files: NamedBytes[] = [];
  /** Images of the last source, since most changes leave the data alone. Sessions have views of their own. */
  private cached: { key: string; images: Images } | undefined;
  private arrival: Promise<Images> | undefined;
  /** Files that were asked for before the module could read them. */
  private ahead: Promise<NamedBytes[]> | undefined;
  /** Whether digits stand in until the arrival. */
  private awaited = false;

  constructor(private readonly listener: Listener) {}

  /** Begins to download MNIST while the module that reads it is still loading. */
  begin(base: string): void {
    if (savesData()) return;
    this.ahead = this.fetch(base);
    // Whoever waits for the files hears what is wrong.
    this.ahead.catch(() => undefined);
  }

  /** Takes the user's files, if they can be used, in the place of those before. */
  give(files: NamedBytes[]): string {
    const images = imagesFromFiles(files, 0, namesOf(files));
    freeImages(images);
    this.files = files;
    if (this.cached?.key.startsWith('files')) this.cache(undefined);
    return images.name;
  }

  /** Text by which the same files are known again. */
  get identity(): string {
    return this.files.map(({ name, bytes }) => `${name} ${bytes.length}`).join(' ');
  }

  /** Images of a source, for a seed. `patient`: digits are of no use, as where a run on MNIST is taken up. */
  async find({ source, seed }: MnistConfig, base: string, patient: boolean): Promise<Found> {
    switch (source) {
      case 'digits':
        return { images: this.digits(seed), standIn: false };
      case 'mnist': {
        const images = await this.mnist(base, patient);
        return images ? { images, standIn: false } : { images: this.digits(seed), standIn: true };
      }
      case 'files':
        if (this.files.length === 0) {
          throw new Failure('No files have been given on this page yet, and a link cannot carry them', 'files');
        }
        return {
          images: this.kept(`files ${seed}`, () => imagesFromFiles(this.files, seed, namesOf(this.files))),
          standIn: false,
        };
    }
  }

  /** Refuses a download that nobody asked for where the browser is to spare data. */
  async spareData(base: string): Promise<void> {
    if (!savesData() || this.cached?.key === 'mnist' || (await isKept(base))) return;
    throw new Failure(
      `Your browser is set to save data, and MNIST is a download of ${bytes(await mnistBytes(base))}: choose it under Data to train on it`,
      'saving',
    );
  }

  private digits(seed: number): Images {
    return this.kept(`digits ${seed}`, () => generatedDigits(seed));
  }

  private kept(key: string, make: () => Images): Images {
    if (this.cached?.key === key) return this.cached.images;
    const images = make();
    this.cache({ key, images });
    return images;
  }

  private cache(next: { key: string; images: Images } | undefined): void {
    if (this.cached) freeImages(this.cached.images);
    this.cached = next;
  }

  /** MNIST, or nothing if it takes longer than a session waits. */
  private async mnist(base: string, patient: boolean): Promise<Images | undefined> {
    if (this.cached?.key === 'mnist') return this.cached.images;
    const arrival = (this.arrival ??= this.download(base));
    // Where digits stand in already, another session of them need not wait.
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, this.awaited ? 0 : PATIENCE_MS));
    try {
      const images = await (patient ? arrival : Promise.race([arrival, late]));
      if (images) {
        this.arrival = undefined;
        this.cache({ key: 'mnist', images });
        return images;
      }
    } catch (error) {
      this.arrival = undefined;
      throw error;
    }
    if (!this.awaited) {
      this.awaited = true;
      const ended = (): void => {
        this.awaited = false;
        this.listener.ended();
      };
      arrival.then(ended, ended);
    }
    return undefined;
  }

  private fetch(base: string): Promise<NamedBytes[]> {
    return fetchMnist(base, (done, total) => this.listener.loading('MNIST', done, total));
  }

  private async download(base: string): Promise<Images> {
    const fetched = this.ahead ?? this.fetch(base);
    this.ahead = undefined;
    const files = await fetched;
    try {
      // Both parts have files of their own, so no seed splits them.
      return imagesFromFiles(files, 0, 'MNIST');
    } catch (error) {
      if (isTrap(error)) throw error;
      await forget();
      throw new Failure(`MNIST beside this page cannot be read: ${messageOf(error)}`, MISSING);
    }
  }
}

function namesOf(files: readonly NamedBytes[]): string {
  return files.map(({ name }) => name).join(', ');
}
