// The lab's whole state, in one table. Each property says how it is written in the URL hash and what it may be; only
// values other than the defaults are written, so a link is as long as it is different.

import {
  flag,
  initialOf,
  oneOf,
  optionalReal,
  parseOne,
  parseState,
  real,
  whole,
  writeState,
} from '../../kit/properties';
import type { RunConfig } from '../../lab/worker/protocol';

/** How a change of a property is taken: `run` starts anew, `plan` and `view` leave the run alone. */
type Scope = 'run' | 'plan' | 'view';

/** Above this the pictures of all filters would be slow to send and to draw. */
const MOST_LATENTS = 1024;
const MOST_SEED = 2 ** 32 - 1;

/** The defaults are the paper's. */
export const properties = {
  source: oneOf('data', 'run', ['digits', 'mnist', 'files']),
  share: { ...oneOf('share', 'run', [1, 5, 10, 25, 50, 100]), initial: 100 as 1 | 5 | 10 | 25 | 50 | 100 },
  activation: oneOf('activation', 'run', ['topk', 'relu', 'jumprelu']),
  k: whole('k', 'run', 15, 0, MOST_LATENTS),
  by: oneOf('by', 'run', ['magnitude', 'value', 'positive']),
  threshold: real('threshold', 'run', 0.1),
  dSae: whole('latents', 'run', 256, 0, MOST_LATENTS),
  batch: whole('batch', 'run', 128, 0, 1_000_000),
  lr: real('lr', 'run', 0.003),
  updates: whole('updates', 'run', 1, 0, 1000),
  l1: real('l1', 'run', 0),
  decay: real('decay', 'run', 0),
  alpha: optionalReal('alpha', 'run'),
  beta: real('beta', 'run', 0),
  muEnc: real('mu-enc', 'run', 0),
  nuEnc: real('nu-enc', 'run', 0),
  muDec: real('mu-dec', 'run', 0),
  nuDec: real('nu-dec', 'run', 0),
  tied: flag('tied', 'run', true),
  seed: whole('seed', 'run', 0, 0, MOST_SEED),
  compute: oneOf('compute', 'run', ['cpu', 'auto']),
  epochs: whole('epochs', 'plan', 10, 1, 1000),
  scale: oneOf('scale', 'view', ['log', 'linear']),
  filters: oneOf('filters', 'view', ['active', 'all']),
  sample: whole('sample', 'view', 0, 0, 1_000_000),
  digit: whole('digit', 'view', 0, 0, 9),
};

type Properties = typeof properties;
export type Key = keyof Properties;
export type LabState = { [K in Key]: Properties[K]['initial'] };

export const keys = Object.keys(properties) as Key[];

/** The state of a page without a hash. */
export function initialState(): LabState {
  return initialOf(properties);
}

/** Reads one value as typed or linked; a string is what is wrong with it. */
export function parseValue<K extends Key>(key: K, text: string): { value: LabState[K] } | string {
  return parseOne(properties[key], text) as { value: LabState[K] } | string;
}

/** Reads a hash. What is not understood keeps its default, and is named in `notes`. */
export function parseHash(hash: string): { state: LabState; notes: string[] } {
  return parseState(properties, hash);
}

/** Writes a hash, without the `#`. */
export function writeHash(state: LabState): string {
  return writeState(properties, state);
}

/** Whether two states differ in a property of the scope. */
export function differ(a: LabState, b: LabState, scope: Scope): boolean {
  return keys.some((key) => properties[key].scope === scope && a[key] !== b[key]);
}

/** What the worker needs to know: the properties of the run. */
export function runConfig(state: LabState): RunConfig {
  return Object.fromEntries(
    keys.filter((key) => properties[key].scope === 'run').map((key) => [key, state[key]]),
  ) as unknown as RunConfig;
}
