// MNIST beside the page: its four files, downloaded side by side and unpacked by the browser, which is quicker at it
// than the module and leaves it no memory to hold.

import { codeOf, Failure, messageOf } from '../../../kit/failure';
import { download, keep, kept } from '../../../lab/worker/download';
import { mnistFiles, sizeOf, type BesidePage } from '../manifest';

/** A file with its bytes. */
export interface NamedBytes {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** The names under which MNIST is published; each may lie gzipped or not. */
export const MNIST_FILES = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
] as const;

/** Hears how many bytes of how many have come. */
type Loading = (done: number, total: number) => void;

/** Code of MNIST that is not there, does not come, or is damaged. */
export const MISSING = 'missing';

/** Downloads MNIST. */
export async function fetchMnist(base: string, loading: Loading): Promise<NamedBytes[]> {
  try {
    const listed = await mnistFiles(base);
    const files = MNIST_FILES.map((stem) => {
      const file = listed.find(({ name }) => name === stem || name === `${stem}.gz`);
      if (!file) throw new Failure(`${stem}.gz is not beside this page in mnist/`, MISSING);
      return file;
    });
    const total = sizeOf(files);
    let done = 0;
    const came = (bytes: number): void => {
      done += bytes;
      loading(done, total);
    };
    return await Promise.all(
      files.map(async (file) => ({ name: file.name, bytes: await contentOf(file, base, came) })),
    );
  } catch (error) {
    if (codeOf(error) === MISSING) throw error;
    throw new Failure(`MNIST could not be downloaded: ${messageOf(error)}`, MISSING);
  }
}

/** A file's content. It is kept, so that it is downloaded once and is there without a network. */
async function contentOf(
  file: BesidePage,
  base: string,
  came: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const { name, bytes } = file;
  const url = new URL(`mnist/${name}`, base);
  const here = await kept(url);
  if (here?.size === bytes) {
    came(bytes);
    return unpacked(here, name);
  }
  const packed = await download(url, name, came);
  const content = await unpacked(packed, name);
  // A server that declares `gzip` as an encoding has had the browser unpack it: then it has another size.
  if (packed.size === bytes) void keep(url, packed);
  return content;
}

/** Unpacks what is gzipped; a server that declares it as an encoding has had the browser unpack it on the way. */
async function unpacked(file: Blob, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const gzipped = first === 0x1f && second === 0x8b;
  try {
    const content = gzipped ? file.stream().pipeThrough(new DecompressionStream('gzip')) : file;
    return new Uint8Array(await new Response(content).arrayBuffer());
  } catch {
    throw new Failure(`${name} beside this page is damaged: gzip cannot read it to the end`, MISSING);
  }
}

/** Bytes of MNIST, as they are downloaded. */
export async function mnistBytes(base: string): Promise<number> {
  return sizeOf(await mnistFiles(base).catch((): BesidePage[] => []));
}
