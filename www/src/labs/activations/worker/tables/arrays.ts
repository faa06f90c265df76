// Shards of .npy and .safetensors: where in each file its arrays lie. The crate has opened the file before and found
// nothing wrong with it; here is read only what it does not tell, in which order and at which byte its numbers stand.

import type { TensorInfo } from 'splinterp';
import { Failure } from '../../../../kit/failure';
import { ELEMENT_BYTES, isElementType, product, type Column, type ElementType, type Table } from './table';

/** The arrays of a file that the crate has opened. */
export async function readArrays(file: File, tensors: readonly TensorInfo[]): Promise<Table> {
  const start = new Uint8Array(await file.slice(0, 10).arrayBuffer());
  const columns = start[0] === 0x93 ? [await npyColumn(file, tensors)] : await safetensorsColumns(file, tensors);
  return { file: file.name, columns, words: undefined };
}

function typeOf(file: File, { name, dtype }: TensorInfo): ElementType {
  const type = dtype.toUpperCase();
  if (!isElementType(type))
    throw new Failure(`${file.name}: “${name}” is ${dtype}, which shards cannot be of`, 'format');
  return type;
}

/** The one array of an .npy: it ends with the file. */
async function npyColumn(file: File, tensors: readonly TensorInfo[]): Promise<Column> {
  const [tensor] = tensors;
  if (!tensor) throw new Failure(`${file.name}: holds no array`, 'format');
  const type = typeOf(file, tensor);
  const { shape } = tensor;
  const bytes = product(shape) * ELEMENT_BYTES[type];
  const header = await file.slice(0, file.size - bytes).text();
  if (/'fortran_order': *True/.test(header) && shape.length > 1) {
    throw new Failure(
      `${file.name}: is in Fortran order, expected C order of shards: save numpy.ascontiguousarray`,
      'format',
    );
  }
  if (/'descr': *'>/.test(header)) {
    throw new Failure(`${file.name}: is big-endian, expected little-endian shards`, 'format');
  }
  // Each shard calls its array by its own name.
  return { name: 'activations', type, shape, parts: [file.slice(file.size - bytes)] };
}

async function safetensorsColumns(file: File, tensors: readonly TensorInfo[]): Promise<Column[]> {
  const length = Number(new DataView(await file.slice(0, 8).arrayBuffer()).getBigUint64(0, true));
  const header: unknown = JSON.parse(await file.slice(8, 8 + length).text());
  const offsets = header as Record<string, { data_offsets: [number, number] }>;
  return tensors.flatMap((tensor) => {
    const [from, to] = offsets[tensor.name]?.data_offsets ?? [0, 0];
    const part = file.slice(8 + length + from, 8 + length + to);
    return tensor.shape.length === 0
      ? []
      : [{ name: tensor.name, type: typeOf(file, tensor), shape: tensor.shape, parts: [part] }];
  });
}
