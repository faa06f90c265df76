// The list of MNIST files beside the page, so that nobody need probe for them.

/** A file in `mnist/` beside the page. */
export interface BesidePage {
  name: string;
  /** As it is downloaded. */
  bytes: number;
}

/** The files in `mnist/` beside the page at `base`. */
export async function mnistFiles(base: string): Promise<BesidePage[]> {
  const bytesByName: unknown = await (await fetch(new URL('data-sets.json', base))).json();
  return Object.entries(bytesByName ?? {}).map(([name, bytes]) => ({ name, bytes: Number(bytes) || 0 }));
}

/** Bytes of all of them. */
export function sizeOf(files: readonly BesidePage[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
