// The lab's whole state, in one table. Each property says how it is written in the URL hash and what it may be; only
// values other than the defaults are written, so a link is as long as it is different.

import type { RunConfig } from '../worker/protocol';

/** How a change of a property is taken: `run` starts anew, `plan` and `view` leave the run alone. */
type Scope = 'run' | 'plan' | 'view';

interface Property<T> {
  /** Its name in the hash. */
  readonly key: string;
  readonly scope: Scope;
  readonly initial: T;
  /** What is allowed, to follow the word "expected". */
  readonly expected: string;
  /** `undefined` if the text is no allowed value. */
  readonly parse: (text: string) => { value: T } | undefined;
  readonly write: (value: T) => string;
}

function oneOf<const T extends string | number>(key: string, scope: Scope, values: readonly [T, ...T[]]): Property<T> {
  return {
    key,
    scope,
    initial: values[0],
    expected: `one of ${values.join(', ')}`,
    parse: (text) => {
      const value = values.find((each) => String(each) === text);
      return value === undefined ? undefined : { value };
    },
    write: String,
  };
}

function flag(key: string, scope: Scope, initial: boolean): Property<boolean> {
  return {
    key,
    scope,
    initial,
    expected: 'yes or no',
    parse: (text) => (text === 'yes' || text === 'no' ? { value: text === 'yes' } : undefined),
    write: (value) => (value ? 'yes' : 'no'),
  };
}

/** A number as people type it; empty text is no number. */
function toNumber(text: string): number {
  return text.trim() === '' ? NaN : Number(text);
}

function whole(key: string, scope: Scope, initial: number, least: number, most: number): Property<number> {
  return {
    key,
    scope,
    initial,
    expected: `a whole number from ${least} to ${most}`,
    parse: (text) => {
      const value = toNumber(text);
      return Number.isInteger(value) && value >= least && value <= most ? { value } : undefined;
    },
    write: String,
  };
}

/** Any finite number: the crate knows the ranges and says them. */
function real(key: string, initial: number): Property<number> {
  return {
    key,
    scope: 'run',
    initial,
    expected: 'a number',
    parse: (text) => {
      const value = toNumber(text);
      return Number.isFinite(value) ? { value } : undefined;
    },
    write: String,
  };
}

/** A number that the crate chooses unless it is given. */
function optionalReal(key: string): Property<number | undefined> {
  const number = real(key, 0);
  return {
    ...number,
    initial: undefined,
    expected: 'a number, or nothing for the default',
    parse: (text) => (text.trim() === '' ? { value: undefined } : number.parse(text)),
    write: (value) => (value === undefined ? '' : String(value)),
  };
}

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
  threshold: real('threshold', 0.1),
  dSae: whole('latents', 'run', 256, 0, MOST_LATENTS),
  batch: whole('batch', 'run', 128, 0, 1_000_000),
  lr: real('lr', 0.003),
  updates: whole('updates', 'run', 1, 0, 1000),
  l1: real('l1', 0),
  decay: real('decay', 0),
  alpha: optionalReal('alpha'),
  beta: real('beta', 0),
  muEnc: real('mu-enc', 0),
  nuEnc: real('nu-enc', 0),
  muDec: real('mu-dec', 0),
  nuDec: real('nu-dec', 0),
  tied: flag('tied', 'run', true),
  seed: whole('seed', 'run', 0, 0, MOST_SEED),
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
  return Object.fromEntries(keys.map((key) => [key, properties[key].initial])) as LabState;
}

/** Reads one value as typed or linked; a string is what is wrong with it. */
export function parseValue<K extends Key>(key: K, text: string): { value: LabState[K] } | string {
  const property = properties[key] as unknown as Property<LabState[K]>;
  return property.parse(text) ?? `${property.key} is “${text}”, expected ${property.expected}`;
}

/** Reads a hash. What is not understood keeps its default, and is named in `notes`. */
export function parseHash(hash: string): { state: LabState; notes: string[] } {
  const state = initialState();
  const notes: string[] = [];
  for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ''))) {
    const key = keys.find((each) => properties[each].key === name);
    const parsed = key ? parseValue(key, text) : `“${name}” is no setting of this page`;
    if (typeof parsed === 'string') notes.push(parsed);
    else Object.assign(state, { [String(key)]: parsed.value });
  }
  return { state, notes };
}

/** Writes a hash, without the `#`. */
export function writeHash(state: LabState): string {
  const out = new URLSearchParams();
  for (const key of keys) {
    const property = properties[key] as unknown as Property<LabState[Key]>;
    if (state[key] !== property.initial) out.set(property.key, property.write(state[key]));
  }
  return out.toString();
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
