// What the MNIST lab does until MNIST is there, and where it does not come.

import { describe, expect, it } from 'vitest';
import type { MnistInfo } from '../src/labs/mnist/protocol';
import { settled } from './support/fakes';
import { makeLab } from './support/mnist';

const standIn: Partial<MnistInfo> = { standIn: true };

/** A lab that was opened without an address, and whose first session is asked for. */
async function opened(autoplay = true) {
  const made = makeLab('', autoplay, (fake) => (fake.prompt = false));
  void made.lab.start();
  await settled();
  const [fake] = made.fakes;
  if (!fake) throw new Error('no worker was made');
  return { ...made, fake };
}

/** The same, with digits that train in the place of MNIST. */
async function waiting() {
  const made = await opened();
  await made.fake.asked[0]?.stand({
    info: { ...made.fake.infoOf(made.lab.settings.config(made.lab.state)), ...standIn },
  });
  return made;
}

describe('a page without an address', () => {
  it('asks for MNIST, 10 % of it', async () => {
    const { fake } = await opened();
    expect(fake.asked[0]?.request.config).toMatchObject({ source: 'mnist', share: 10 });
  });

  it('trains on digits until MNIST is there, says so, and then trains on MNIST without a word', async () => {
    const { lab, fake } = await waiting();
    expect(lab.note).toContain('MNIST is still loading');
    expect(fake.told.at(-1)).toBe('play 1 10');
    await fake.epochs(1, 1, 3);
    await fake.emit({ type: 'download-ended' });
    expect(lab.note).toBeUndefined();
    expect(fake.asked[1]?.request.config.source).toBe('mnist');
    await fake.asked[1]?.stand();
    expect(lab.epoch).toBe(0);
    // Digits that only filled the time are no run to go back to.
    expect(lab.canUndo).toBe(false);
    expect(fake.told).toContain('release 1');
    expect(fake.told.at(-1)).toBe('play 2 10');
  });

  it('stays at rest on MNIST where it was put to rest on digits', async () => {
    const { lab, fake } = await waiting();
    lab.pause();
    await fake.emit({ type: 'download-ended' });
    await fake.asked[1]?.stand();
    expect(fake.told.filter((what) => what.startsWith('play'))).toEqual(['play 1 10']);
    expect(lab.phase).toBe('resting');
  });

  it('goes on with digits where MNIST does not come, in the address too, and says why', async () => {
    const { lab, fake, address } = await waiting();
    await fake.emit({ type: 'download-ended' });
    await fake.asked[1]?.refuse('MNIST could not be downloaded: Failed to fetch', 'missing');
    expect(lab.note).toBe('MNIST could not be downloaded: Failed to fetch. Generated digits are used instead.');
    expect(lab.alert).toBeUndefined();
    expect(fake.asked[2]?.request.config.source).toBe('digits');
    await fake.asked[2]?.stand();
    expect(address.read()).toBe('#data=digits');
    expect(fake.told.at(-1)).toBe('play 3 10');
  });

  it('trains on digits where the browser is to save data, and says how to come by MNIST', async () => {
    const { lab, fake } = await opened();
    await fake.asked[0]?.refuse('Your browser is set to save data', 'saving');
    expect(lab.note).toBe('Your browser is set to save data. Generated digits are used instead.');
    await fake.asked[1]?.stand();
    expect(fake.asked[1]?.request.config.source).toBe('digits');
  });

  it('leaves alone who has chosen digits meanwhile', async () => {
    const { lab, fake } = await waiting();
    lab.change({ source: 'digits' });
    await settled();
    await fake.asked[1]?.stand();
    await fake.emit({ type: 'download-ended' });
    expect(fake.asked).toHaveLength(2);
    expect(lab.note).toBeUndefined();
  });
});
