// The bundled sample: activations whose features are known. Sentences are made from a small grammar, and each word's
// activation is the sum of the directions of what holds of it (its stem, its form, where it stands, what the sentence is
// about), each times a strength of its own, and a little noise. Everything follows from the seed, on any machine.

import { adjectives, animals, articles, openings, places, prepositions, verbs } from './sample-words';
import type { Token, Tokens } from './tokens';

export const SAMPLE_ROWS = 4096;
export const SAMPLE_COLS = 64;

/** Standard deviation of the noise in each dimension; the directions have length 1. */
const NOISE = 0.03;
/** Strengths of a feature where it holds. */
const WEAKEST = 0.7;
const STRONGEST = 1.3;

/** Words to each side that a row is shown with. */
const CONTEXT = 6;

/** The features that made the data. */
export interface Known {
  names: readonly string[];
  /** `[names, SAMPLE_COLS]`, of length 1. */
  directions: Float32Array;
}

export interface Sample {
  values: Float32Array;
  tokens: Tokens;
  known: Known;
  /** Features that hold of a word, on average. */
  active: number;
}

/** Random numbers with the same bits everywhere: additions, multiplications and shifts of integers (mulberry32). */
class Random {
  constructor(private state: number) {}

  /** In 0 … 1, 1 excluded. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** About normal: the sum of twelve uniform numbers, which unlike logarithms and cosines is the same everywhere. */
  normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.next();
    return sum;
  }

  of<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.next() * choices.length)] as T;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }
}

/** A word and what holds of it. */
interface Word {
  text: string;
  features: string[];
}

/** What holds of the words of a part of a sentence. */
type Context = readonly string[];

function stem(name: string): string {
  return `the word “${name}”`;
}

function plain(text: string, context: Context): Word {
  return { text, features: [stem(text), ...context] };
}

function adjective(random: Random, context: Context): Word {
  const forms = random.of(adjectives);
  const degree = random.of([0, 0, 1, 2] as const);
  return {
    text: forms[degree],
    features: [stem(forms[0]), ...(degree === 0 ? [] : [degree === 1 ? 'comparative' : 'superlative']), ...context],
  };
}

function nounPhrase(random: Random, context: Context): Word[] {
  const forms = random.of(animals);
  const many = random.chance(0.4);
  const young = random.chance(0.4);
  const animal = {
    text: forms[(young ? 2 : 0) + (many ? 1 : 0)] ?? forms[0],
    features: [stem(forms[0]), ...(many ? ['plural'] : []), ...(young ? ['young animal'] : []), ...context],
  };
  return [plain(random.of(articles), context), ...(random.chance(0.6) ? [adjective(random, context)] : []), animal];
}

function placePhrase(random: Random, context: Context): Word[] {
  const forms = random.of(places);
  const many = random.chance(0.3);
  const place = { text: forms[many ? 1 : 0], features: [stem(forms[0]), ...(many ? ['plural'] : []), ...context] };
  return [plain(random.of(prepositions), context), plain(random.of(articles), context), place];
}

function verb(random: Random, context: Context): Word {
  const forms = random.of(verbs);
  const tense = random.of([0, 1, 2] as const);
  return {
    text: forms[tense],
    features: [stem(forms[0]), ...(tense === 0 ? [] : [tense === 1 ? 'past tense' : 'ongoing']), ...context],
  };
}

function sentence(random: Random): Word[] {
  const words: Word[] = [];
  let context: Context = [];
  if (random.chance(0.6)) {
    const opening = random.of(openings);
    context = [`a sentence of “${opening.slice(0, -1).join(' ')}”`];
    words.push(...opening.map((text) => ({ text, features: [...context] })));
  }
  if (random.chance(0.25)) context = [...context, 'a question'];
  words.push(...nounPhrase(random, context));
  if (random.chance(0.3)) {
    words.push(plain('never', context));
    context = [...context, 'denied'];
  }
  words.push(verb(random, context));
  if (random.chance(0.7)) words.push(...placePhrase(random, context));
  words.push(plain(context.includes('a question') ? '?' : '.', context));
  words[0]?.features.push('first word');
  return words;
}

export function makeSample(seed: number): Sample {
  const random = new Random(seed);
  const sentences: Word[][] = [];
  let rows = 0;
  while (rows < SAMPLE_ROWS) {
    const next = sentence(random).slice(0, SAMPLE_ROWS - rows);
    sentences.push(next);
    rows += next.length;
  }
  const words = sentences.flat();
  const names = [...new Set(words.flatMap(({ features }) => features))].sort();
  const directions = unitVectors(random, names.length);
  const values = new Float32Array(SAMPLE_ROWS * SAMPLE_COLS);
  let active = 0;
  words.forEach(({ features }, row) => {
    const to = values.subarray(row * SAMPLE_COLS, (row + 1) * SAMPLE_COLS);
    for (let col = 0; col < SAMPLE_COLS; col++) to[col] = NOISE * random.normal();
    for (const feature of features) {
      const strength = WEAKEST + (STRONGEST - WEAKEST) * random.next();
      const from = names.indexOf(feature) * SAMPLE_COLS;
      for (let col = 0; col < SAMPLE_COLS; col++) to[col] = (to[col] ?? 0) + strength * (directions[from + col] ?? 0);
    }
    active += features.length / SAMPLE_ROWS;
  });
  return { values, tokens: inContext(sentences), known: { names, directions }, active };
}

function unitVectors(random: Random, count: number): Float32Array {
  const directions = new Float32Array(count * SAMPLE_COLS);
  for (let i = 0; i < count; i++) {
    const direction = directions.subarray(i * SAMPLE_COLS, (i + 1) * SAMPLE_COLS);
    for (let col = 0; col < SAMPLE_COLS; col++) direction[col] = random.normal();
    const length = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
    for (let col = 0; col < SAMPLE_COLS; col++) direction[col] = (direction[col] ?? 0) / length;
  }
  return directions;
}

function inContext(sentences: readonly Word[][]): Tokens {
  const tokens: Token[] = sentences.flatMap((words) =>
    words.map(({ text }, at) => ({
      token: text,
      before: join(words.slice(Math.max(0, at - CONTEXT), at)),
      after: join(words.slice(at + 1, at + 1 + CONTEXT)),
    })),
  );
  const of = Uint32Array.from(sentences.flatMap(({ length }, i) => Array<number>(length).fill(i)));
  return { count: tokens.length, sequences: of, at: (row) => tokens[row], free: () => undefined };
}

function join(words: readonly Word[]): string {
  return words.map(({ text }) => text).join(' ');
}
