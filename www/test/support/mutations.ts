// Files of tables that were changed where it hurts: single bits, numbers that sizes and offsets may be, lengths that no
// longer fit, parts of one file in another. The same seed makes the same files.

/** A random number in [0, 1) by a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Numbers at which sizes overflow or begin to be large. */
const NUMBERS = [
  0n,
  1n,
  7n,
  0x7fn,
  0x80n,
  0x7fffn,
  0xffffn,
  1n << 20n,
  1n << 26n,
  0x7fffffffn,
  0xffffffffn,
  1n << 40n,
  -1n,
];

/** One to eight changes of one of the files. */
export function mutated(files: readonly Bytes[], random: () => number): Bytes {
  const below = (end: number): number => Math.floor(random() * end);
  const one = (): Bytes => files[below(files.length)] ?? new Uint8Array();
  let bytes = one().slice();
  for (let left = 1 + below(3) * below(4); left > 0; left--) bytes = changed(bytes, one, below);
  return bytes;
}

function changed(bytes: Bytes, one: () => Bytes, below: (end: number) => number): Bytes {
  const at = place(bytes, below);
  const number = NUMBERS[below(NUMBERS.length)] ?? 0n;
  const bits = 8 * 2 ** below(4);
  switch (below(8)) {
    case 0:
      return replaced(bytes, at, 1, [(bytes[at] ?? 0) ^ (1 << below(8))]);
    case 1:
      return replaced(bytes, at, 1, [below(256)]);
    case 2:
      return replaced(bytes, at, bits / 8, littleEndian(number, bits));
    case 3:
      return replaced(bytes, at, 1 + below(3), varint(BigInt.asUintN(64, number)));
    case 4:
      return replaced(bytes, at, below(9), []);
    case 5:
      return replaced(bytes, at, 0, bytes.subarray(at, at + below(33)));
    case 6: {
      const other = one();
      const from = place(other, below);
      return replaced(bytes, at, below(2) * below(65), other.subarray(from, from + below(65)));
    }
    default: {
      // A number that stands in the file, a little larger or smaller.
      const value = (bytes[at] ?? 0) + below(9) - 4;
      return replaced(bytes, at, 1, [value & 0xff]);
    }
  }
}

/** Anywhere, or among what describes the values: at the begin, where headers stand, or at the end, where a footer does. */
function place({ length }: Bytes, below: (end: number) => number): number {
  const near = below(Math.min(length, 1024));
  return [below(length), near, length - 1 - near][below(3)] ?? 0;
}

/** With other bytes for some of its own. A footer of Parquet stays one: its length is brought up to date. */
function replaced(bytes: Bytes, at: number, count: number, by: ArrayLike<number>): Bytes {
  const end = Math.min(at + count, bytes.length);
  const made = Uint8Array.from([...bytes.subarray(0, at), ...Array.from(by), ...bytes.subarray(end)]);
  const grown = made.length - bytes.length;
  const tail = bytes.length - 8;
  if (grown === 0 || tail < 4 || end > tail || String.fromCharCode(...bytes.subarray(tail + 4)) !== 'PAR1') return made;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(tail, true);
  if (at >= tail - length) new DataView(made.buffer).setUint32(made.length - 8, length + grown, true);
  return made;
}

function littleEndian(number: bigint, bits: number): number[] {
  return Array.from({ length: bits / 8 }, (_, i) => Number((BigInt.asUintN(bits, number) >> BigInt(8 * i)) & 0xffn));
}

/** In groups of seven bits, as Thrift and runs have numbers. */
export function varint(number: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = number; ; rest >>= 7n) {
    if (rest < 0x80n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}
