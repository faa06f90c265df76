// Links to the activations lab as other pages take them: the explorer's page tells by them which lab it is.

import { describe, expect, it, vi } from 'vitest';

vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
const { withSource } = await import('../src/labs/activations/with-source');

describe('a link of the activations lab', () => {
  it.each([
    ['', 'data=sample'],
    ['#epochs=2&k=3', 'data=sample&epochs=2&k=3'],
    ['epochs=2', 'data=sample&epochs=2'],
    ['#data=minilm&k=3', 'data=minilm&k=3'],
    ['#k=3&data=file', 'k=3&data=file'],
  ])('%s names its rows: %s', (hash, named) => {
    expect(withSource(hash)).toBe(named);
  });
});
