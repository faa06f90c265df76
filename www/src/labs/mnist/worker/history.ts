// The models of a session's runs through its epochs, for pictures of the past. They are kept in half precision and
// within a bound: when they take more, every other epoch is dropped, so that those that stay are evenly spaced.

import type { Parameters, Sae } from 'splinterp/lab';
import type { RunName } from '../../../lab/protocol';
import { crate } from './crate';
import { fromHalf, toHalf } from './half';
import { transposed } from './pictures';

/** Bytes that the models of one session may take: 16 epochs of three runs of 784 × 256, one of them tied. */
export const MOST_HISTORY_BYTES = 32e6;

/** A model in half precision; a tied decoder is the encoder transposed, and not kept a second time. */
interface Kept extends Pick<Sae, 'activation' | 'dIn' | 'dSae'> {
  epoch: number;
  encoder: Uint16Array;
  encoderBias: Uint16Array;
  decoder: Uint16Array | undefined;
  decoderBias: Uint16Array;
}

function bytesOf({ encoder, encoderBias, decoder, decoderBias }: Kept): number {
  return encoder.byteLength + encoderBias.byteLength + (decoder?.byteLength ?? 0) + decoderBias.byteLength;
}

/**
 * Keeps one thing an epoch within a bound of bytes. Epochs are kept that are multiples of a step, which doubles when
 * the bound is passed, and the newest.
 */
export class Thinned<T extends { epoch: number }> {
  private readonly kept = new Map<RunName, T[]>();
  private step = 1;
  private bytes = 0;

  constructor(
    private readonly most: number,
    private readonly bytesOf: (value: T) => number,
  ) {}

  add(run: RunName, value: T): void {
    const before = this.kept.get(run) ?? [];
    // A run that goes back to an earlier epoch, as after a cancelled one, goes on from there.
    const others = before.filter(({ epoch }) => epoch < value.epoch && this.stays(epoch));
    this.replace(run, before, [...others, value]);
    while (this.bytes > this.most && this.couldDrop()) {
      this.step *= 2;
      for (const [name, values] of this.kept) this.replace(name, values, this.thin(values));
    }
  }

  private stays(epoch: number): boolean {
    return epoch % this.step === 0;
  }

  private thin(values: T[]): T[] {
    return values.filter((value, i) => this.stays(value.epoch) || i === values.length - 1);
  }

  private couldDrop(): boolean {
    return [...this.kept.values()].some((values) => values.slice(0, -1).some(({ epoch }) => epoch > 0));
  }

  private replace(run: RunName, before: T[], after: T[]): void {
    this.kept.set(run, after);
    const sum = (values: T[]): number => values.reduce((total, value) => total + this.bytesOf(value), 0);
    this.bytes += sum(after) - sum(before);
  }

  /** The last one kept at an epoch or before it, else the first. */
  at(run: RunName, epoch: number): T | undefined {
    const values = this.kept.get(run) ?? [];
    return values.findLast((value) => value.epoch <= epoch) ?? values[0];
  }

  /** Epochs of which something of any run is kept, ascending. */
  get epochs(): number[] {
    const all = [...this.kept.values()].flatMap((values) => values.map(({ epoch }) => epoch));
    return [...new Set(all)].sort((a, b) => a - b);
  }
}

export class ModelHistory {
  private readonly models = new Thinned<Kept>(MOST_HISTORY_BYTES, bytesOf);

  /** Epochs that can be looked at, ascending. */
  get epochs(): number[] {
    return this.models.epochs;
  }

  add(run: RunName, epoch: number, sae: Sae, tied: boolean): void {
    const { W_enc, b_enc, W_dec, b_dec } = sae.parameters();
    this.models.add(run, {
      epoch,
      activation: sae.activation,
      dIn: sae.dIn,
      dSae: sae.dSae,
      encoder: toHalf(W_enc),
      encoderBias: toHalf(b_enc),
      decoder: tied ? undefined : toHalf(W_dec),
      decoderBias: toHalf(b_dec),
    });
  }

  /** The model of a run as an epoch left it, or the last one kept before; the caller frees it. */
  at(run: RunName, epoch: number): { sae: Sae; epoch: number } | undefined {
    const kept = this.models.at(run, epoch);
    if (!kept) return undefined;
    const { activation, dIn, dSae } = kept;
    return { sae: crate().Sae.fromParts({ ...parametersOf(kept), activation }, dIn, dSae), epoch: kept.epoch };
  }
}

function parametersOf({ encoder, encoderBias, decoder, decoderBias, dIn, dSae }: Kept): Parameters {
  const W_enc = fromHalf(encoder);
  return {
    W_enc,
    b_enc: fromHalf(encoderBias),
    W_dec: decoder ? fromHalf(decoder) : transposed(W_enc, dIn, dSae),
    b_dec: fromHalf(decoderBias),
  };
}
