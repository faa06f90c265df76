// Runs that are pinned: kept beside the session with their settings, reports and models, to be compared.

import type { EpochReport, ResolvedOptions } from 'splinterp/lab';
import { Latest } from '../../../kit/latest';
import type { RunName } from '../../../lab/protocol';
import { titleOf } from '../../../kit/runs';
import type { PicturesLab } from '../lab';
import type { Model, ModelPictures } from '../protocol';

/** Runs that can be pinned, and bytes that their models may take. */
export const MOST_PINS = 6;
const MOST_PINNED_BYTES = 64e6;

/** A run as it was when it was pinned. */
export interface Pin {
  id: number;
  /** What the user calls it. */
  name: string;
  run: RunName;
  options: ResolvedOptions;
  /** What it was trained and tested on, and how many rows of it. */
  data: string;
  trainRows: number;
  epochs: number;
  reports: readonly EpochReport[];
  model: Model;
}

/** What a pinned run makes of the test images that are shown. */
interface Pictured extends ModelPictures {
  rows: readonly number[];
}

function bytesOf({ dIn, dSae }: Model): number {
  return 4 * (2 * dIn * dSae + dIn + dSae);
}

export class PinController {
  pins: readonly Pin[] = [];
  private count = 0;
  /** The pin that the others are compared with. */
  private chosen: number | undefined;
  private readonly pictures = new Map<number, Pictured>();
  private readonly latest = new Latest();
  /** Session and images that the pictures are of. */
  private key = '';
  private watched = false;

  constructor(private readonly lab: PicturesLab) {}

  get reference(): Pin | undefined {
    return this.pins.find(({ id }) => id === this.chosen) ?? this.pins[0];
  }

  of({ id }: Pin): Pictured | undefined {
    return this.pictures.get(id);
  }

  /** Why no more can be pinned. */
  whyFull(): string | undefined {
    const bytes = this.pins.reduce((sum, { model }) => sum + bytesOf(model), 0);
    if (this.pins.length < MOST_PINS && bytes < MOST_PINNED_BYTES) return undefined;
    return this.pins.length < MOST_PINS
      ? 'The pinned models take all the memory set aside for them.'
      : `${MOST_PINS} runs are pinned, as many as fit.`;
  }

  /** Pins a run as its last epoch left it. */
  async pin(name: RunName): Promise<void> {
    const { session } = this.lab;
    if (!session || this.whyFull() !== undefined) return;
    const model = await this.lab.ask((worker) => worker.model(session.id, name));
    const run = session.run(name);
    if (!model || !run || this.whyFull() !== undefined) return;
    this.count += 1;
    const { options, reports, epochs } = run;
    const { dataName: data, trainRows } = session.info;
    const title = `${titleOf(name)}, epoch ${epochs}`;
    const taken = this.pins.filter((pin) => pin.name === title || pin.name.startsWith(`${title} (`)).length;
    const pin = { id: this.count, name: taken > 0 ? `${title} (${taken + 1})` : title, run: name };
    this.pins = [...this.pins, { ...pin, options, data, trainRows, epochs, reports, model }];
    this.lab.changed();
    this.follow();
  }

  unpin(id: number): void {
    this.pins = this.pins.filter((pin) => pin.id !== id);
    this.pictures.delete(id);
    this.lab.changed();
  }

  rename(id: number, name: string): void {
    const text = name.trim();
    if (text !== '') this.pins = this.pins.map((pin) => (pin.id === id ? { ...pin, name: text } : pin));
    this.lab.changed();
  }

  compareWith(id: number): void {
    this.chosen = id;
    this.lab.changed();
  }

  /** Pictures are drawn while somebody looks. */
  watch(watched: boolean): void {
    this.watched = watched;
    this.follow();
  }

  /** Sees to it that every pin has its pictures of the images that are shown. */
  follow(): void {
    const { session, pictures } = this.lab;
    if (!session || !pictures || !this.watched) return;
    const key = `${session.id} ${pictures.rows.join()}`;
    if (key !== this.key) this.pictures.clear();
    this.key = key;
    this.latest.ask(async () => {
      for (const { id, model } of this.pins) {
        if (this.pictures.has(id) || model.dIn !== session.info.cols || key !== this.key) continue;
        const { rows } = pictures;
        const made = await this.lab.ask((worker) => worker.picturesBy(session.id, { model, rows }), 'missing');
        if (!made || key !== this.key) return;
        this.pictures.set(id, { ...made, rows });
        this.lab.changed();
      }
    });
  }
}
