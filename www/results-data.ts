// The runs of docs/comparison.md and of the sweeps of docs/results.md, gathered over their seeds, each with the way to it in
// a lab. How they were made the examples `comparison` and `ablations` say.
import { filesOf, rowsOf, spreadOf, type Row, type Spread } from './docs-results';
import { readVariants, writeVariants, type Variants } from './src/lab/variants/options';

export const sets = {
  mnist: { title: 'MNIST, 256 latents, 15 active', short: 'MNIST' },
  minilm: { title: 'MiniLM, 1,536 latents, 32 active', short: 'MiniLM' },
} as const;
export const families = { topk: 'TopK', batchtopk: 'BatchTopK', jumprelu: 'JumpReLU', relu: 'ReLU' } as const;
export const methods = { pam: 'PAM-SGD', sgd: 'SGD', 'sgd-recipe': 'SGD, recipe' } as const;
export const protocols = { epochs: 'equal epochs', seconds: 'equal seconds' } as const;

export type SetName = keyof typeof sets;
export type Family = keyof typeof families;
export type Method = keyof typeof methods;
export type Protocol = keyof typeof protocols;

/** A method under a protocol, over its seeds. */
export interface Outcome {
  readonly family: Family;
  readonly method: Method;
  readonly protocol: Protocol;
  readonly lr: number;
  /** That JumpReLU starts from, as text; empty for others. */
  readonly threshold: string;
  readonly epochs: number;
  readonly steps: number;
  readonly mse: Spread;
  readonly fvu: Spread;
  readonly l0: Spread;
  readonly dead: number;
  /** Of a CPU. */
  readonly seconds: number;
  readonly multiplyAdds: number;
  /** The run of the first seed in a lab. */
  readonly href: string;
}

/** Validation error of a method by step size, from which the step size was chosen. */
export interface Tuning {
  readonly family: Family;
  readonly method: Method;
  readonly lr: number;
  readonly mse: number;
}

/** What was measured on a share of a set. */
export interface Comparison {
  readonly set: SetName;
  readonly share: number;
  readonly outcomes: readonly Outcome[];
  readonly tuning: readonly Tuning[];
}

/** Checks a name of a file against those that are known. */
function known<K extends string>(name: string, names: Readonly<Record<K, unknown>>, what: string): K {
  const found = (Object.keys(names) as K[]).find((each) => each === name);
  if (found === undefined) {
    throw new Error(`docs/results: ${what} is ${name}, expected one of ${Object.keys(names).join(', ')}`);
  }
  return found;
}

function split(name: string): { family: Family; method: Method } {
  const at = name.indexOf('-');
  return {
    family: known(name.slice(0, at), families, 'the activation of a method'),
    method: known(name.slice(at + 1), methods, 'a method'),
  };
}

const numbers = (rows: readonly Row[], column: string): number[] => rows.map((row) => Number(row[column]));
const mean = (rows: readonly Row[], column: string): number => spreadOf(numbers(rows, column)).mean;

/** Of the steps of a run, in the recipe of the libraries. */
const WARMUP = 0.05;
/** Rows of a batch in all of these runs. */
const BATCH = 128;
/** Active latents on MNIST where a file does not say. */
const MNIST_K = 15;
/** Training rows of the sample of MiniLM's activations in the lab. */
const SAMPLE_ROWS = 3600;

/** The variants of a run, as the example `comparison` sets them; PAM-SGD's preset has a step size of its own. */
function variantsOf({ family, method, lr, steps, k }: Run): string {
  const targetL0 = Number(k ?? MNIST_K);
  const recipe: Partial<Variants> = {
    ...{ warmupSteps: Math.trunc(WARMUP * steps), auxk: true },
    ...{ decoderNorm: 'unit', decoderStart: 'transposed', biasStart: 'median' },
  };
  return writeVariants({
    ...readVariants(''),
    ...(method === 'pam' ? { lr } : {}),
    ...(method === 'sgd-recipe' ? recipe : {}),
    ...(family === 'jumprelu' ? { targetL0, bandwidth: 1, coefficient: 1 } : {}),
  });
}

/** Writes the state of a lab as its page does. */
function hash(state: Readonly<Record<string, string | number>>): string {
  const written = new URLSearchParams(
    Object.entries(state).flatMap(([key, value]) => (value === '' ? [] : [[key, String(value)]])),
  );
  return `#${written.toString().replace(/%2C|%3A/g, decodeURIComponent)}`;
}

type Run = Pick<Outcome, 'family' | 'method' | 'lr' | 'threshold' | 'epochs' | 'steps'> & {
  /** Where it is not the set's own. */
  readonly k?: string;
  /** Of ReLU. */
  readonly l1?: string;
};

