// A kept run as one file, to take elsewhere: a zip with `run.json`, which says what it is, its settings as the page's
// address has them and what its trainers reported, and beside it a checkpoint of each trainer, a safetensors file as
// `Trainer.resume` of the package reads it.

import type { EpochReport } from 'splinterp/lab';
import { Failure } from '../../kit/failure';
import type { Kept, KeptRecord, SavedRun } from './store';

const FORMAT = 'SplInterp run';
const VERSION = 1;
const DESCRIPTION = 'run.json';
/** More than any run of the labs takes. */
const MOST_BYTES = 1e9;

/** Numbers that every report has. */
const numbers = ['epoch', 'trainMse', 'testMse', 'objective', 'testFvu', 'testL0', 'testL1', 'deadShare', 'seconds'];

interface Description {
  format: typeof FORMAT;
  version: typeof VERSION;
  lab: string;
  name: string;
  address: string;
  identity: string;
  key: string;
  savedAt: number;
  runs: { name: string; file: string; reports: EpochReport[] }[];
}

/** Writes a kept run. Parameters do not compress, so nothing is. */
export async function writeRunFile({ record, runs }: Kept): Promise<Uint8Array<ArrayBuffer>> {
  const { zipSync } = await import('fflate');
  const { lab, name, address, identity, key, savedAt } = record;
  const listed = runs.map((run) => ({ name: run.name, file: `${run.name}.safetensors`, reports: run.reports }));
  const description: Description = {
    ...{ format: FORMAT, version: VERSION, lab, name, address, identity, key, savedAt },
    runs: listed,
  };
  const files = {
    [DESCRIPTION]: new TextEncoder().encode(JSON.stringify(description)),
    ...Object.fromEntries(runs.map((run, i) => [listed[i]?.file ?? '', run.checkpoint])),
  };
  return new Uint8Array(zipSync(files, { level: 0 }));
}

/** Reads what `writeRunFile` wrote, for a lab; it becomes the run `id`. */
export async function readRunFile(file: File, lab: string, id: string): Promise<Kept> {
  const { name: fileName } = file;
  if (file.size > MOST_BYTES) throw new Failure(`${fileName} is too large to be a run`, 'memory');
  const files = await unzipped(file);
  const description = describe(files[DESCRIPTION], fileName);
  if (description.lab !== lab) {
    throw new Failure(`${fileName} is a run of the ${description.lab} lab: drop it on that page`, 'format');
  }
  const runs = description.runs.map(({ name, file, reports }): SavedRun => {
    const checkpoint = files[file];
    if (!checkpoint) throw new Failure(`${fileName} lacks ${file}, the checkpoint of ${name}`, 'format');
    return { name, checkpoint, reports };
  });
  const { name, address, identity, key, savedAt } = description;
  return { record: recordOf({ id, lab, name, address, identity, key, savedAt }, runs), runs };
}

/** What is shown of a run, beside what it is. */
export function recordOf(
  what: Pick<KeptRecord, 'id' | 'lab' | 'name' | 'address' | 'identity' | 'key' | 'savedAt'>,
  runs: readonly SavedRun[],
): KeptRecord {
  const epochs = runs.map(({ reports }) => reports.at(-1)?.epoch ?? 0);
  return {
    ...what,
    epoch: Math.min(...epochs),
    bytes: runs.reduce((sum, { checkpoint }) => sum + checkpoint.length, 0),
    runs: runs.map(({ name, reports }) => ({ name, testMse: reports.at(-1)?.testMse })),
  };
}

async function unzipped(file: File): Promise<Record<string, Uint8Array>> {
  const { unzipSync } = await import('fflate');
  let total = 0;
  try {
    return unzipSync(new Uint8Array(await file.arrayBuffer()), {
      filter: ({ originalSize }) => (total += originalSize) <= MOST_BYTES,
    });
  } catch {
    throw new Failure(`${file.name} is cut short or damaged: it cannot be unzipped to the end`, 'format');
  }
}

function describe(bytes: Uint8Array | undefined, fileName: string): Description {
  if (!bytes) throw new Failure(`${fileName} holds no ${DESCRIPTION}: it is not a run that was saved here`, 'format');
  let found: unknown;
  try {
    // What is not finite is written as null.
    found = JSON.parse(new TextDecoder().decode(bytes), (key, value: unknown) =>
      value === null && numbers.includes(key) ? NaN : value,
    );
  } catch {
    found = undefined;
  }
  if (!isRecord(found) || found.format !== FORMAT) {
    throw new Failure(`${fileName}: its ${DESCRIPTION} does not describe a run`, 'format');
  }
  if (found.version !== VERSION) {
    throw new Failure(`${fileName} is of version ${String(found.version)}, expected ${VERSION}`, 'format');
  }
  if (!isDescription(found)) throw new Failure(`${fileName}: its ${DESCRIPTION} lacks a part`, 'format');
  return found;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isDescription(found: Record<string, unknown>): found is Record<string, unknown> & Description {
  return (
    ['lab', 'name', 'address', 'identity', 'key'].every((part) => typeof found[part] === 'string') &&
    typeof found.savedAt === 'number' &&
    Array.isArray(found.runs) &&
    found.runs.length > 0 &&
    found.runs.every(
      (run: unknown) =>
        isRecord(run) &&
        typeof run.name === 'string' &&
        typeof run.file === 'string' &&
        Array.isArray(run.reports) &&
        run.reports.every(isReport),
    )
  );
}

/** Whether the page can show it: every number of a report is one. */
function isReport(value: unknown): value is EpochReport {
  return isRecord(value) && numbers.every((part) => typeof value[part] === 'number');
}
