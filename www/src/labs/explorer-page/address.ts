// The address of the page: where it names nothing, a small SAE is trained at once, so that there is something to see.

import { pageAddress, type Address } from '../../lab/address';
import { withSource } from '../activations/with-source';

/** Of the page on activations, which the address must say even where the rows are the default ones: else it is images. */
export const activationsAddress: Address = {
  ...pageAddress,
  push: (hash) => pageAddress.push(withSource(hash)),
  replace: (hash) => pageAddress.replace(withSource(hash)),
};

export function addressWith(standard: string): Address {
  return { ...pageAddress, read: () => (pageAddress.read() === '' ? standard : pageAddress.read()) };
}