/** A run of the first seed in its lab: on MNIST that run itself, on MiniLM the same on as many rows of the lab's sample. */
function hrefOf(set: SetName, share: number, run: Run): string {
  const { family, method, lr, epochs, steps, threshold, k = '', l1 = '' } = run;
  const state = {
    ...{ epochs, activation: family, threshold, k, l1 },
    ...(family === 'topk' ? { by: 'positive' } : {}),
    lr,
    seed: 1,
    variants: variantsOf(run),
  };
  if (set === 'mnist') {
    const runs = method === 'pam' ? 'pam-recommended' : 'sgd-untied';
    return `./${hash({ share: 100 * share, runs, ...state })}`;
  }
  const rows = (steps / epochs) * BATCH;
  const ofSample = Math.min(100, Math.max(1, Math.round((100 * rows) / SAMPLE_ROWS)));
  const sizes = { k: k || 32, latents: 1536, batch: BATCH };
  const trained = { data: 'minilm', share: ofSample, method: method === 'pam' ? 'pam' : 'sgd' };
  return `./activations.html${hash({ ...trained, ...state, ...sizes })}`;
}

/** What the rows of one method say of how it was run. */
function runOf([first]: readonly Row[]): Run {
  if (!first) throw new Error('docs/results: an outcome has no runs');
  const { k, l1, threshold = '' } = first;
  return {
    ...split(first.method ?? ''),
    ...{ lr: Number(first.lr), threshold, epochs: Number(first.epochs), steps: Number(first.steps) },
    ...(k === undefined ? {} : { k }),
    ...(l1 === undefined ? {} : { l1 }),
  };
}

function outcomeOf(set: SetName, share: number, rows: readonly Row[]): Outcome {
  const run = runOf(rows);
  return {
    ...run,
    protocol: known(rows[0]?.protocol ?? '', protocols, 'a protocol'),
    mse: spreadOf(numbers(rows, 'mse')),
    fvu: spreadOf(numbers(rows, 'fvu')),
    l0: spreadOf(numbers(rows, 'l0')),
    dead: mean(rows, 'dead_share'),
    seconds: mean(rows, 'cpu_seconds'),
    multiplyAdds: mean(rows, 'multiply_adds'),
    href: hrefOf(set, share, run),
  };
}

/** Rows by a key, in the order in which the keys come first. */
function grouped(rows: readonly Row[], key: (row: Row) => string): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return [...groups.values()];
}

const order = <K extends string>(names: Readonly<Record<K, unknown>>, name: K): number =>
  Object.keys(names).indexOf(name);

/** What the l0 of JumpReLU may be above its target, relative to it, where the example `comparison` chooses. */
const L0_ABOVE = 0.1;

/** Of the runs with one step size the one that the example `comparison` chooses: JumpReLU has several, by threshold. */
function chosen(rows: readonly Row[]): Row {
  const above = ({ l0, k }: Row): number => Number(l0) / Number(k) - 1;
  const near = rows.filter((row) => above(row) <= L0_ABOVE);
  const rank = (row: Row): number => (near.length > 0 ? Number(row.mse) : above(row));
  return (near.length > 0 ? near : rows).reduce((best, row) => (rank(row) < rank(best) ? row : best));
}

/** What docs/comparison.md tells, by set and share. */
export function comparisons(): Comparison[] {
  const rows = filesOf('comparison-').flatMap(rowsOf);
  const done = rows.filter(({ mse }) => mse !== '');
  const found = grouped(done, ({ set, share }) => `${set} ${share}`).map((all) => {
    const set = known(all[0]?.set ?? '', sets, 'a set');
    const share = Number(all[0]?.share);
    const tested = all.filter(({ role }) => role === 'test');
    const outcomes = grouped(tested, ({ method, protocol }) => `${method} ${protocol}`).map((runs) =>
      outcomeOf(set, share, runs),
    );
    const tuned = all.filter(({ role, protocol }) => role === 'validation' && protocol === 'epochs');
    return {
      ...{ set, share },
      outcomes: outcomes.sort(
        (a, b) =>
          order(families, a.family) - order(families, b.family) ||
          order(protocols, a.protocol) - order(protocols, b.protocol) ||
          order(methods, a.method) - order(methods, b.method),
      ),
      tuning: grouped(tuned, ({ method, lr }) => `${method} ${lr}`)
        .map(chosen)
        .map((row) => ({ ...split(row.method ?? ''), lr: Number(row.lr), mse: Number(row.mse) })),
    };
  });
  return found.sort((a, b) => order(sets, a.set) - order(sets, b.set) || a.share - b.share);
}

