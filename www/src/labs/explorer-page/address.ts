// The address of the page: where it names nothing, a small SAE is trained at once, so that there is something to see.

import { pageAddress, type Address } from '../../lab/address';

export function addressWith(standard: string): Address {
  return { ...pageAddress, read: () => (pageAddress.read() === '' ? standard : pageAddress.read()) };
}
