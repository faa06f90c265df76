// Seconds of training and of its parts: in Chromium, natively and, where TORCH_PYTHON names a Python that has it, in
// PyTorch on the CPU, in turn, on one thread and on all. Prints a table in Markdown.
//
//     node tests/bench/train.bench.mjs [--rows abc] [--threads 1,2] [--rounds 5] [--sides chromium,native,torch]
//
// Rows: a encoder half of an epoch, b whole epoch of PAM-SGD, c tied SGD, d ReLU, e on MiniLM, f the decoder's solve,
// g encode, h the largest solve. MiniLM's rows are read from the file that MINILM names.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { spread, withBrowser } from './browser.mjs';
import { ROWS, RUNS, timesOf } from './train/runs.mjs';
import { browser, program, threadsScript } from './train/sides.mjs';

const root = new URL('../../', import.meta.url);
const mnist = fileURLToPath(new URL('www/public/mnist/', root));
const minilm = process.env.MINILM ?? fileURLToPath(new URL('../shared/data/activations/minilm_l3.npy', root));
const python = process.env.TORCH_PYTHON;

const { values: given } = parseArgs({
  options: {
    rows: { type: 'string', default: 'abcdefgh' },
    threads: { type: 'string', default: [...new Set([1, cpus().length])].join(',') },
    rounds: { type: 'string', default: '5' },
    sides: { type: 'string', default: python ? 'chromium,native,torch' : 'chromium,native' },
  },
});
const rounds = Number(given.rounds);
const threadCounts = given.threads.split(',').map(Number);
const names = given.sides.split(',');
const hasMinilm = existsSync(minilm);
const rows = ROWS.filter(({ letter, run }) => given.rows.includes(letter) && (hasMinilm || RUNS[run].data === 'mnist'));
if (!hasMinilm) console.log(`No rows on MiniLM: ${minilm} is not there`);

/** Measurements by run, threads and side: lists of seconds by what was timed. */
const table = new Map();
const cell = (run, threads, side) => {
  const key = `${run} ${threads} ${side}`;
  if (!table.has(key)) table.set(key, { times: {}, last: undefined });
  return table.get(key);
};

async function measure(sides) {
  for (const run of new Set(rows.map(({ run }) => run))) {
    const once = rows.some((row) => row.run === run && row.once);
    // The first round is for warming up.
    for (let round = once ? 1 : 0; round <= (once ? 1 : rounds); round += 1) {
      for (const threads of once ? threadCounts.slice(0, 1) : threadCounts) {
        for (const [name, side] of Object.entries(sides)) {
          const before = await side.cpu();
          const answer = await side.ask({ name: run, spec: RUNS[run], threads, epochs: rounds + 1 });
          const times = { ...(answer.times ?? timesOf(RUNS[run], answer)), cpu: (await side.cpu()) - before };
          const kept = cell(run, threads, name);
          kept.last = answer;
          if (round > 0) for (const [what, time] of Object.entries(times)) (kept.times[what] ??= []).push(time);
          process.stderr.write(`${run}, ${threads} of ${name}: ${JSON.stringify(times)}\n`);
        }
      }
    }
  }
}

const digits = (seconds) => (seconds === undefined ? '' : seconds.toPrecision(3));

function print() {
  const sides = names.map((name) => ({ chromium: 'Chromium', native: 'native', torch: 'PyTorch' })[name]);
  const peers = names.filter((name) => name !== 'torch' && names.includes('torch'));
  const heads = ['', 'threads', ...sides, ...peers.map((name) => `PyTorch / ${name === 'native' ? name : 'Chromium'}`)];
  console.log(`\n| ${heads.join(' | ')} |\n|${' --- |'.repeat(heads.length)}`);
  for (const { letter, what, run, time } of rows) {
    for (const threads of threadCounts) {
      const found = names.map((name) => {
        const times = cell(run, threads, name).times[time]?.filter((seconds) => seconds !== undefined);
        return times?.length ? spread(times) : undefined;
      });
      if (found.every((each) => each === undefined)) continue;
      const shown = found.map((each) => (each ? `${digits(each.median)} (${digits(each.min)}–${digits(each.max)})` : ''));
      const median = (name) => found[names.indexOf(name)]?.median;
      const ratios = peers.map((name) => (median('torch') && median(name) ? (median('torch') / median(name)).toFixed(2) : ''));
      console.log(`| (${letter}) ${what} | ${[threads, ...shown, ...ratios].join(' | ')} |`);
    }
  }
  for (const name of names.filter((name) => name !== 'torch')) {
    console.log(`\nLongest stretch between two reports of progress, ms, ${name}; test MSE and L0; memory, MB; processor, s:`);
    for (const run of new Set(rows.map(({ run }) => run))) {
      for (const threads of threadCounts) {
        const { times, last } = cell(run, threads, name);
        if (!last) continue;
        const longest = times.longest ? (1000 * Math.max(...times.longest)).toFixed(0) : '';
        const torch = cell(run, threads, 'torch').last;
        const figures = ({ testMse, testL0 } = {}) => (testMse ? `${testMse.toFixed(4)} ${testL0.toFixed(1)}` : '');
        const memory = last.memory ? (last.memory / 1e6).toFixed(0) : '';
        const cpu = names.map((side) => digits(spread(cell(run, threads, side).times.cpu ?? [0]).median)).join(' / ');
        console.log(`    ${run}, ${threads}: ${longest}; ${figures(last)} (PyTorch ${figures(torch)}); ${memory}; ${cpu}`);
      }
    }
  }
}

const files = { '/bench/threads.js': await threadsScript() };
for (const name of ['train-images-idx3-ubyte.gz', 't10k-images-idx3-ubyte.gz']) {
  files[`/data/${name}`] = readFileSync(mnist + name);
}
if (hasMinilm) files['/data/minilm_l3.npy'] = readFileSync(minilm);

await withBrowser(files, async (page) => {
  const sides = {};
  for (const name of names) {
    if (name === 'chromium') sides[name] = await browser(page);
    if (name === 'native') {
      execFileSync('cargo', ['build', '--release', '--quiet', '--example', 'bench'], { cwd: root, stdio: 'inherit' });
      sides[name] = program('target/release/examples/bench', [mnist, minilm]);
    }
    if (name === 'torch') sides[name] = program(python, ['tests/bench/train/torch_side.py', mnist, minilm]);
  }
  console.log(`Load before: ${loadavg()[0].toFixed(1)} processes; ${rounds} rounds in turn, after one for warming up`);
  await measure(sides);
  const version = Object.values(Object.fromEntries(table)).find(({ last }) => last?.version)?.last.version;
  if (version) console.log(`PyTorch ${version}`);
  Object.values(sides).forEach((side) => side.end());
  print();
  console.log(`Load after: ${loadavg()[0].toFixed(1)}`);
});
