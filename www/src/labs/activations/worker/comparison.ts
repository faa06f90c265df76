// Two models of the same rows side by side: their latents matched one to one, and what the rows show of both.

import { Sae, type Dataset } from 'splinterp';
import { Failure } from '../../../kit/failure';
import { count } from '../../../kit/format';
import { scratch } from '../../../lab/worker/memory';
import type { ComparedSide, Comparison, FeatureContext, KeptModel, ModelName, ShownRow } from '../protocol';
import { contextsOf } from './contexts';
import { measure, topOf, type Measured } from './model-features';
import type { Source } from './source';

/** A model, and in which units it reads rows. */
export interface Side {
  name: ModelName;
  title: string;
  sae: Sae;
  epoch: number;
  /** Whether it reads rows as they are stored; a run reads them as they are normalised. */
  stored: boolean;
}

/** An SAE that was put aside; it reads rows as they are stored. */
export interface Kept extends KeptModel {
  sae: Sae;
}

/** The rows of a session. */
interface Rows {
  source: Source;
  /** Normalised as the runs read them. */
  whole: Dataset;
  /** Those that nothing was trained on, as they are stored. */
  test: Dataset;
}

interface How {
  seed: number;
  /** By which the page will ask for features. */
  comparison: number;
  onProgress: (done: number, total: number) => void;
  signal: AbortSignal;
}

/** Two measured models. */
export class Compared {
  private constructor(
    readonly summary: Comparison,
    private readonly sides: Readonly<Record<'left' | 'right', Measured>>,
  ) {}

  static async of(left: Side, right: Side, rows: Rows, how: How): Promise<Compared> {
    for (const side of [left, right]) checkWidth(side, rows.source);
    const { onProgress, signal } = how;
    // Two measurements and a pass over the test rows.
    const part = (at: number) => (done: number, total: number) => onProgress(at + done / Math.max(1, total), 3);
    // Copies of the runs' models: training may go on meanwhile.
    const [a, b] = [inStoredUnits(left, rows.whole), inStoredUnits(right, rows.whole)];
    try {
      const { left: lefts, right: rights, cosines, unmatched } = a.sae.pairs(b.sae);
      const adjustedRand = await a.sae.adjustedRand(b.sae, rows.test, { signal, onProgress: part(0) });
      heed(signal);
      const first = await measuredOn(a, rows.source, { ...how, onProgress: part(1) });
      try {
        heed(signal);
        const second = await measuredOn(b, rows.source, { ...how, onProgress: part(2) });
        const summary = {
          comparison: how.comparison,
          left: sideOf(left, first),
          right: sideOf(right, second),
          pairs: { left: lefts, right: rights, cosines },
          unmatched,
          adjustedRand,
          testRows: rows.test.rows,
        };
        return new Compared(summary, { left: first, right: second });
      } catch (error) {
        freed(first);
        throw error;
      }
    } finally {
      a.free();
      b.free();
    }
  }

  rows(side: 'left' | 'right', feature: number): ShownRow[] {
    return topOf(this.sides[side], feature);
  }

  contexts(
    side: 'left' | 'right',
    feature: number,
    rows: readonly number[],
    most: number,
  ): (FeatureContext | undefined)[] {
    return contextsOf(this.sides[side], feature, rows, most);
  }

  free(): void {
    freed(this.sides.left);
    freed(this.sides.right);
  }
}

function freed({ features, source }: Measured): void {
  features.free();
  source.free();
}

function checkWidth({ title, sae }: Side, { info }: Source): void {
  if (sae.dIn === info.cols) return;
  throw new Failure(
    `${title}: reads rows of ${count(sae.dIn)} values (d_in), and these have ${count(info.cols)}. SAEs are compared on rows that both read`,
    'shape',
  );
}

/** Between two steps a model may have made way for another, which ends the comparison. */
function heed(signal: AbortSignal): void {
  if (signal.aborted) throw new Failure('cancelled: the SAEs were not compared', 'cancelled');
}

interface InStoredUnits extends Side {
  free: () => void;
}

/** The model as it reads and writes rows as they are stored, so that directions of two runs are of one space. */
function inStoredUnits(side: Side, whole: Dataset): InStoredUnits {
  if (side.stored) return { ...side, free: () => undefined };
  const sae = side.sae.folded(whole);
  return { ...side, sae, free: () => sae.free() };
}

async function measuredOn(
  side: InStoredUnits,
  source: Source,
  { seed, comparison, onProgress, signal }: How,
): Promise<Measured> {
  const rows = source.data.normalised('none');
  try {
    return await measure(side, source, rows, { seed, measurement: comparison, onProgress, signal });
  } finally {
    rows.free();
  }
}

function sideOf({ title }: Side, { summary }: Measured): ComparedSide {
  const { words, table } = summary;
  return { title, words, density: table.density, max: table.max };
}

/** A copy of a model that reads rows as they are stored. */
export function keptOf({ title, sae, stored }: Side, whole: Dataset): Kept {
  const copy = scratch((hold) => {
    const source = stored ? sae : hold(sae.folded(whole));
    return Sae.fromParts({ ...source.parameters(), activation: source.activation }, source.dIn, source.dSae);
  });
  return { title, sae: copy, dIn: copy.dIn, dSae: copy.dSae };
}
