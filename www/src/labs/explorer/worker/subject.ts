// A model that is explored: the SAE itself, its parameters by latent, and what is kept of it from call to call.

import { PlaneView, Sae, type Partition, type PlaneAngles } from 'splinterp';
import { Failure } from '../../../kit/failure';
import type { Box, Model, PlaneChoice } from '../protocol';
import type { Rows } from './rows';

/** Rows encoded at once. */
const CHUNK = 64;
/** Rows that a latent is known by. */
const STRONGEST = 4;

/** The window that was cut last. */
export interface Cut {
  readonly view: PlaneView;
  readonly angles: PlaneAngles;
  readonly partition: Partition;
  readonly box: Box;
  /** The power diagram of the latents' sites there, once it is asked for. */
  power?: Partition;
}

export class Subject {
  readonly sae: Sae;
  cut: Cut | undefined;
  private laid: { readonly key: string; readonly view: PlaneView } | undefined;
  private words: string[] | undefined;

  constructor(
    readonly model: Model,
    readonly rows: Rows,
    readonly epoch: number,
  ) {
    const { dIn, dSae } = model;
    if (dIn !== rows.given.cols) {
      throw new Failure(`The SAE reads rows of ${dIn} values, expected ${rows.given.cols} as the rows have`, 'shape');
    }
    this.sae = Sae.fromParts(model, dIn, dSae);
  }

  decoderRow(latent: number): Float32Array {
    const { dIn, W_dec } = this.model;
    return W_dec.subarray(latent * dIn, (latent + 1) * dIn);
  }

  /** A plane through what was chosen, kept until another is asked for. */
  view(choice: PlaneChoice): PlaneView {
    const key = JSON.stringify(choice);
    if (this.laid?.key === key) return this.laid.view;
    const { rows, sae } = this;
    const view = new PlaneView(sae, rows.given.shown, rows.components, rows.within(choice));
    this.dropPlane();
    this.laid = { key, view };
    return view;
  }

  /** Tokens of the rows on which each latent is most active. */
  wordsOf(latent: number): string | undefined {
    const { tokens } = this.rows.given;
    if (!tokens) return undefined;
    this.words ??= this.findWords();
    return this.words[latent];
  }

  private findWords(): string[] {
    const { given, count } = this.rows;
    const { dSae } = this.model;
    const best = Array.from({ length: dSae }, (): { row: number; z: number }[] => []);
    for (let from = 0; from < count; from += CHUNK) {
      const codes = this.sae.encode(given.shown.slice(from * given.cols, Math.min(count, from + CHUNK) * given.cols));
      for (let at = 0; at < codes.length; at++) {
        const z = Math.abs(codes[at] ?? 0);
        const list = best[at % dSae];
        if (z === 0 || !list || (list.length === STRONGEST && z <= (list.at(-1)?.z ?? 0))) continue;
        list.push({ row: from + Math.floor(at / dSae), z });
        list.sort((p, q) => q.z - p.z).splice(STRONGEST);
      }
    }
    return best.map((list) => [...new Set(list.flatMap(({ row }) => given.tokens?.[row]?.token ?? []))].join(', '));
  }

  keepCut(cut: Cut): void {
    this.dropCut();
    this.cut = cut;
  }

  private dropCut(): void {
    this.cut?.partition.free();
    this.cut?.power?.free();
    this.cut = undefined;
  }

  private dropPlane(): void {
    this.dropCut();
    this.laid?.view.free();
    this.laid = undefined;
  }

  free(): void {
    this.dropPlane();
    this.sae.free();
  }
}
