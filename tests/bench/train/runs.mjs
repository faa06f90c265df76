// What the training benchmark runs, and the rows of its table. Every side is sent the same runs.

const ROWS_OF_A_SOLVE = 8192;

const topk = (k) => ({ kind: 'topk', k, by: 'magnitude' });
const mnist = (more) => ({
  data: 'mnist',
  options: { dSae: 256, activation: topk(15), batchSize: 128, seed: 1, backend: 'cpu', ...more },
});
const minilm = (more) => ({
  data: 'minilm',
  options: { dSae: 1536, activation: topk(32), batchSize: 256, seed: 1, backend: 'cpu', ...more },
});
// The solve before the first step, which has no evaluation of F around it; a run is made anew for each.
const solve = (base, dSae) => ({
  ...base({ dSae, method: 'pam', initialSolve: true }),
  ...{ kind: 'solve', mostRows: ROWS_OF_A_SOLVE },
});

/** `kind` says what an epoch is timed for; `preset` is of the crate; `mostRows` bounds the training rows. */
export const RUNS = {
  'mnist-pam': { kind: 'train', ...mnist({ method: 'pam' }) },
  'mnist-tied': { kind: 'train', ...mnist({ method: 'sgd', tied: true }) },
  'mnist-relu': { kind: 'train', ...mnist({ method: 'pam', activation: { kind: 'relu' }, l1: 0.001 }) },
  'minilm-pam': { kind: 'train', ...minilm({ method: 'pam' }) },
  'minilm-recommended': { kind: 'train', preset: 'recommended', ...minilm({ method: 'pam' }) },
  'minilm-sgd': { kind: 'train', ...minilm({ method: 'sgd', tied: false }) },
  'solve-256': solve(mnist, 256),
  'solve-1536': solve(minilm, 1536),
  'solve-4096': solve(minilm, 4096),
  'solve-8192': solve(minilm, 8192),
  'mnist-encode': { kind: 'encode', ...mnist({ method: 'pam' }) },
};

/** A row of the table: a time of a run. `once` is for runs so long that one is enough. */
export const ROWS = [
  { letter: 'a', what: 'encoder half of (b)', run: 'mnist-pam', time: 'encoder' },
  { letter: 'b', what: 'PAM-SGD, MNIST, TopK 15 of 256', run: 'mnist-pam', time: 'epoch' },
  { letter: 'c', what: 'SGD tied, MNIST, TopK 15 of 256', run: 'mnist-tied', time: 'epoch' },
  { letter: 'd', what: 'PAM-SGD, MNIST, ReLU, 256', run: 'mnist-relu', time: 'epoch' },
  { letter: 'e', what: 'PAM-SGD, MiniLM, TopK 32 of 1536', run: 'minilm-pam', time: 'epoch' },
  { letter: 'e', what: 'PAM-SGD recommended, MiniLM', run: 'minilm-recommended', time: 'epoch' },
  { letter: 'e', what: 'SGD untied, MiniLM', run: 'minilm-sgd', time: 'epoch' },
  { letter: 'f', what: 'solve, 256 latents, 784 columns', run: 'solve-256', time: 'solve' },
  { letter: 'f', what: 'solve, 1536 latents, 384 columns', run: 'solve-1536', time: 'solve' },
  { letter: 'f', what: 'solve, 4096 latents, 384 columns', run: 'solve-4096', time: 'solve' },
  { letter: 'h', what: 'solve, 8192 latents, 384 columns', run: 'solve-8192', time: 'solve', once: true },
  { letter: 'g', what: 'encode 60 000 MNIST images', run: 'mnist-encode', time: 'encode' },
];

/** Rows that a refit of the decoder takes, as in src/train/pam.rs. */
export const refitRows = (rows) => Math.min(Math.max(Math.floor(rows / 2), 1), 4096);

/**
 * Seconds of the parts of an epoch. `marks` are its reports of progress: rows done, of how many, and the seconds since it
 * began. `longest` is the longest stretch between two of them, in which no message is handled.
 */
export function timesOf({ kind }, { seconds, marks, rows, testRows, cols, options }) {
  if (kind === 'encode') return { encode: seconds };
  const gaps = marks.map(([, , time], at) => time - (marks[at - 1]?.[2] ?? 0));
  const longest = Math.max(seconds - (marks.at(-1)?.[2] ?? 0), ...gaps);
  if (kind === 'train') {
    return { epoch: seconds, longest, encoder: marks.find(([done]) => done >= rows)?.[2] };
  }
  // The solve follows the statistics of the rows that it takes. What solves are counted as is what rows leave of the
  // total; that at the end of the epoch is counted with two evaluations of F, of half a product each.
  const { dSae } = options;
  const begun = refitRows(rows);
  const solves = marks[0][1] - 2 * rows - testRows - begun;
  const [alone, evaluated] = [dSae / 6 + cols, dSae / 6 + 2 * cols];
  const ended = begun + (solves * alone) / (alone + evaluated) + 1;
  const lastUpTo = (limit) => marks.findLast(([done]) => done <= limit)?.[2];
  return { longest, solve: lastUpTo(ended) - lastUpTo(begun) };
}
