// What of rows and models is moved between a page and its workers: a copy of MNIST's rows held the page for 90 ms.

import type { Parameters } from 'splinterp/lab';
import type { GivenRows } from './protocol';

const of = (arrays: readonly Float32Array[]): ArrayBuffer[] => arrays.map(({ buffer }) => buffer as ArrayBuffer);

export function buffersOfRows({ shown, train, test }: GivenRows): ArrayBuffer[] {
  return of([shown, train, test]);
}

export function buffersOfModel({ W_enc, b_enc, W_dec, b_dec }: Parameters): ArrayBuffer[] {
  return of([W_enc, b_enc, W_dec, b_dec]);
}
