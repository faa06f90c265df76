// Where an SAE stands on its rows: bounds on its own cells and on coarser ones, dead latents, audit.

import { Dataset, zipFiles } from 'splinterp';
import { scratch } from '../../../lab/worker/memory';
import type { DepthBounds, Pulse, Refitted, Stand } from '../protocol';
import type { Subject } from './subject';

/** Depths that are shown beside all active latents. */
const DEPTHS = [1, 2, 3];
/** Rows whose margins are measured at each epoch. */
const PULSE_ROWS = 100;

interface How {
  signal: AbortSignal;
  tell: (share: number, step: string) => void;
}

export async function stand(subject: Subject, { signal, tell }: How): Promise<Stand> {
  const { train, cols, trainTotal } = subject.rows.given;
  const data = Dataset.fromRows(train, cols);
  try {
    const depths = depthsOf(subject);
    const steps = depths.length + 2;
    let done = 0;
    const options = (step: string) => ({
      signal,
      onProgress: (at: number, total: number) => tell((done + (total > 0 ? at / total : 0)) / steps, step),
    });
    const found: DepthBounds[] = [];
    for (const depth of depths) {
      const step = depth === undefined ? 'bounds on the SAE’s own cells' : `bounds by the ${depth} strongest latents`;
      const parted = depth === undefined ? {} : { depth };
      found.push({ ...(await subject.sae.bounds(data, { ...options(step), ...parted, peers: true })), depth });
      done++;
    }
    const { dead, certified, radius, distance } = await subject.sae.deadLatents(data, options('dead latents'));
    done++;
    const audit = await subject.sae.audit(data, options('the audit'));
    const sizes = { epoch: subject.epoch, rows: data.rows, rowsTotal: trainTotal };
    return { ...sizes, depths: found, dead, certified, radius, deadDistance: distance, audit };
  } finally {
    data.free();
  }
}

/** For TopK some of its strongest latents, then all; other activations rank nothing. */
function depthsOf({ model: { activation } }: Subject): (number | undefined)[] {
  return activation.kind === 'topk' ? [...DEPTHS.filter((depth) => depth < activation.k), undefined] : [undefined];
}

/** The cells of the rows and the margins of some, at one epoch. */
export async function pulse(subject: Subject): Promise<Pulse> {
  const { train, test, cols } = subject.rows.given;
  const data = Dataset.fromRows(train, cols);
  const against = Dataset.fromRows(test, cols);
  try {
    const census = await subject.sae.census(data, against);
    const { distance } = subject.sae.margins(test.slice(0, PULSE_ROWS * cols));
    return { epoch: subject.epoch, rows: data.rows, census, margins: Float64Array.from(distance).sort() };
  } finally {
    data.free();
    against.free();
  }
}

/** The same encoder with the best decoder for the rows, as a folder of another program in a zip. */
export async function refit(subject: Subject, name: string): Promise<Refitted> {
  const { train, cols } = subject.rows.given;
  const data = Dataset.fromRows(train, cols);
  try {
    const { mse, decoderRefitMse } = await subject.sae.audit(data);
    const refitted = await subject.sae.refitted(data);
    return scratch((hold) => {
      const files = hold(refitted)
        .write('saelens')
        .map((file) => ({ name: `${name}-refitted/${file.name}`, bytes: file.bytes }));
      const bytes = new Uint8Array(zipFiles(files));
      return { mse, refittedMse: decoderRefitMse, file: { name: `${name}-refitted-saelens.zip`, bytes } };
    });
  } finally {
    data.free();
  }
}
