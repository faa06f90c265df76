// How a lab begins, goes on and fails: runs that were kept, workers that end, files, and what is said of it.

import { describe, expect, it } from 'vitest';
import { runState, settled } from './support/fakes';
import { makeLab, started, trained } from './support/mnist';

describe('runs that were kept', () => {
  it('a page without an address goes on with the last one', async () => {
    const { lab, address } = makeLab('', true, (fake) => (fake.lastAddress = 'k=9'));
    await lab.start();
    expect(lab.state.k).toBe(9);
    expect(address.history).toEqual(['#k=9']);
  });

  it('an interrupted run offers to resume, at rest, and a finished one is shown', async () => {
    const { lab, fakes } = makeLab('#epochs=10', true, (fake) => (fake.prompt = false));
    void lab.start();
    await settled();
    expect(fakes[0]?.asked[0]?.request.resume).toBe(true);
    await fakes[0]?.asked[0]?.stand({ resumed: true, runs: [runState('sgd', 4), runState('pam', 4)] });
    expect(lab.interrupted).toEqual({ epoch: 4, target: 10 });
    expect(lab.phase).toBe('resting');
    lab.play();
    expect(fakes[0]?.told.at(-1)).toBe('play 1 10');
    expect(lab.interrupted).toBeUndefined();

    const other = makeLab('', true, (fake) => (fake.prompt = false));
    void other.lab.start();
    await settled();
    await other.fakes[0]?.asked[0]?.stand({ resumed: true, runs: [runState('sgd', 10), runState('pam', 10)] });
    expect(other.lab.interrupted).toBeUndefined();
    expect(other.lab.epoch).toBe(10);
    expect(other.fakes[0]?.told).not.toContain('play 1 10');
  });

  it('are not taken up by a change or a reset', async () => {
    const { lab, fake } = await trained();
    lab.change({ k: 16 });
    await settled();
    lab.reset();
    await settled();
    lab.startOver();
    await settled();
    expect(fake.asked.map(({ request }) => request.resume)).toEqual([true, false, false]);
  });

  it('says that nothing can be kept', async () => {
    const { lab, fake } = await started();
    await fake.emit({ type: 'unsaved', reason: 'the browser’s database does not answer' });
    expect(lab.note).toBe('Runs are not saved: the browser’s database does not answer.');
  });
});

describe('data that is loaded', () => {
  it('is never more than all of it, also where a server unpacks it on the way', async () => {
    const { lab, fake } = await started();
    await fake.emit({ type: 'loading', name: 'MNIST', done: 3, total: 12 });
    expect(lab.loading?.share).toBe(0.25);
    await fake.emit({ type: 'loading', name: 'MNIST', done: 55, total: 12 });
    expect(lab.loading?.share).toBe(1);
  });
});

