// The settings of a lab as one table: those that all labs share, how a table becomes a page's state and address, and
// the type of a run's options, which follows from it.

import {
  initialOf,
  oneOf,
  optionalReal,
  parseState,
  real,
  text,
  whole,
  writeState,
  type Property,
  type StateOf,
  type Table,
} from '../kit/properties';

/** How a change of a setting is taken: `run` starts anew, `plan` and `view` leave the run alone. */
export type Scope = 'run' | 'plan' | 'view';

const MOST_SEED = 2 ** 32 - 1;
export const MOST_EPOCHS = 1000;
/** Seeds of an experiment, and settings of a figure. */
const MOST_SEEDS = 10;
const MOST_SETTINGS = 99;

/** Settings of a run that mean the same in every lab. */
export const runProperties = {
  activation: oneOf('activation', 'run', ['topk', 'relu', 'jumprelu', 'batchtopk']),
  by: oneOf('by', 'run', ['magnitude', 'value', 'positive']),
  threshold: real('threshold', 'run', 0.1),
  lr: real('lr', 'run', 0.003),
  updates: whole('updates', 'run', 1, 1, 1000),
  l1: real('l1', 'run', 0),
  decay: real('decay', 'run', 0),
  alpha: optionalReal('alpha', 'run'),
  beta: real('beta', 'run', 0),
  muEnc: real('mu-enc', 'run', 0),
  nuEnc: real('nu-enc', 'run', 0),
  muDec: real('mu-dec', 'run', 0),
  nuDec: real('nu-dec', 'run', 0),
  variants: text('variants', 'run'),
  seed: whole('seed', 'run', 0, 0, MOST_SEED),
};

/** Settings in whose defaults labs differ. */
export function labProperties(defaults: { batch: number; epochs: number }) {
  return {
    ...runProperties,
    batch: whole('batch', 'run', defaults.batch, 1, 1_000_000),
    epochs: whole('epochs', 'plan', defaults.epochs, 1, MOST_EPOCHS),
    curve: oneOf('curve', 'view', ['mse', 'fvu', 'l0', 'l1', 'dead']),
    scale: oneOf('scale', 'view', ['log', 'linear']),
    axis: oneOf('axis', 'view', ['epoch', 'steps', 'seconds']),
    seeds: whole('seeds', 'view', 1, 1, MOST_SEEDS),
    shown: oneOf('shown', 'view', ['settings', 'curves']),
    setting: whole('setting', 'view', 0, 0, MOST_SETTINGS),
  };
}

export type LabProperties = ReturnType<typeof labProperties>;
/** A lab's table: the shared settings and its own. */
export type LabTable = LabProperties & Readonly<Record<string, Property<unknown, Scope>>>;

/** The settings of a table that decide how a run goes: equal configurations give the same bits. */
export type ConfigOf<P extends Table> = {
  [K in keyof P as P[K]['scope'] extends 'run' ? K : never]: P[K]['initial'];
};
/** What all labs' configurations have. */
export type CommonConfig = ConfigOf<LabProperties>;

/** A lab's table with what pages and tests do with it. */
export class Settings<P extends LabTable> {
  constructor(private readonly table: P) {}

  /** The state of a page without a hash. */
  initial(): StateOf<P> {
    return initialOf(this.table);
  }

  /** Reads a hash. What is not understood keeps its default, and is named in `notes`. */
  parse(hash: string): { state: StateOf<P>; notes: string[] } {
    return parseState(this.table, hash);
  }

  /** Writes a hash, without the `#`. */
  write(state: StateOf<P>): string {
    return writeState(this.table, state);
  }

  /** Reads one value as typed; a string says what it must be. */
  enter(key: string, text: string): { value: unknown } | string {
    const property = this.table[key];
    return property?.parse(text) ?? property?.expected ?? 'a setting of this page';
  }

  /** The part of a state that is of the scope. */
  part(state: StateOf<P>, scope: Scope): [string, unknown][] {
    return Object.entries(this.table).flatMap(([key, property]) =>
      property.scope === scope ? [[key, state[key]] as [string, unknown]] : [],
    );
  }

  /** What the worker is told. */
  config(state: StateOf<P>): ConfigOf<P> {
    return Object.fromEntries(this.part(state, 'run')) as ConfigOf<P>;
  }

  /** Keys of the scope by which two states differ. */
  differences(a: StateOf<P>, b: StateOf<P>, scope: Scope): string[] {
    const written = (state: StateOf<P>, key: string): string | undefined => this.table[key]?.write(state[key]);
    return this.part(a, scope).flatMap(([key]) => (written(a, key) === written(b, key) ? [] : [key]));
  }

  /** What a state sets otherwise than another, in the page's words. */
  named(from: StateOf<P>, to: StateOf<P>, labels: Readonly<Record<string, string>>): string {
    const changed = (['run', 'plan'] as const).flatMap((scope) => this.differences(to, from, scope));
    const named = changed.map((key) => `${labels[key] ?? key} ${String(to[key])}`);
    return named.length > 0 ? named.join(', ') : 'these settings';
  }

  /** What another state has in the place of what `state` has. */
  changed(state: StateOf<P>, other: StateOf<P>): Partial<StateOf<P>> {
    return Object.fromEntries(
      Object.keys(this.table).flatMap((key) => (state[key] === other[key] ? [] : [[key, other[key]]])),
    ) as Partial<StateOf<P>>;
  }

  /** `state` looked at as another is. */
  withView(state: StateOf<P>, view: StateOf<P>): StateOf<P> {
    return { ...state, ...Object.fromEntries(this.part(view, 'view')) };
  }
}
