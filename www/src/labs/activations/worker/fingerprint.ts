// A number by which an SAE is known again: a hash of all that its outputs follow from. Two SAEs of one hash are, but for
// one chance in 2^64, the same bits; who wants to forge one gains nothing by it.

import type { Sae } from 'splinterp';

/** Two lanes of 32 bits, as MurmurHash3 mixes words. */
class Hash {
  private a = 0x9747b28c;
  private b = 0x5bd1e995;

  take(words: Uint32Array): void {
    let { a, b } = this;
    for (const word of words) {
      const mixed = Math.imul(word, 0xcc9e2d51);
      a = Math.imul(rotated(a ^ mixed, 13), 5) + 0xe6546b64;
      b = Math.imul(rotated(b ^ Math.imul(rotated(word, 15), 0x1b873593), 17), 9) + 0x38b34ae5;
    }
    [this.a, this.b] = [a ^ words.length, b ^ words.length];
  }

  text(): string {
    return [this.a ^ (this.b << 1), this.b]
      .map((lane) => (finished(lane) >>> 0).toString(16).padStart(8, '0'))
      .join('');
  }
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** Spreads a change of any bit over all. */
function finished(lane: number): number {
  const first = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return second ^ (second >>> 16);
}

/** 16 hexadecimal digits. */
export function fingerprintOf(sae: Sae): string {
  const { W_enc, b_enc, W_dec, b_dec } = sae.parameters();
  const { activation, dIn, dSae } = sae;
  const hash = new Hash();
  hash.take(Uint32Array.of(dIn, dSae));
  for (const { buffer, byteOffset, length } of [W_enc, b_enc, W_dec, b_dec]) {
    hash.take(new Uint32Array(buffer, byteOffset, length));
  }
  // Thresholds of their own are numbers too, which JSON writes exactly.
  const { kind } = activation;
  const rest =
    kind === 'jumprelu' && typeof activation.threshold !== 'number' ? Array.from(activation.threshold) : activation;
  hash.take(Uint32Array.from(new TextEncoder().encode(JSON.stringify([kind, rest]))));
  return hash.text();
}
