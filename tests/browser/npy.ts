// Arrays of NumPy's, made in code.

/** An .npy file of float32 in this shape; the value of an element follows from its place. */
export function npyOf(shape: readonly number[], value: (i: number) => number = (i) => Math.sin(i * i)): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`.padEnd(117) + '\n';
  const length = shape.reduce((product, size) => product * size, 1);
  const values = Float32Array.from({ length }, (_, i) => value(i));
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]);
  return Buffer.concat([start, Buffer.from(header), Buffer.from(values.buffer)]);
}
