// The state of a page or a figure as one table. Each property says how it is written in the URL hash and what it may
// be; only values other than the defaults are written, so a link is as long as it is different.

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
    expected: `a whole number from ${least} to ${most}`,
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
    expected: least === -Infinity && most === Infinity ? 'a number' : `a number from ${least} to ${most}`,
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

/** The state of a page without a hash. */
export function initialOf<P extends Table>(table: P): StateOf<P> {
  return Object.fromEntries(Object.entries(table).map(([key, { initial }]) => [key, initial])) as StateOf<P>;
}

/** Reads one value as typed or linked; a string is what is wrong with it. */
export function parseOne(property: Property<unknown>, text: string): { value: unknown } | string {
  return property.parse(text) ?? `${property.key} is “${text}”, expected ${property.expected}`;
}

/** Reads a hash. What is not understood keeps its default, and is named in `notes`. */
export function parseState<P extends Table>(table: P, hash: string): { state: StateOf<P>; notes: string[] } {
  const state = initialOf(table);
  const notes: string[] = [];
  for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ''))) {
    const found = Object.entries(table).find(([, { key }]) => key === name);
    const parsed = found ? parseOne(found[1], text) : `“${name}” is no setting of this page`;
    if (typeof parsed === 'string') notes.push(parsed);
    else Object.assign(state, { [found?.[0] ?? '']: parsed.value });
  }
  return { state, notes };
}

/** Writes a hash, without the `#`. */
export function writeState<P extends Table>(table: P, state: StateOf<P>): string {
  const out = new URLSearchParams();
  for (const [key, property] of Object.entries(table)) {
    const text = property.write(state[key]);
    if (text !== property.write(property.initial)) out.set(property.key, text);
  }
  return out.toString();
}
