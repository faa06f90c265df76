/** See site.mjs. */
export function serve(
  folder: string,
  change?: (path: string, content: Buffer) => Buffer | undefined,
): Promise<{ address: string; close(): void }>;
