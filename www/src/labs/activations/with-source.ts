// The hash of the activations lab as pages other than its own take it: there it says which rows, even the default ones.

import { settings } from './settings';

/** With the rows that are the default here, where the hash names none. */
export function withSource(hash: string): string {
  const named = hash.replace(/^#/, '');
  if (new URLSearchParams(named).has('data')) return named;
  const source = `data=${settings.initial().source}`;
  return named === '' ? source : `${source}&${named}`;
}
