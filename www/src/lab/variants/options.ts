// The recipes of other programs as settings: options of the crate beyond those of the form. A link holds them as one text,
// since they are read only where they are used: by the panel that offers them and by the worker that trains with them.

import { Failure } from '../../kit/failure';
import {
  flag,
  initialOf,
  oneOf,
  optionalReal,
  optionalWhole,
  type Property,
  type StateOf,
  type Table,
} from '../../kit/properties';

/** Beyond it no number of rows, latents or steps goes; the crate says what it allows below that. */
const MOST = 2 ** 32 - 1;

/** Whole numbers as people type them, with commas or spaces between; `-` between them in a link. */
const wholes: Property<readonly number[]> = {
  key: 'prefixes',
  scope: 'run',
  initial: [],
  expected: 'whole numbers of latents, such as 16, 64',
  parse: (text) => {
    const value = text.split(/[\s,-]+/).flatMap((part) => (part === '' ? [] : [Number(part)]));
    return value.every((each) => Number.isSafeInteger(each)) ? { value } : undefined;
  },
  write: (value) => value.join('-'),
};

/** Named as in the crate's TrainOptions, where they are fields of it. */
const properties = {
  preset: oneOf('preset', 'run', ['none', 'dictionary-learning', 'sparsify']),
  lr: optionalReal('lr', 'run'),
  warmupSteps: optionalWhole('warmupSteps', 'run', 0, MOST),
  revive: flag('revive', 'run', false),
  auxk: flag('auxk', 'run', false),
  auxkK: optionalWhole('auxk.k', 'run', 0, MOST),
  auxkCoefficient: optionalReal('auxk.coefficient', 'run'),
  auxkDeadAfter: optionalWhole('auxk.deadAfter', 'run', 0, MOST),
  decoderNorm: oneOf('decoderNorm', 'run', ['free', 'unit']),
  decoderStart: oneOf('decoderStart', 'run', ['small', 'transposed']),
  biasStart: oneOf('biasStart', 'run', ['zero', 'mean', 'median']),
  targetL0: optionalReal('jumprelu.targetL0', 'run'),
  bandwidth: optionalReal('jumprelu.bandwidth', 'run'),
  coefficient: optionalReal('jumprelu.coefficient', 'run'),
  prefixes: wholes,
};

const table: Table = properties;

export type Variants = StateOf<typeof properties>;
export type VariantKey = keyof Variants;

/** Reads one value as typed; a string says what it must be. */
export function enterVariant(key: VariantKey, text: string): { value: unknown } | string {
  const property: Property<unknown> = properties[key];
  return property.parse(text) ?? property.expected;
}

/** The text of variants in a link: `auxk:yes,warmupSteps:20`; empty if none is chosen. */
export function writeVariants(variants: Variants): string {
  return Object.entries(table)
    .flatMap(([name, property]) => {
      const text = property.write(variants[name as VariantKey]);
      return text === property.write(property.initial) ? [] : [`${property.key}:${text}`];
    })
    .join(',');
}

/** Reads such a text. */
export function readVariants(text: string): Variants {
  const variants = initialOf(properties);
  for (const part of text.split(',')) {
    if (part === '') continue;
    const at = part.indexOf(':');
    const key = at < 0 ? part : part.slice(0, at);
    const found = Object.entries(table).find(([, property]) => property.key === key);
    if (!found) {
      const keys = Object.values(table).map((property) => property.key);
      throw new Failure(`variants names ${quoted(key)}, expected some of ${keys.join(', ')}`, 'option');
    }
    const [name, property] = found;
    const value = at < 0 ? '' : part.slice(at + 1);
    const parsed = property.parse(value);
    if (!parsed) throw new Failure(`${property.key} is ${quoted(value)}, expected ${property.expected}`, 'option');
    Object.assign(variants, { [name]: parsed.value });
  }
  return variants;
}

/** Letters of a link that are quoted back. */
const MOST_QUOTED = 40;

function quoted(text: string): string {
  return `“${text.length > MOST_QUOTED ? `${text.slice(0, MOST_QUOTED)}…` : text}”`;
}
