// Races between what the user wants and what the worker does: whatever the order, nothing is shown under another's name.

import { beforeEach, describe, expect, it } from 'vitest';
import { settled } from './support/fakes';
import { started, trained } from './support/mnist';

describe('quick changes', () => {
  let made: Awaited<ReturnType<typeof trained>>;
  beforeEach(async () => {
    made = await trained();
    made.fake.prompt = false;
  });

  it('k 15 → 16 → 15 before 16 stands leaves the run of 15, with its epochs, under 15', async () => {
    const { lab, fake } = made;
    lab.change({ k: 16 });
    await settled();
    lab.change({ k: 15 });
    await fake.asked.at(-1)?.stand();
    expect(lab.session?.id).toBe(1);
    expect(lab.session?.wanted.state.k).toBe(15);
    expect(lab.epoch).toBe(3);
    expect(fake.told).toContain('release 2');
    expect(fake.told).not.toContain('cancel 1');
  });

  it('k 15 → 16 → 15 by links, once 16 stands, brings the run of 15 back', async () => {
    const { lab, fake, address } = made;
    address.go('#k=16');
    await settled();
    await fake.asked.at(-1)?.stand();
    expect(lab.session?.wanted.state.k).toBe(16);
    expect(lab.epoch).toBe(0);
    address.go('');
    await settled();
    expect(lab.session?.id).toBe(1);
    expect(lab.state.k).toBe(15);
    expect(lab.epoch).toBe(3);
  });

  it('shows nothing of 15 under 16 while 16 is on its way', async () => {
    const { lab, fake } = made;
    lab.change({ k: 16 });
    await settled();
    expect(lab.phase).toBe('preparing');
    expect(lab.session).toBeUndefined();
    expect(lab.epoch).toBe(0);
    expect(lab.summary()).toBe('No epoch is done yet.');
    await fake.asked.at(-1)?.stand();
    expect(lab.phase).toBe('resting');
  });

  it('k 16, 17, 18 end at 18, however the worker answers', async () => {
    const { lab, fake } = made;
    for (const k of [16, 17, 18]) lab.change({ k });
    await settled();
    for (let i = 1; i < fake.asked.length; i++) await fake.asked[i]?.stand();
    await fake.asked.at(-1)?.stand();
    expect(lab.session?.wanted.state.k).toBe(18);
    expect(fake.asked.at(-1)?.request.config.k).toBe(18);
  });

  it('share 25 → 10 % says how many rows 10 % are', async () => {
    const { lab, fake } = made;
    lab.change({ share: 25 });
    await settled();
    lab.change({ share: 10 });
    await fake.asked[1]?.stand();
    expect(lab.session?.info.trainRows).not.toBe(15_000);
    await fake.asked[2]?.stand();
    expect(lab.session?.info.trainRows).toBe(6_000);
  });

  it('a valid change followed at once by an invalid one leaves the valid one, label and session', async () => {
    const { lab, fake, address } = made;
    lab.enter('k', '16');
    await settled();
    lab.enter('k', '300');
    await fake.asked[1]?.stand();
    await fake.asked[2]?.refuse('k is 300, expected a whole number from 1 to 256');
    expect(lab.state.k).toBe(16);
    expect(address.read()).toBe('#k=16');
    expect(lab.session?.wanted.state.k).toBe(16);
    expect(lab.alert).toBe('k must be a whole number from 1 to 256; it was 300.');
    await fake.epochs(1, 4, 5);
    expect(lab.epoch).toBe(0);
  });

  it('a valid change followed at once by an invalid one while it plays: the valid one is played', async () => {
    const { lab, fake } = made;
    lab.play();
    await settled();
    expect(fake.told.at(-1)).toBe('play 1 10');
    lab.enter('k', '16');
    await settled();
    lab.enter('k', '300');
    await fake.asked[1]?.stand();
    await fake.asked[2]?.refuse('k is 300, expected a whole number from 1 to 256');
    await settled();
    expect(lab.session?.wanted.state.k).toBe(16);
    expect(fake.told).toContain('play 2 10');
    expect(lab.phase).toBe('playing');
  });

  it('a refused change leaves the run that stood, its epochs and its address', async () => {
    const { lab, fake, address } = made;
    lab.enter('dSae', '999');
    await settled();
    await fake.asked[1]?.refuse('dSae is 999, expected less');
    expect(lab.session?.id).toBe(1);
    expect(lab.epoch).toBe(3);
    expect(lab.alert).toContain('Latents must be less');
    expect(address.read()).toBe('#');
  });

  it('a late epoch of a replaced run does not enter the next curve', async () => {
    const { lab, fake } = made;
    lab.change({ k: 16 });
    await settled();
    await fake.asked[1]?.stand();
    await fake.epochs(1, 4, 4);
    expect(lab.session?.runs.map(({ reports }) => reports.length)).toEqual([0, 0]);
    await fake.epochs(2, 1, 1);
    expect(lab.epoch).toBe(1);
  });
});

