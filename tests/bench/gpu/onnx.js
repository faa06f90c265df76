// onnxruntime-web with its WebGPU execution provider. It runs models, so the product is one: a single Gemm node,
// written in the wire format of protocol buffers (https://onnx.ai/onnx/repo-docs/IR.html). It has no training.
import * as ort from '/tests/bench/node_modules/onnxruntime-web/dist/ort.webgpu.min.mjs';

export const name = 'onnxruntime-web';

export async function start() {
  if (!(await navigator.gpu?.requestAdapter())) throw new Error('has no WebGPU device');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = '/tests/bench/node_modules/onnxruntime-web/dist/';
}

const text = new TextEncoder();

function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

/** A field that holds a number, a text, or other fields. */
function field(number, value) {
  if (typeof value === 'number') return [...varint(number * 8), ...varint(value)];
  const bytes = typeof value === 'string' ? [...text.encode(value)] : value.flat();
  return [...varint(number * 8 + 2), ...varint(bytes.length), ...bytes];
}

const FLOAT = 1;

function valueInfo(name, shape) {
  const dimensions = shape.map((size) => field(1, [field(1, size)]));
  return [field(1, name), field(2, [field(1, [field(1, FLOAT), field(2, dimensions)])])];
}

/** ModelProto with IR version 8 and operator set 13. */
function gemm({ rows, dIn, dSae }) {
  const node = [field(1, 'x'), field(1, 'w'), field(1, 'b'), field(2, 'pre'), field(4, 'Gemm')];
  const graph = [
    field(1, node),
    field(2, 'encoder'),
    field(11, valueInfo('x', [rows, dIn])),
    field(11, valueInfo('w', [dIn, dSae])),
    field(11, valueInfo('b', [dSae])),
    field(12, valueInfo('pre', [rows, dSae])),
  ];
  return Uint8Array.from([field(1, 8), field(7, graph), field(8, [field(2, 13)])].flat());
}

/** A tensor that lies on the device already. */
function onDevice(device, data, dims) {
  const size = data.byteLength;
  const buffer = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC });
  device.queue.writeBuffer(buffer, 0, data);
  return ort.Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims, dispose: () => buffer.destroy() });
}

export async function encoder(problem, { x, wEnc, bEnc }) {
  const { rows, dIn, dSae } = problem;
  const options = { executionProviders: ['webgpu'], preferredOutputLocation: 'gpu-buffer' };
  const session = await ort.InferenceSession.create(gemm(problem), options);
  const device = await ort.env.webgpu.device;
  const feeds = {
    x: onDevice(device, x, [rows, dIn]),
    w: onDevice(device, wEnc, [dIn, dSae]),
    b: onDevice(device, bEnc, [dSae]),
  };
  return {
    async wait() {
      const { pre } = await session.run(feeds);
      await device.queue.onSubmittedWorkDone();
      pre.dispose();
    },
    async read() {
      const { pre } = await session.run(feeds);
      return pre.getData(true);
    },
    async free() {
      for (const tensor of Object.values(feeds)) tensor.dispose();
      await session.release();
    },
  };
}
