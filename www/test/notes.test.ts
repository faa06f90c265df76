// Names and notes on features: where they are kept, and by what an SAE is known again.

import { readFileSync } from 'node:fs';
import { initSync, Sae, type Activation } from 'splinterp';
import { beforeAll, describe, expect, it } from 'vitest';
import { LONGEST_NAME, Notes } from '../src/labs/activations/features/notes';
import { fingerprintOf } from '../src/labs/activations/worker/fingerprint';

/** The browser's storage, as far as notes use it, in a map. */
function storage(): { store: Storage; kept: Map<string, string> } {
  const kept = new Map<string, string>();
  const store: Storage = {
    get length() {
      return kept.size;
    },
    key: () => null,
    clear: () => kept.clear(),
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
  return { store, kept };
}

describe('notes', () => {
  it('come back with the SAE that they are on, and with no other', () => {
    const { store } = storage();
    expect(new Notes(() => store).set('a', 3, { name: ' Dates ', text: 'years\nand days' })).toBeUndefined();
    const again = new Notes(() => store);
    expect([...again.of('a')]).toEqual([[3, { name: 'Dates', text: 'years\nand days' }]]);
    expect(again.of('b').size).toBe(0);
  });

  it('leave nothing behind when they are emptied, and are not endless', () => {
    const { store, kept } = storage();
    const notes = new Notes(() => store);
    notes.set('a', 3, { name: 'x'.repeat(1000), text: '' });
    expect(notes.of('a').get(3)?.name).toHaveLength(LONGEST_NAME);
    notes.set('a', 3, { name: ' ', text: '' });
    expect(notes.of('a').size).toBe(0);
    expect(kept.size).toBe(0);
  });

  it('stand for the visit where the browser keeps nothing, and that is said', () => {
    const full = storage().store;
    full.setItem = () => expect.fail('QuotaExceededError');
    for (const store of [() => full, () => expect.fail('SecurityError')]) {
      const notes = new Notes(store);
      expect(notes.set('a', 0, { name: 'n', text: '' })).toContain('keeps no more notes');
      expect(notes.of('a').get(0)?.name).toBe('n');
    }
  });

  it.each(['', 'null', '[1]', '{"x":{"name":"a","text":"b"}}', '{"1":{"name":1,"text":"b"}}', '{"-1":null}', '{'])(
    'that are damaged are none: %s',
    (text) => {
      const { store, kept } = storage();
      kept.set('splinterp:notes:a', text);
      expect(new Notes(() => store).of('a').size).toBe(0);
    },
  );
});

describe('the fingerprint of an SAE', () => {
  const D_IN = 4;
  const D_SAE = 6;

  beforeAll(() => {
    initSync({ module: readFileSync(new URL('../../pkg/splinterp_bg.wasm', import.meta.url)) });
  });

  const numbers = (length: number, seed: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => Math.sin(seed + 1.7 * i));

  function parts() {
    const count = D_IN * D_SAE;
    return { W_enc: numbers(count, 1), b_enc: numbers(D_SAE, 2), W_dec: numbers(count, 3), b_dec: numbers(D_IN, 4) };
  }

  const of = (given = parts(), activation: Activation = { kind: 'topk', k: 2, by: 'value' }): string =>
    fingerprintOf(Sae.fromParts({ ...given, activation }, D_IN, D_SAE));

  it('is the same for the same bits, and another for any change', () => {
    expect(of()).toMatch(/^[\da-f]{16}$/);
    expect(of()).toBe(of());
    const all = [of()];
    for (const key of ['W_enc', 'b_enc', 'W_dec', 'b_dec'] as const) {
      for (let i = 0; i < parts()[key].length; i++) {
        const changed = parts();
        const bits = new Uint32Array(changed[key].buffer);
        bits[i] = (bits[i] ?? 0) ^ 1;
        all.push(of(changed));
      }
    }
    all.push(of(parts(), { kind: 'topk', k: 3, by: 'value' }), of(parts(), { kind: 'topk', k: 2, by: 'magnitude' }));
    all.push(of(parts(), { kind: 'relu' }), of(parts(), { kind: 'jumprelu', threshold: 0.5 }));
    const thresholds = new Float32Array(D_SAE).fill(0.5);
    all.push(of(parts(), { kind: 'jumprelu', threshold: thresholds.map((each, i) => each + (i === 3 ? 1e-7 : 0)) }));
    expect(new Set(all).size).toBe(all.length);
  });
});