describe('Undo', () => {
  it('after two resets brings the trained run back', async () => {
    const { lab } = await trained();
    lab.reset();
    await settled();
    lab.reset();
    await settled();
    expect(lab.epoch).toBe(0);
    lab.undo();
    await settled();
    expect(lab.epoch).toBe(3);
    expect(lab.session?.id).toBe(1);
  });

  it('after two quick changes brings back the settings of the run that it brings back', async () => {
    const { lab, fake, address } = await trained();
    fake.prompt = false;
    lab.change({ k: 16 });
    await settled();
    lab.change({ k: 17, lr: 0.01 });
    await fake.asked[1]?.stand();
    await fake.asked[2]?.stand();
    expect(lab.canUndo).toBe(true);
    lab.undo();
    await settled();
    expect(lab.state).toMatchObject({ k: 15, lr: 0.003 });
    expect(lab.session?.wanted.state).toMatchObject({ k: 15, lr: 0.003 });
    expect(lab.epoch).toBe(3);
    expect(address.read()).toBe('#');
  });

  it('finds the epochs of a run that were told after it was put aside', async () => {
    const { lab, fake } = await trained();
    lab.play();
    lab.change({ k: 16 });
    await settled();
    await fake.epochs(1, 4, 4);
    await fake.rested(1, 4, 'cancelled');
    expect(lab.epoch).toBe(0);
    lab.undo();
    await settled();
    expect(lab.epoch).toBe(4);
  });

  it('keeps no session that is too large to be put aside', async () => {
    const { lab, fake } = await trained();
    const session = lab.session;
    if (session) session.info = { ...session.info, bytes: 1e9 };
    lab.reset();
    await settled();
    expect(lab.canUndo).toBe(false);
    expect(fake.told).toContain('release 1');
  });
});

describe('the transport', () => {
  it('a rest that is told before the last epochs still shows them', async () => {
    const { lab, fake } = await started();
    lab.play();
    await fake.epochs(1, 1, 8);
    await fake.rested(1, 10);
    expect(lab.epoch).toBe(10);
    expect(lab.phase).toBe('resting');
    await fake.epochs(1, 9, 10);
    expect(lab.session?.runs[0]?.reports.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('Play that is pressed as a rest is on its way trains on', async () => {
    const { lab, fake } = await started();
    lab.play();
    await fake.epochs(1, 1, 2);
    lab.pause();
    lab.play();
    await fake.rested(1, 2, 'paused');
    expect(lab.phase).toBe('playing');
    expect(fake.told.filter((what) => what === 'play 1 10')).toHaveLength(3);
  });

  it('a longer plan moves the target of a run that trains, but is another run where step sizes fall', async () => {
    const { lab, fake } = await started('#runs=sgd-tied,pam-plain');
    lab.play();
    lab.enter('epochs', '30');
    expect(fake.told).toContain('play 1 30');
    expect(fake.asked).toHaveLength(1);
    lab.change({ runs: ['sgd-untied'] });
    await settled();
    lab.enter('epochs', '40');
    await settled();
    expect(fake.asked.map(({ request }) => request.epochs)).toEqual([10, 30, 40]);
  });

  it('Step trains one epoch, and Play beyond the target ten', async () => {
    const { lab, fake } = await trained(10, '#runs=sgd-tied');
    lab.step();
    expect(fake.told.at(-1)).toBe('play 1 11');
    await fake.epochs(1, 11, 11);
    await fake.rested(1, 11);
    lab.play();
    expect(fake.told.at(-1)).toBe('play 1 21');
  });

  it('sessions train as they stand only where that is wanted', async () => {
    const { fake } = await started('', true);
    expect(fake.told).toContain('play 1 10');
    const other = await started();
    expect(other.fake.told).not.toContain('play 1 10');
  });
});
