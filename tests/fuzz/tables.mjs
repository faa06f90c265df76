// Fuzzing of the page's readers of Arrow and Parquet: changed files, of which those that reach new code are changed further.
// `./build.sh fuzz` bundles the readers and runs this for so many seconds: `node tables.mjs arrow|parquet SECONDS [SEED]`.
// It fails on what is neither read nor refused by a sentence, takes longer than ten seconds or more than a gigabyte.
import { createHash } from 'node:crypto';
import console from 'node:console';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const BUNDLE = fileURLToPath(new URL('../../target/fuzz/tables.cjs', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../fixtures/tables/', import.meta.url));
const ARTIFACTS = fileURLToPath(new URL('artifacts/', import.meta.url));
const LONGEST_SECONDS = 10;
const MOST_KILOBYTES = 2 ** 20;
/** Longer files are read more slowly and lead nowhere new. */
const LONGEST_FILE = 30_000;
const ENDINGS = { arrow: /\.(arrows?|feather)$/, parquet: /\.parquet$/ };

/** Keeps what failed, and says so. */
function failed(bytes, what) {
  mkdirSync(ARTIFACTS, { recursive: true });
  const file = join(ARTIFACTS, createHash('sha1').update(bytes).digest('hex').slice(0, 12));
  writeFileSync(file, bytes);
  console.error(`${what}\n${file}`);
}

/** Watches the thread that reads: it cannot stop itself. */
function watch(format, seconds, seed) {
  const shared = new SharedArrayBuffer(8 + 2 * LONGEST_FILE);
  const worker = new Worker(new URL(import.meta.url), { workerData: { format, seconds, seed, shared } });
  const [count, length] = [new Int32Array(shared, 0, 1), new Int32Array(shared, 4, 1)];
  let [last, still] = [0, 0];
  const watching = setInterval(() => {
    still = count[0] === last ? still + 1 : 0;
    last = count[0];
    const kilobytes = process.resourceUsage().maxRSS;
    const what = still > LONGEST_SECONDS ? `took ${still} s` : kilobytes > MOST_KILOBYTES ? `took ${kilobytes} kB` : '';
    if (what === '') return;
    failed(new Uint8Array(shared, 8, length[0]).slice(), what);
    process.exit(1);
  }, 1000);
  worker.on('error', (error) => {
    console.error(error);
    process.exitCode = 1;
  });
  worker.on('exit', () => watching.unref());
}

/** Which blocks of the bundle have run since the last time. */
function coverage() {
  const session = new Session();
  session.connect();
  const post = (method, options) => {
    let answer;
    session.post(method, options, (error, result) => (answer = error ?? result));
    return answer;
  };
  post('Profiler.enable');
  post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return () => {
    const { result } = post('Profiler.takePreciseCoverage');
    const functions = result.filter(({ url }) => url.endsWith(BUNDLE)).flatMap((script) => script.functions);
    const ranges = functions.flatMap((each) => each.ranges.filter((range) => range.count > 0));
    // How often, roughly: the first time around a loop is other than the hundredth.
    return ranges.map(
      ({ startOffset, endOffset, count }) => `${startOffset} ${endOffset} ${Math.min(6, Math.log2(count) | 0)}`,
    );
  };
}

async function fuzz({ format, seconds, seed, shared }) {
  const { mutated, openAsTable, randomOf } = createRequire(import.meta.url)(BUNDLE);
  const random = randomOf(seed);
  const [count, length] = [new Int32Array(shared, 0, 1), new Int32Array(shared, 4, 1)];
  const files = readdirSync(FIXTURES)
    .filter((name) => ENDINGS[format].test(name))
    .map((name) => Uint8Array.from(readFileSync(join(FIXTURES, name))))
    .filter((bytes) => bytes.length <= LONGEST_FILE);
  const seen = new Set();
  const covered = coverage();
  const end = Date.now() + 1000 * seconds;
  let read = 0;
  while (Date.now() < end) {
    const bytes = count[0] < files.length ? files[count[0]] : mutated(files, random).slice(0, 2 * LONGEST_FILE);
    new Uint8Array(shared, 8).set(bytes);
    length[0] = bytes.length;
    count[0] += 1;
    try {
      if ((await openAsTable(bytes)) === undefined) read += 1;
    } catch (error) {
      failed(bytes, error.stack);
      process.exitCode = 1;
      return;
    }
    const fresh = covered().filter((block) => !seen.has(block));
    for (const block of fresh) seen.add(block);
    if (fresh.length > 0 && bytes.length <= LONGEST_FILE && !files.includes(bytes)) files.push(bytes);
  }
  console.log(`${format}, seed ${seed}: ${count[0]} files, ${read} read, ${files.length} kept, ${seen.size} blocks`);
}

if (isMainThread) {
  const [format, seconds, seed = '1'] = process.argv.slice(2);
  if (!(format in ENDINGS) || !(Number(seconds) > 0))
    throw new Error(`expected arrow or parquet, and seconds, not ${process.argv.slice(2)}`);
  watch(format, Number(seconds), Number(seed));
} else {
  await fuzz(workerData);
}
