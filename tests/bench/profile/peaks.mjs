// The best rates that this engine's wasm gets out of the CPU, measured with loops that do nothing else.
import binaryen from '../../../www/node_modules/binaryen/index.js';

/** As many sums as stay in registers beside their factor. None waits for another. */
const SUMS = 10;
const TURNS = 20_000_000;
const COPIED = 1 << 20;
const COPIES = 2_000;
const ROUNDS = 5;

const times = (write) => Array.from({ length: SUMS }, (_, i) => write(i));

/** A function that multiplies and adds `TURNS · SUMS` registers. */
const loop = (shape, scalar) => `
  (func (export "${shape}") (param $turns i32) (result ${scalar})
    ${times((i) => `(local $sum${i} v128)`).join(' ')} (local $x v128)
    (local.set $x (${shape}.splat (${scalar}.const 0.5)))
    (loop $next
      ${times((i) => `(local.set $sum${i} (${shape}.add (local.get $x) (${shape}.mul (local.get $x) (local.get $sum${i}))))`).join('\n')}
      (br_if $next (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (${shape}.extract_lane 0 ${times((i) => `(local.get $sum${i})`).reduce((sum, next) => `(${shape}.add ${sum} ${next})`)}))`;

const TEXT = `(module
  (memory 64)
  ${loop('f32x4', 'f32')}
  ${loop('f64x2', 'f64')}
  (func (export "copy") (param $turns i32)
    (loop $next
      (memory.copy (i32.const 0) (i32.const ${COPIED}) (i32.const ${COPIED}))
      (br_if $next (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))))`;

/** Multiply-adds a second of float32 and of float64, and bytes a second that are read and written. */
export async function peaks() {
  const module = binaryen.parseText(TEXT);
  module.setFeatures(binaryen.Features.SIMD128 | binaryen.Features.BulkMemory | binaryen.Features.BulkMemoryOpt);
  const { instance } = await WebAssembly.instantiate(module.emitBinary());
  const { f32x4, f64x2, copy } = instance.exports;
  const best = (run, turns) => {
    let least = Infinity;
    for (let round = 0; round < ROUNDS; round += 1) {
      const start = performance.now();
      run(turns);
      least = Math.min(least, (performance.now() - start) / 1000);
    }
    return least;
  };
  return {
    f32: (4 * SUMS * TURNS) / best(f32x4, TURNS),
    f64: (2 * SUMS * TURNS) / best(f64x2, TURNS),
    bytes: (2 * COPIED * COPIES) / best(copy, COPIES),
  };
}