/** A method with one k, or with one l1 penalty, under a protocol, over its seeds. */
export interface FrontierPoint {
  readonly family: Family;
  readonly method: Method;
  readonly protocol: Protocol;
  /** That k or penalty, as text: ReLU has no k, and the others no penalty. Of JumpReLU the l0 that it is trained towards. */
  readonly setting: string;
  readonly lr: number;
  /** That JumpReLU starts from, as text; empty for others. */
  readonly threshold: string;
  readonly epochs: number;
  readonly fvu: Spread;
  readonly l0: Spread;
  readonly dead: number;
  readonly href: string;
}

/** Error against active latents on a share of a set. */
export interface Frontier {
  readonly set: SetName;
  readonly share: number;
  readonly points: readonly FrontierPoint[];
}

/** The runs of the example `frontier`, by set and share. */
export function frontiers(): Frontier[] {
  const tested = filesOf('frontier-')
    .flatMap(rowsOf)
    .filter(({ role, mse }) => role === 'test' && mse !== '');
  const found = grouped(tested, ({ set, share }) => `${set} ${share}`).map((all) => {
    const set = known(all[0]?.set ?? '', sets, 'a set');
    const share = Number(all[0]?.share);
    const key = ({ method, protocol, k, l1 }: Row): string => `${method} ${protocol} ${k} ${l1}`;
    const points = grouped(all, key).map((rows): FrontierPoint => {
      const { k = '', l1 = '', ...run } = runOf(rows);
      return {
        ...run,
        protocol: known(rows[0]?.protocol ?? '', protocols, 'a protocol'),
        setting: k + l1,
        fvu: spreadOf(numbers(rows, 'fvu')),
        l0: spreadOf(numbers(rows, 'l0')),
        dead: mean(rows, 'dead_share'),
        href: hrefOf(set, share, { ...run, k, l1 }),
      };
    });
    points.sort(
      (a, b) =>
        order(families, a.family) - order(families, b.family) ||
        order(protocols, a.protocol) - order(protocols, b.protocol) ||
        order(methods, a.method) - order(methods, b.method) ||
        Number(a.setting) - Number(b.setting),
    );
    return { set, share, points };
  });
  return found.sort((a, b) => order(sets, a.set) - order(sets, b.set) || a.share - b.share);
}

/** A run of a sweep over the l1 penalty, over its seeds. */
export interface Swept {
  readonly label: string;
  readonly share: number;
  readonly l1: number;
  readonly fvu: Spread;
  readonly l0: Spread;
  readonly href: string;
}

/** The MNIST lab's name of a run. */
export const labRuns: Readonly<Record<string, string>> = {
  'SGD tied': 'sgd-tied',
  'SGD untied': 'sgd-untied',
  'PAM-SGD script': 'pam-script',
  'PAM-SGD recommended': 'pam-recommended',
};

/** ReLU on MNIST: the l1 penalty sets how many latents are active. */
export function reluSweep(): Swept[] {
  const files = ['mnist-relu', 'mnist-relu-1-5', 'mnist-relu-25', 'mnist-relu-50', 'mnist-relu-100'];
  return grouped(files.flatMap(rowsOf), ({ label, share, l1 }) => `${label} ${share} ${l1}`).map((rows) => {
    const { label = '', share = '', l1 = '', epochs = '', seed = '' } = rows[0] ?? {};
    const runs = labRuns[label];
    if (runs === undefined) throw new Error(`docs/results: ${label} is no run of the MNIST lab`);
    return {
      ...{ label, share: Number(share), l1: Number(l1) },
      fvu: spreadOf(numbers(rows, 'test_fvu')),
      l0: spreadOf(numbers(rows, 'test_l0')),
      href: `./${hash({ share: 100 * Number(share), runs, epochs, activation: 'relu', l1, seed })}`,
    };
  });
}

/** What is recovered of known features, by method. */
export interface Recovered {
  readonly title: string;
  readonly mcc: Spread;
  readonly f1: Spread;
  readonly fvu: Spread;
  readonly l0: Spread;
  readonly dead: number;
}

const PREFIXES = '-prefixes';

export function recovered(): Recovered[] {
  return grouped(rowsOf('known-features'), ({ method = '' }) => method).map((rows) => {
    const name = rows[0]?.method ?? '';
    const { family, method } = split(name.replace(PREFIXES, ''));
    return {
      title: `${families[family]}, ${methods[method]}${name.endsWith(PREFIXES) ? ', prefixes' : ''}`,
      mcc: spreadOf(numbers(rows, 'mcc')),
      f1: spreadOf(numbers(rows, 'f1')),
      fvu: spreadOf(numbers(rows, 'fvu')),
      l0: spreadOf(numbers(rows, 'l0')),
      dead: mean(rows, 'dead_share'),
    };
  });
}
