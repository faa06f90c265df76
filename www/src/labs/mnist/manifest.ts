// The list of MNIST files beside the page, so that nobody need probe for them.

/** A file in `mnist/` beside the page. */
export interface BesidePage {
  name: string;
  /** As it is downloaded. */
  bytes: number;
}

function isBesidePage(each: unknown): each is BesidePage {
  return (
    typeof each === 'object' &&
    each !== null &&
    'name' in each &&
    typeof each.name === 'string' &&
    'bytes' in each &&
    typeof each.bytes === 'number'
  );
}

/** The files in `mnist/` beside the page at `base`. */
export async function mnistFiles(base: string): Promise<BesidePage[]> {
  const manifest: unknown = await (await fetch(new URL('data-sets.json', base))).json();
  return typeof manifest === 'object' && manifest !== null && 'mnist' in manifest && Array.isArray(manifest.mnist)
    ? manifest.mnist.filter(isBesidePage)
    : [];
}

/** Bytes of all of them. */
export function sizeOf(files: readonly BesidePage[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
