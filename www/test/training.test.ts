import { describe, expect, it } from 'vitest';
import type { EpochReport, ResolvedOptions } from 'splinterp/lab';
import type { TrainingEvent } from '../src/lab/protocol';
import type { SavedRun } from '../src/lab/worker/store';
import { runOf, Training, type Trains } from '../src/lab/worker/training';
import { report } from './support/fakes';

/** A trainer whose epochs end when the test says so, and that can do but one thing at a time, as the crate's. */
class FakeTrainer implements Trains {
  readonly options = {} as ResolvedOptions;
  readonly backend = 'CPU';
  readonly backendReason = 'asked for';
  epochs = 0;
  private end: (how: 'done' | 'cancelled' | 'failed') => void = () => undefined;
  private busy = false;

  private async alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.busy) throw new Error('an epoch is running');
    this.busy = true;
    try {
      return await work();
    } finally {
      this.busy = false;
    }
  }

  epoch(): Promise<EpochReport> {
    return this.alone(async () => {
      const how = await new Promise((resolve) => (this.end = resolve));
      if (how === 'failed') throw Object.assign(new Error('a.npy: cannot be read'), { code: 'format' });
      if (how === 'cancelled') throw Object.assign(new Error('cancelled'), { code: 'cancelled' });
      this.epochs += 1;
      return report(this.epochs);
    });
  }

  finish(): void {
    this.end('done');
  }

  cancel(): void {
    this.end('cancelled');
  }

  fail(): void {
    this.end('failed');
  }

  sae = (): Promise<{ free: () => void }> => Promise.resolve({ free: () => undefined });
  checkpoint = (): Promise<Uint8Array> => this.alone(() => Promise.resolve(new Uint8Array(1e6)));
  free = (): void => undefined;
}

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

async function training(save: (runs: SavedRun[]) => Promise<void> = () => Promise.resolve()) {
  const trainers = [new FakeTrainer(), new FakeTrainer()] as const;
  const events: TrainingEvent[] = [];
  const runs = [await runOf('sgd', trainers[0]), await runOf('pam', trainers[1])];
  const all = new Training(runs, (event) => events.push(event), save);
  const epoch = async (): Promise<void> => {
    for (const trainer of trainers) {
      trainer.finish();
      await tick();
    }
  };
  const rests = (): string[] => events.flatMap((event) => (event.type === 'rested' ? [event.rest] : []));
  return { all, trainers, events, epoch, rests };
}

describe('training', () => {
  it('goes in step, and tells of a rest after the epochs before it', async () => {
    const { all, epoch, events, rests } = await training();
    all.play(2);
    await epoch();
    await epoch();
    expect(rests()).toEqual(['finished']);
    expect(events.map(({ type }) => type)).toEqual(['epoch', 'epoch', 'epoch', 'epoch', 'rested']);
    const rested = events.at(-1);
    expect(rested?.type === 'rested' && rested.runs.map(({ reports }) => reports.length)).toEqual([2, 2]);
  });

  it('that is asked for while the runs are being kept begins when they are', async () => {
    let kept: () => void = () => undefined;
    let slow = false;
    const { all, epoch, rests, trainers } = await training(() =>
      slow ? new Promise((resolve) => (kept = resolve)) : Promise.resolve(),
    );
    all.play(9);
    await epoch();
    all.pause();
    slow = true;
    await epoch();
    expect(rests()).toEqual(['paused']);
    all.play(9);
    await tick();
    kept();
    slow = false;
    await tick();
    await epoch();
    expect(trainers.map(({ epochs }) => epochs)).toEqual([3, 3]);
  });

  it('rests at once when it is cancelled, and goes on where it was', async () => {
    const { all, epoch, rests, trainers } = await training();
    all.play(3);
    await epoch();
    all.cancel();
    await tick();
    expect(rests()).toEqual(['cancelled']);
    all.play(2);
    await epoch();
    expect(rests()).toEqual(['cancelled', 'finished']);
    expect(trainers.map(({ epochs }) => epochs)).toEqual([2, 2]);
  });

  it('keeps its runs when it rests, and not after every short epoch', async () => {
    const saves: number[] = [];
    const { all, epoch } = await training((runs) => {
      saves.push(runs[0]?.reports.length ?? 0);
      return Promise.resolve();
    });
    all.play(5);
    for (let i = 0; i < 5; i++) await epoch();
    expect(saves.at(-1)).toBe(5);
    expect(saves.length).toBeLessThan(4);
  });

  it('keeps a run that fails as its last epoch left it', async () => {
    const saves: number[][] = [];
    const { all, epoch, events, rests, trainers } = await training((runs) => {
      saves.push(runs.map(({ reports }) => reports.length));
      return Promise.resolve();
    });
    all.play(9);
    await epoch();
    await epoch();
    for (const trainer of trainers) {
      trainer.fail();
      await tick();
    }
    expect(rests()).toEqual(['failed']);
    expect(events.find(({ type }) => type === 'failed')).toMatchObject({ code: 'format' });
    expect(saves.at(-1)).toEqual([2, 2]);
  });
});
