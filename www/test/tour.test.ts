import { describe, expect, it } from 'vitest';
import { settings } from '../src/labs/mnist/settings';
import { steps } from '../src/labs/mnist/tour/steps';
import { settled } from './support/fakes';
import { FakeMemory, makeLab, started, trained } from './support/mnist';

/** What a step says, without the markup. */
function said(text: unknown): string {
  if (typeof text === 'string') return text;
  return typeof text === 'object' && text !== null && 'strings' in text ? String(text.strings) : '';
}

describe('the steps of the tour', () => {
  it('are six to eight, each a state of the lab that is understood in full', () => {
    expect(steps.length).toBeGreaterThanOrEqual(6);
    expect(steps.length).toBeLessThanOrEqual(8);
    for (const { hash } of steps) expect(settings.parse(`#${hash}`).notes, hash).toEqual([]);
  });

  it('disturb the training in no more than two steps', () => {
    const initial = settings.initial();
    const trains = steps.filter(
      ({ hash }) => settings.differences(settings.parse(hash).state, initial, 'run').length > 0,
    );
    expect(trains.map(({ title }) => title)).toEqual(['Little data', 'ReLU in the place of TopK']);
  });

  it('speak before there is anything to speak of, and of what is there', async () => {
    const before = makeLab().lab;
    const { lab } = await trained();
    for (const { title, text } of steps) {
      expect(said(text(before)).length, title).toBeGreaterThan(80);
      expect(said(text(lab)), title).not.toMatch(/undefined|NaN|–/);
    }
    const ways = steps.find(({ title }) => title === 'Two ways to train');
    expect(said(ways?.text(lab))).toContain(lab.summary());
  });
});

describe('the tour', () => {
  it('is offered at the first visit only', () => {
    const memory = new FakeMemory();
    expect(makeLab('', false, undefined, memory).lab.tour.offered).toBe(true);
    expect(makeLab('', false, undefined, memory).lab.tour.offered).toBe(false);
  });

  it('is not offered where nothing can be remembered, and can be started there', async () => {
    const { lab } = makeLab('', false, undefined, {
      getItem: () => {
        throw new Error('denied');
      },
      setItem: () => undefined,
    });
    expect(lab.tour.offered).toBe(false);
    await lab.start();
    lab.tour.start();
    expect(lab.tour.step?.title).toBe(steps[0]?.title);
  });

  it('leaves a run alone until a step is about another, and gives the settings back', async () => {
    const { lab, fake } = await started('#k=9', true);
    await fake.epochs(1, 1, 2);
    lab.tour.start();
    for (let i = 1; i < 6; i++) lab.tour.go(i);
    await settled();
    expect(lab.session?.id).toBe(1);
    expect(fake.asked).toHaveLength(1);
    lab.tour.go(6);
    await settled();
    expect(lab.state).toMatchObject({ share: 1, k: 9 });
    lab.tour.go(7);
    await settled();
    expect(lab.state).toMatchObject({ share: 10, activation: 'relu', k: 9 });
    lab.tour.end();
    await settled();
    expect(settings.write(lab.state)).toBe('k=9');
    expect(lab.tour.step).toBeUndefined();
    // The visitor's own run is taken up where it was kept.
    expect(fake.asked.at(-1)?.request.resume).toBe(true);
  });

  it('keeps what the visitor changes on the way', async () => {
    const { lab } = await started();
    lab.tour.start();
    lab.change({ dSae: 64, digit: 3 });
    lab.tour.go(6);
    expect(lab.state).toMatchObject({ dSae: 64, share: 1 });
    lab.change({ seed: 5 });
    lab.tour.end();
    expect(lab.state).toMatchObject({ dSae: 64, seed: 5, digit: 3, share: 10 });
  });

  it('ends beyond its last step, and does not go before its first', async () => {
    const { lab } = await started();
    lab.tour.start();
    lab.tour.go(-1);
    expect(lab.tour.place).toBe(0);
    lab.tour.go(steps.length);
    expect(lab.tour.place).toBeUndefined();
  });
});
