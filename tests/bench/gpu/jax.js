// @jax-js/jax with its WebGPU backend.
import { blockUntilReady, defaultDevice, init, jit, lax, numpy as np, valueAndGrad } from '/tests/bench/node_modules/@jax-js/jax/dist/index.js';

export const name = '@jax-js/jax';

export async function start() {
  const devices = await init('webgpu');
  if (!devices.includes('webgpu')) throw new Error('has no WebGPU device');
  defaultDevice('webgpu');
}

export function encoder({ rows, dIn, dSae }, { x, wEnc, bEnc }) {
  const input = np.array(x).reshape([rows, dIn]);
  const weights = np.array(wEnc).reshape([dIn, dSae]);
  const bias = np.array(bEnc);
  const run = jit((x, w, b) => np.matmul(x, w).add(b));
  const call = () => run(input.ref, weights.ref, bias.ref);
  return {
    async wait() {
      const pre = await blockUntilReady(call());
      pre.dispose();
    },
    read: () => call().data(),
    free() {
      for (const array of [input, weights, bias]) array.dispose();
    },
  };
}

/** Adam on all parameters, the gradient by automatic differentiation. */
export function step({ rows, dIn, dSae, k }, { x, wEnc, bEnc, wDec, bDec }) {
  const input = np.array(x).reshape([rows, dIn]);
  let parameters = [
    np.array(wEnc).reshape([dIn, dSae]),
    np.array(bEnc),
    np.array(wDec).reshape([dSae, dIn]),
    np.array(bDec),
  ];
  let m = parameters.map((p) => np.zerosLike(p.ref));
  let v = parameters.map((p) => np.zerosLike(p.ref));
  const loss = ([wEnc, bEnc, wDec, bDec], x) => {
    const pre = np.matmul(x.ref, wEnc).add(bEnc);
    const size = np.abs(lax.stopGradient(pre.ref));
    const [largest, indices] = lax.topK(size.ref, k);
    indices.dispose();
    const active = np.greaterEqual(size, np.min(largest, -1, { keepdims: true }));
    const z = np.where(active, pre, 0);
    return np.mean(np.square(np.matmul(z, wDec).add(bDec).sub(x)));
  };
  const update = jit((parameters, m, v, x, correction) => {
    const [value, gradient] = valueAndGrad(loss)(parameters.map((p) => p.ref), x);
    const mNext = m.map((m, i) => m.mul(0.9).add(gradient[i].ref.mul(0.1)));
    const vNext = v.map((v, i) => v.mul(0.999).add(np.square(gradient[i]).mul(0.001)));
    const [first, second] = [correction.ref.slice(0), correction.slice(1)];
    const next = parameters.map((p, i) => {
      const root = np.sqrt(vNext[i].ref.div(second.ref)).add(1e-8);
      return p.sub(mNext[i].ref.div(first.ref).mul(0.001).div(root));
    });
    first.dispose();
    second.dispose();
    return [value, next, mNext, vNext];
  });
  let steps = 0;
  const call = () => {
    steps += 1;
    const correction = np.array(new Float32Array([1 - 0.9 ** steps, 1 - 0.999 ** steps]));
    const [value, ...state] = update(parameters, m, v, input.ref, correction);
    [parameters, m, v] = state;
    return value;
  };
  return {
    async wait() {
      const value = call();
      await blockUntilReady([value, parameters]);
      value.dispose();
    },
    read: () => call().data(),
    free() {
      for (const array of [input, ...parameters, ...m, ...v]) array.dispose();
    },
  };
}