describe('a worker that ends', () => {
  it('while it trains is replaced, and the run goes on from its checkpoint', async () => {
    const made = await started('#k=9', true);
    await made.fake.epochs(1, 1, 4);
    const { lab, fakes } = made;
    await made.fake.die();
    const next = fakes[1];
    expect(next?.asked[0]?.request).toMatchObject({ resume: true, config: { k: 9 } });
    expect(lab.state.k).toBe(9);
    expect(lab.phase).toBe('playing');
    expect(next?.told.some((what) => what.startsWith('play'))).toBe(true);
    expect(lab.alert).toContain('internal error (unreachable)');
  });

  it('says from which epoch the run goes on', async () => {
    const { lab, fakes } = makeLab('', true, (fake) => (fake.prompt = fakes.length === 0));
    await lab.start();
    await fakes[0]?.epochs(1, 1, 4);
    await fakes[0]?.die('memory access out of bounds');
    await fakes[1]?.asked[0]?.stand({ resumed: true, runs: [runState('sgd', 3), runState('pam', 3)] });
    expect(lab.epoch).toBe(3);
    expect(lab.alert).toContain('goes on from its checkpoint after epoch 3');
    expect(fakes[1]?.told.at(-1)).toBe('play 2 10');
  });

  it('on new settings gives the settings before them back, in the address too', async () => {
    const { lab, fake, fakes, address } = await trained();
    fake.prompt = false;
    lab.change({ dSae: 1000 });
    await settled();
    expect(address.read()).toBe('#latents=1000');
    await fake.die();
    expect(lab.state.dSae).toBe(256);
    expect(address.read()).toBe('#');
    expect(lab.alert).toContain('broke down on Latents 1000 (unreachable). The settings before are back.');
    expect(fakes[1]?.asked[0]?.request.config.dSae).toBe(256);
    expect(lab.session).toBeDefined();
  });

  it('on the settings of the address leaves a page that works, and another address', async () => {
    const { lab, fakes, address } = makeLab('#latents=1000', false, (fake) => (fake.prompt = fakes.length > 0));
    void lab.start();
    await settled();
    await fakes[0]?.die();
    expect(address.read()).toBe('#');
    expect(lab.phase).toBe('resting');
    expect(lab.state.dSae).toBe(256);
    expect(lab.alert).toContain('The defaults are used instead.');
  });

  it('again and again is given up, with a sentence', async () => {
    const { lab, fakes } = makeLab('', false, (fake) => (fake.prompt = false));
    void lab.start();
    for (let i = 0; i < 10; i++) {
      await settled();
      await fakes.at(-1)?.die();
    }
    expect(fakes.length).toBeLessThan(6);
    expect(lab.alert).toContain('Reload the page');
  });

  it('is given the files again', async () => {
    const { lab, fake, fakes } = await started();
    await lab.openFiles([new File(['x'], 'a.idx'), new File(['y'], 'b.idx')]);
    await settled();
    expect(lab.state.source).toBe('files');
    await fake.die();
    expect(fakes[1]?.told[0]).toBe('files 2');
    expect(fakes[1]?.asked[0]?.request.config.source).toBe('files');
  });
});

describe('files', () => {
  it('given a second time under the same settings are another run', async () => {
    const { lab, fake } = await started();
    await lab.openFiles([new File(['x'], 'a.idx')]);
    await settled();
    const first = lab.session?.id;
    await lab.openFiles([new File(['y'], 'b.idx')]);
    await settled();
    expect(lab.session?.id).not.toBe(first);
    expect(fake.asked.at(-1)?.request.resume).toBe(true);
  });

  it('that are no longer there make way for digits', async () => {
    const { lab, fakes, address } = makeLab('#data=files&share=5', false, (fake) => (fake.prompt = false));
    void lab.start();
    await settled();
    await fakes[0]?.asked[0]?.refuse('No files have been given on this page yet', 'files');
    await fakes[0]?.asked[1]?.stand();
    expect(lab.state).toMatchObject({ source: 'digits', share: 5 });
    expect(address.read()).toBe('#data=digits&share=5');
    expect(lab.note).toContain('Generated digits are used instead');
  });
});

describe('what is said', () => {
  it('60,000 unknown settings of a link give one short note', () => {
    const hash = `#${Array.from({ length: 60_000 }, (_, i) => `unknown${i}=${'x'.repeat(40)}`).join('&')}`;
    const { lab } = makeLab(hash);
    expect(lab.note?.length).toBeLessThan(500);
    expect(lab.note).toMatch(/59,99\d more/);
  });

  it('a run that diverges is spoken of once, with what to change', async () => {
    const { lab, fake } = await started('#lr=1.003&decay=1', true);
    await fake.epochs(1, 1, 1, { testMse: 106_245, testFvu: 150_000 });
    expect(lab.alert).toMatch(/SGD diverges: after epoch 1 its test MSE is 106,245/);
    expect(lab.alert).toMatch(/lower Learning rate \(now 1\.003\) or Weight decay \(now 1\)/);
    lab.dismiss('alert');
    lab.session?.warned.add('pam');
    await fake.epochs(1, 2, 2, { testMse: 106_245, testFvu: 150_000 });
    expect(lab.alert).toBeUndefined();
  });

  it('where it is computed changes when a GPU is lost', async () => {
    const { lab, fake } = await started();
    await fake.emit({ type: 'moved', session: 1, backend: 'CPU, 1 thread', reason: 'the GPU was lost' });
    expect(lab.session?.info.backendReason).toBe('the GPU was lost');
  });

  it('a value that is no number is refused by the name of its control', async () => {
    const { lab } = await started();
    lab.enter('lr', 'fast');
    expect(lab.alert).toBe('Learning rate must be a number; “fast” is not.');
    expect(lab.state.lr).toBe(0.003);
  });
});
