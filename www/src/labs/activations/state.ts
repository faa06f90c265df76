// The state of the activations lab, in one table. Each property says how it is written in the URL hash and what it may
// be; only values other than the defaults are written.

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
  type Property,
} from '../../kit/properties';
import type { RunConfig } from './protocol';

/** How a change of a property is taken: `run` starts anew, `plan` and `view` leave the run alone. */
type Scope = 'run' | 'plan' | 'view';

/** The largest dictionary that the lab offers: the paper's has 4 096 latents. */
const MOST_LATENTS = 65_536;
const MOST_SEED = 2 ** 32 - 1;

/** A whole number that is chosen by the data unless it is given. */
function optionalWhole<S extends string>(key: string, scope: S, most: number): Property<number | undefined, S> {
  const number = whole(key, scope, 0, 1, most);
  return {
    ...number,
    initial: undefined,
    expected: `${number.expected}, or nothing for the default`,
    parse: (text) => (text.trim() === '' ? { value: undefined } : number.parse(text)),
    write: (value) => (value === undefined ? '' : String(value)),
  };
}

function text<S extends string>(key: string, scope: S): Property<string, S> {
  return { key, scope, initial: '', expected: 'text', parse: (value) => ({ value }), write: (value) => value };
}

/**
 * The default of the batch is that of the paper's LLM experiment. The step size is the one by which untied SGD was
 * compared (docs/results.md): the experiment's 0.001 is meant for 100 epochs, and its preset sets it.
 */
export const properties = {
  source: oneOf('data', 'run', ['sample', 'file']),
  standardise: flag('standardise', 'run', true),
  share: whole('share', 'run', 100, 1, 100),
  method: oneOf('method', 'run', ['both', 'pam', 'sgd']),
  from: oneOf('from', 'run', ['random', 'imported']),
  recipe: oneOf('recipe', 'run', ['recommended', 'paper-llm', 'own']),
  activation: oneOf('activation', 'run', ['topk', 'relu', 'jumprelu']),
  k: optionalWhole('k', 'run', MOST_LATENTS),
  by: oneOf('by', 'run', ['magnitude', 'value', 'positive']),
  threshold: real('threshold', 'run', 0.1),
  dSae: optionalWhole('latents', 'run', MOST_LATENTS),
  batch: whole('batch', 'run', 256, 1, 1_000_000),
  lr: real('lr', 'run', 0.003),
  updates: whole('updates', 'run', 1, 1, 1000),
  l1: real('l1', 'run', 0),
  decay: real('decay', 'run', 0),
  alpha: optionalReal('alpha', 'run'),
  muEnc: real('mu-enc', 'run', 0),
  nuEnc: real('nu-enc', 'run', 0),
  muDec: real('mu-dec', 'run', 0),
  nuDec: real('nu-dec', 'run', 0),
  tied: flag('tied', 'run', false),
  seed: whole('seed', 'run', 0, 0, MOST_SEED),
  epochs: whole('epochs', 'plan', 20, 1, 1000),
  curve: oneOf('curve', 'view', ['mse', 'fvu', 'l0', 'l1', 'dead']),
  scale: oneOf('scale', 'view', ['log', 'linear']),
  model: oneOf('model', 'view', ['pam', 'sgd', 'imported']),
  feature: optionalWhole('feature', 'view', MOST_LATENTS),
  sort: oneOf('sort', 'view', ['max', 'density', 'mean', 'cosine', 'nearest', 'number']),
  rising: flag('rising', 'view', false),
  show: oneOf('show', 'view', ['active', 'all', 'rare', 'dense', 'dead']),
  search: text('search', 'view'),
};

type Properties = typeof properties;
export type Key = keyof Properties;
export type LabState = { [K in Key]: Properties[K]['initial'] };

const keys = Object.keys(properties) as Key[];

export function initialState(): LabState {
  return initialOf(properties);
}

/** Reads one value as typed; a string is what is wrong with it. */
export function parseValue<K extends Key>(key: K, value: string): { value: LabState[K] } | string {
  return parseOne(properties[key], value) as { value: LabState[K] } | string;
}

/** Reads a hash. What is not understood keeps its default, and is named in `notes`. */
export function parseHash(hash: string): { state: LabState; notes: string[] } {
  return parseState(properties, hash);
}

/** Writes a hash, without the `#`. */
export function writeHash(state: LabState): string {
  return writeState(properties, state);
}

function differ(a: LabState, b: LabState, scope: Scope): boolean {
  return keys.some((key) => properties[key].scope === scope && a[key] !== b[key]);
}

/** Whether two states differ in how they are looked at alone. */
export function sameRun(a: LabState, b: LabState): boolean {
  // The recommended step size falls to 0 over the epochs, so that another number of them is another run.
  const fixed = a.recipe === 'recommended' && a.epochs !== b.epochs;
  return !fixed && !differ(a, b, 'run');
}

/** Whether nothing but the view differs. */
export function samePlan(a: LabState, b: LabState): boolean {
  return sameRun(a, b) && !differ(a, b, 'plan');
}

/** `state` with the view of another. */
export function withView(state: LabState, view: LabState): LabState {
  const viewed = keys.filter((key) => properties[key].scope === 'view').map((key) => [key, view[key]]);
  return { ...state, ...(Object.fromEntries(viewed) as Partial<LabState>) };
}

/** What the worker needs to know: the properties of the run. */
export function runConfig(state: LabState): RunConfig {
  return Object.fromEntries(
    keys.filter((key) => properties[key].scope === 'run').map((key) => [key, state[key]]),
  ) as unknown as RunConfig;
}
