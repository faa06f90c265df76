// The state of a page or a figure as one table. Each property says how it is written in the URL hash and what it may
// be; only values other than the defaults are written, so a link is as long as it is different.

import { count, measured } from './format';

/** One property; `S` are the scopes by which its owner tells changes apart. */
export interface Property<T, S extends string = string> {
  /** Its name in the hash. */
  readonly key: string;
  readonly scope: S;
  readonly initial: T;
  /** What is allowed, to follow the word "expected". */
  readonly expected: string;
  /** `undefined` if the text is no allowed value. */
  parse(text: string): { value: T } | undefined;
  /** The shortest text that `parse` reads back as the value. */
  write(value: T): string;
}

export type Table = Readonly<Record<string, Property<unknown>>>;
export type StateOf<P extends Table> = { [K in keyof P]: P[K]['initial'] };

export function oneOf<const T extends string | number, S extends string>(
  key: string,
  scope: S,
  values: readonly [T, ...T[]],
): Property<T, S> {
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

/** Some of the values, at least one, in the order of the list however they were written. */
export function someOf<const T extends string, S extends string>(
  key: string,
  scope: S,
  values: readonly [T, ...T[]],
  initial: readonly T[],
): Property<readonly T[], S> {
  return {
    key,
    scope,
    initial,
    expected: `some of ${values.join(', ')}`,
    parse: (text) => {
      const given = text.split(',');
      const known = values.filter((value) => given.includes(value));
      return known.length > 0 && given.every((each) => known.some((value) => value === each))
        ? { value: known }
        : undefined;
    },
    write: (value) => value.join(','),
  };
}

export function flag<S extends string>(key: string, scope: S, initial: boolean): Property<boolean, S> {
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

export function whole<S extends string>(
  key: string,
  scope: S,
  initial: number,
  least: number,
  most: number,
): Property<number, S> {
  return {
    key,
    scope,
    initial,
    expected: `a whole number from ${count(least)} to ${count(most)}`,
    parse: (text) => {
      const value = toNumber(text);
      return Number.isInteger(value) && value >= least && value <= most ? { value } : undefined;
    },
    write: String,
  };
}

/** A finite number, within bounds where they are given. */
export function real<S extends string>(
  key: string,
  scope: S,
  initial: number,
  least = -Infinity,
  most = Infinity,
): Property<number, S> {
  return {
    key,
    scope,
    initial,
    expected:
      least === -Infinity && most === Infinity ? 'a number' : `a number from ${measured(least)} to ${measured(most)}`,
    parse: (text) => {
      const value = toNumber(text);
      return Number.isFinite(value) && value >= least && value <= most ? { value } : undefined;
    },
    write: String,
  };
}

/** A number that is chosen elsewhere unless it is given. */
export function optionalReal<S extends string>(key: string, scope: S): Property<number | undefined, S> {
  const number = real(key, scope, 0);
  return {
    key,
    scope,
    initial: undefined,
    expected: 'a number, or nothing for the default',
    parse: (text) => (text.trim() === '' ? { value: undefined } : number.parse(text)),
    write: (value) => (value === undefined ? '' : String(value)),
  };
}

/** A whole number that is chosen elsewhere unless it is given. */
export function optionalWhole<S extends string>(
  key: string,
  scope: S,
  least: number,
  most: number,
): Property<number | undefined, S> {
  const number = whole(key, scope, least, least, most);
  return {
    ...number,
    initial: undefined,
    expected: `${number.expected}, or nothing for the default`,
    parse: (text) => (text.trim() === '' ? { value: undefined } : number.parse(text)),
    write: (value) => (value === undefined ? '' : String(value)),
  };
}

/** Any text. */
export function text<S extends string>(key: string, scope: S): Property<string, S> {
  return { key, scope, initial: '', expected: 'text', parse: (value) => ({ value }), write: String };
}

/** The state of a page without a hash. */
export function initialOf<P extends Table>(table: P): StateOf<P> {
  return Object.fromEntries(Object.entries(table).map(([key, { initial }]) => [key, initial])) as StateOf<P>;
}

/** Letters of a link that are quoted back to the reader, and unknown settings that are named. */
const MOST_QUOTED = 40;
const MOST_NAMED = 3;

function quoted(text: string): string {
  return `“${text.length > MOST_QUOTED ? `${text.slice(0, MOST_QUOTED)}…` : text}”`;
}

/** Reads one value as typed or linked; a string is what is wrong with it. */
export function parseOne(property: Property<unknown>, text: string): { value: unknown } | string {
  return property.parse(text) ?? `${property.key} is ${quoted(text)}, expected ${property.expected}`;
}

/** Reads a hash. What is not understood keeps its default, and is told in `notes`, one a setting at most. */
export function parseState<P extends Table>(table: P, hash: string): { state: StateOf<P>; notes: string[] } {
  const state = initialOf(table);
  const properties = new Map(Object.entries(table).map(([name, property]) => [property.key, { name, property }]));
  const notes = new Map<string, string>();
  const unknown = new Set<string>();
  for (const [key, text] of new URLSearchParams(hash.replace(/^#/, ''))) {
    const found = properties.get(key);
    if (!found) {
      unknown.add(key);
      if (unknown.size <= MOST_NAMED) notes.set(key, `${quoted(key)} is not a setting here`);
      continue;
    }
    const parsed = parseOne(found.property, text);
    if (typeof parsed === 'string') notes.set(key, parsed);
    else Object.assign(state, { [found.name]: parsed.value });
  }
  const more = unknown.size - MOST_NAMED;
  return {
    state,
    notes: [...notes.values(), ...(more > 0 ? [`${count(more)} more names are not settings here`] : [])],
  };
}

/** Writes a hash, without the `#`. */
export function writeState<P extends Table>(table: P, state: StateOf<P>): string {
  const out = new URLSearchParams();
  for (const [key, property] of Object.entries(table)) {
    const text = property.write(state[key]);
    if (text !== property.write(property.initial)) out.set(property.key, text);
  }
  // A fragment may hold commas and colons as they are, and reads better so.
  return out.toString().replace(/%2C|%3A/g, decodeURIComponent);
}
