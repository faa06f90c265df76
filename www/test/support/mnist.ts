// The MNIST lab's controller with a worker without arithmetic.

import { MnistController } from '../../src/labs/mnist/controller';
import type { MnistInfo, MnistService, Pictures } from '../../src/labs/mnist/protocol';
import type { MnistConfig } from '../../src/labs/mnist/settings';
import { FakeAddress, FakeWorker, surroundings } from './fakes';

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
export function makeLab(
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
export async function started(
  hash = '',
  autoplay = false,
): Promise<Made & { fake: FakeWorker<MnistConfig, MnistInfo> }> {
  const made = makeLab(hash, autoplay);
  await made.lab.start();
  const [fake] = made.fakes;
  if (!fake) throw new Error('no worker was made');
  return { ...made, fake };
}

/** A lab whose first session has done epochs and rests. */
export async function trained(epochs = 3): Promise<Made & { fake: FakeWorker<MnistConfig, MnistInfo> }> {
  const made = await started();
  made.lab.play();
  await made.fake.epochs(1, 1, epochs);
  made.lab.pause();
  await made.fake.rested(1, epochs, 'paused');
  return made;
}
