// The list of MNIST files beside the page, so that nobody need probe for them.

/** Names of the files in `mnist/` beside the page at `base`. */
export async function mnistFiles(base: string): Promise<string[]> {
  const manifest: unknown = await (await fetch(new URL('data-sets.json', base))).json();
  return typeof manifest === 'object' && manifest !== null && 'mnist' in manifest && Array.isArray(manifest.mnist)
    ? manifest.mnist.filter((name) => typeof name === 'string')
    : [];
}
