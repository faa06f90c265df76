// Races between what the user wants and what the worker does: whatever the order, nothing is shown under another's name.

import { beforeEach, describe, expect, it } from 'vitest';
import { MnistController } from '../src/labs/mnist/controller';
import type { MnistInfo, MnistService, Pictures } from '../src/labs/mnist/protocol';
import type { MnistConfig } from '../src/labs/mnist/settings';
import { FakeAddress, FakeWorker, runState, settled, surroundings } from './support/fakes';

const rowsOfAll = 60_000;

function worker(): { fake: FakeWorker<MnistConfig, MnistInfo>; service: MnistService } {
  const fake = new FakeWorker<MnistConfig, MnistInfo>(({ share }) => ({
    trainRows: (rowsOfAll * share) / 100,
    testRows: 10_000,
    cols: 784,
    width: 28,
    height: 28,
    dataName: 'digits',
    backend: 'CPU, 1 thread',
    backendReason: 'asked for',
    bytes: 1e6,
  }));
  const { start, last, prepare, play, pause, cancel, release, save } = fake;
  const service: MnistService = {
    ...{ start, last, prepare, play, pause, cancel, release, save },
    openFiles: (files) => fake.tell(`files ${files.length}`).then(() => 'files'),
    pictures: () =>
      Promise.resolve<Pictures>({
        rows: [],
        width: 28,
        height: 28,
        originals: new Uint8ClampedArray(),
        labels: [],
        runs: [],
      }),
  };
  return { fake, service };
}

/** A lab with the workers that it was given so far; the next one is made when the lab asks. */
function makeLab(
  hash = '',
  autoplay = false,
  setUp: (fake: FakeWorker<MnistConfig, MnistInfo>) => void = () => undefined,
) {
  const fakes: FakeWorker<MnistConfig, MnistInfo>[] = [];
  const address = new FakeAddress(hash);
  const lab = new MnistController(
    surroundings(
      address,
      () => {
        const { fake, service } = worker();
        setUp(fake);
        fakes.push(fake);
        return fake.connection(service);
      },
      autoplay,
    ),
  );
  return { lab, address, fakes };
}

type Made = ReturnType<typeof makeLab>;

/** A lab whose first session stands, with its worker. */
async function started(hash = '', autoplay = false): Promise<Made & { fake: FakeWorker<MnistConfig, MnistInfo> }> {
  const made = makeLab(hash, autoplay);
  await made.lab.start();
  const [fake] = made.fakes;
  if (!fake) throw new Error('no worker was made');
  return { ...made, fake };
}

/** A lab whose first session has done epochs and rests. */
async function trained(epochs = 3): Promise<Made & { fake: FakeWorker<MnistConfig, MnistInfo> }> {
  const made = await started();
  made.lab.play();
  await made.fake.epochs(1, 1, epochs);
  made.lab.pause();
  await made.fake.rested(1, epochs, 'paused');
  return made;
}

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

  it('a longer plan moves the target of a run that trains', async () => {
    const { lab, fake } = await started();
    lab.play();
    lab.enter('epochs', '30');
    expect(fake.told).toContain('play 1 30');
    expect(fake.asked).toHaveLength(1);
  });

  it('Step trains one epoch, and Play beyond the target ten', async () => {
    const { lab, fake } = await trained(10);
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
    expect(lab.note).toBe('Runs are not kept for a reload: the browser’s database does not answer.');
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
    expect(address.read()).toBe('#share=5');
    expect(lab.note).toContain('Generated digits are used instead');
  });
});

describe('what is said', () => {
  it('60,000 unknown settings of a link give one short note', () => {
    const hash = `#${Array.from({ length: 60_000 }, (_, i) => `unknown${i}=${'x'.repeat(40)}`).join('&')}`;
    const { lab } = makeLab(hash);
    expect(lab.note?.length).toBeLessThan(500);
    expect(lab.note).toContain('and 59,997 more');
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
