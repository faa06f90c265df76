// The explorer's worker: it holds models and rows that labs hand over, and cuts, reads and measures them. It is a
// worker of its own so that planes turn smoothly while a lab's worker trains.

import { transfer } from 'comlink';
import init from 'splinterp';
import { Failure } from '../../../kit/failure';
import { serve } from '../../../kit/remote';
import { throttled } from '../../../lab/worker/throttle';
import type {
  ExplorerService,
  GivenRows,
  Model,
  PlaneRequest,
  Pulse,
  Readout,
  Refitted,
  ShownRow,
  Slice,
  SliceRequest,
  Stand,
  Tally,
  Walk,
  WalkFrame,
} from '../protocol';
import { slice } from './cells';
import { check } from './check';
import { frames, read, walk } from './point';
import { Rows } from './rows';
import { pulse, refit, stand } from './stand';
import { Subject } from './subject';

/** Random numbers from a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

// The page awaits all that it calls, so what answers at once answers by a promise too.
/* eslint-disable @typescript-eslint/require-await */

class Explorer implements ExplorerService {
  private readonly rows = new Map<string, Rows>();
  private readonly subjects = new Map<string, Subject>();
  /** Subjects that a long measurement still uses: they are freed after it. */
  private readonly inUse = new Map<Subject, number>();
  private measuring = new AbortController();

  async start(): Promise<void> {
    await init();
  }

  async takeRows(key: string, rows: GivenRows): Promise<void> {
    this.rows.set(key, new Rows(rows));
  }

  async takeModel(name: string, model: Model, key: string, epoch: number): Promise<void> {
    const rows = this.rows.get(key);
    if (!rows) throw new Failure('The rows of this model have not come', 'missing');
    const next = new Subject(model, rows, epoch);
    this.drop(name);
    this.subjects.set(name, next);
  }

  async keepOnly(models: readonly string[], rows: readonly string[]): Promise<void> {
    for (const name of [...this.subjects.keys()]) if (!models.includes(name)) this.drop(name);
    for (const key of [...this.rows.keys()]) if (!rows.includes(key)) this.rows.delete(key);
  }

  private drop(name: string): void {
    const subject = this.subjects.get(name);
    this.subjects.delete(name);
    if (subject && !this.inUse.has(subject)) subject.free();
  }

  private subject(name: string): Subject {
    const subject = this.subjects.get(name);
    if (!subject) throw new Failure('This model is not here any more', 'missing');
    return subject;
  }

  /** Keeps a subject until work on it is done, though another may have taken its name. */
  private async using<T>(name: string, work: (subject: Subject) => Promise<T>): Promise<T> {
    const subject = this.subject(name);
    this.inUse.set(subject, (this.inUse.get(subject) ?? 0) + 1);
    try {
      return await work(subject);
    } finally {
      const left = (this.inUse.get(subject) ?? 1) - 1;
      if (left > 0) this.inUse.set(subject, left);
      else {
        this.inUse.delete(subject);
        if (this.subjects.get(name) !== subject) subject.free();
      }
    }
  }

  async slice(request: SliceRequest): Promise<Slice> {
    const made = slice(this.subject(request.model), request);
    const { offsets, coordinates, neighbours, areas, ownerOffsets, owners, colours } = made.diagram;
    const arrays = [offsets, coordinates, neighbours, areas, ownerOffsets, owners, colours, made.values, made.jumps];
    return transfer(
      made,
      arrays.map(({ buffer }) => buffer as ArrayBuffer),
    );
  }

  async read({ model, plane, x, y }: { model: string; plane: PlaneRequest; x: number; y: number }): Promise<Readout> {
    return read(this.subject(model), plane, x, y);
  }

  async shown(model: string, request: { rows: number[] } | { search: string; most: number }): Promise<ShownRow[]> {
    const { rows } = this.subject(model);
    if ('search' in request) return rows.search(request.search, request.most);
    return request.rows.map((row) => rows.shown(row % rows.count));
  }

  async walk({ model, from, to }: { model: string; from: number; to: number }): Promise<Walk> {
    return walk(this.subject(model), from, to);
  }

  async frames(request: { model: string; from: number; to: number; at: number[] }): Promise<WalkFrame[]> {
    return frames(this.subject(request.model), request.from, request.to, request.at);
  }

  async pulse(model: string): Promise<Pulse> {
    return this.using(model, pulse);
  }

  async stand(model: string, tell: (share: number, step: string) => void): Promise<Stand> {
    this.measuring.abort();
    this.measuring = new AbortController();
    let step = '';
    const told = throttled((done, total) => tell(done / total, step));
    return this.using(model, (subject) =>
      stand(subject, {
        signal: this.measuring.signal,
        tell: (share, now) => {
          step = now;
          told(share, 1);
        },
      }),
    );
  }

  async cancelStand(): Promise<void> {
    this.measuring.abort();
  }

  async refit(model: string): Promise<Refitted> {
    const made = await this.using(model, (subject) => refit(subject, model));
    return transfer(made, [made.file.bytes.buffer]);
  }

  async check({ model, points, seed }: { model: string; points: number; seed: number }): Promise<Tally> {
    return check(this.subject(model), points, randomOf(seed));
  }
}

serve<ExplorerService>(new Explorer());
