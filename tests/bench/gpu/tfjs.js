// TensorFlow.js with its WebGPU backend. Its builds are scripts that leave `tf` on the window.
export const name = '@tensorflow/tfjs';

function script(path) {
  return new Promise((resolve, reject) => {
    const element = document.createElement('script');
    element.src = `/tests/bench/node_modules/@tensorflow/${path}`;
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${path} does not load`));
    document.head.append(element);
  });
}

export async function start() {
  await script('tfjs/dist/tf.min.js');
  await script('tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js');
  if (!(await globalThis.tf.setBackend('webgpu'))) throw new Error('has no WebGPU device');
  await globalThis.tf.ready();
}

/** Waits until a tensor is computed, by reading one value of it: submitting its queue from outside loses commands. */
async function finished(tensor) {
  const one = tensor.flatten().slice([0], [1]);
  await one.data();
  one.dispose();
}

export function encoder({ rows, dIn, dSae }, { x, wEnc, bEnc }) {
  const { tf } = globalThis;
  const [a, b, bias] = [tf.tensor2d(x, [rows, dIn]), tf.tensor2d(wEnc, [dIn, dSae]), tf.tensor1d(bEnc)];
  const call = () => tf.fused.matMul({ a, b, bias });
  return {
    async wait() {
      const pre = call();
      await finished(pre);
      pre.dispose();
    },
    async read() {
      const pre = call();
      const data = await pre.data();
      pre.dispose();
      return data;
    },
    free: () => tf.dispose([a, b, bias]),
  };
}

/** Adam on all parameters; TopK has no gradient in the library, so it is given here: 1 where a latent is active. */
export function step({ rows, dIn, dSae, k }, { x, wEnc, bEnc, wDec, bDec }) {
  const { tf } = globalThis;
  const input = tf.tensor2d(x, [rows, dIn]);
  const parameters = [
    tf.variable(tf.tensor2d(wEnc, [dIn, dSae])),
    tf.variable(tf.tensor1d(bEnc)),
    tf.variable(tf.tensor2d(wDec, [dSae, dIn])),
    tf.variable(tf.tensor1d(bDec)),
  ];
  const adam = tf.train.adam(0.001, 0.9, 0.999, 1e-8);
  const topK = tf.customGrad((pre, save) => {
    const size = pre.abs();
    const least = tf.topk(size, k).values.slice([0, k - 1], [rows, 1]);
    const active = tf.cast(size.greaterEqual(least), 'float32');
    save([active]);
    return { value: pre.mul(active), gradFunc: (dz, [active]) => dz.mul(active) };
  });
  const [wE, bE, wD, bD] = parameters;
  const loss = () => tf.mean(tf.square(topK(input.matMul(wE).add(bE)).matMul(wD).add(bD).sub(input)));
  const call = () => adam.minimize(loss, true, parameters);
  return {
    async wait() {
      const value = call();
      // The last that a step writes.
      await finished(parameters[3]);
      value.dispose();
    },
    async read() {
      const value = call();
      const data = await value.data();
      value.dispose();
      return data;
    },
    free() {
      tf.dispose([input, ...parameters]);
      adam.dispose();
    },
  };
}
