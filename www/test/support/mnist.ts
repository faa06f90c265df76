// The MNIST lab's controller with a worker without arithmetic.

import type { ExperimentEvent } from '../../src/lab/experiments/protocol';
import { MnistController } from '../../src/labs/mnist/controller';
import type { MnistEvent, MnistInfo, MnistService, Model, Pictures } from '../../src/labs/mnist/protocol';
import type { MnistConfig } from '../../src/labs/mnist/settings';
import type { Memory } from '../../src/labs/mnist/tour/controller';
import { fakeExperiments } from './experiments';
import { FakeAddress, FakeWorker, surroundings } from './fakes';
import { noQuality, noRows } from './rows';

const rowsOfAll = 60_000;

/** A model of nothing: controllers look at its sizes only. */
function modelOf(): Model {
  const none = new Float32Array();
  return { W_enc: none, b_enc: none, W_dec: none, b_dec: none, activation: { kind: 'relu' }, dIn: 784, dSae: 256 };
}

function worker(): { fake: FakeWorker<MnistConfig, MnistInfo, MnistEvent | ExperimentEvent>; service: MnistService } {
  const fake = new FakeWorker<MnistConfig, MnistInfo, MnistEvent | ExperimentEvent>(({ share }) => ({
    trainRows: (rowsOfAll * share) / 100,
    testRows: 10_000,
    cols: 784,
    width: 28,
    height: 28,
    dataName: 'digits',
    standIn: false,
    backend: 'CPU, 1 thread',
    backendReason: 'asked for',
    bytes: 1e6,
  }));
  const { start, last, prepare, play, pause, cancel, release, save } = fake;
  const service: MnistService = {
    ...fakeExperiments((what) => fake.tell(what)),
    ...{ start, last, prepare, play, pause, cancel, release, save },
    ...fake.keeps,
    expectMnist: () => fake.tell('expect MNIST'),
    openFiles: (files) => fake.tell(`files ${files.length}`).then(() => 'files'),
    pictures: (_session, { rows }) =>
      Promise.resolve<Pictures>({
        kept: [0],
        rows,
        width: 28,
        height: 28,
        originals: new Uint8ClampedArray(),
        labels: [],
        runs: [],
      }),
    past: (session, { epoch }) => fake.tell(`past ${session} ${epoch}`).then(() => []),
    encode: (session) => fake.tell(`encode ${session}`).then(() => []),
    decode: (session, { run }) =>
      fake.tell(`decode ${session} ${run}`).then(() => ({ images: new Uint8ClampedArray(), mses: [] })),
    model: (session, run) => fake.tell(`model ${session} ${run}`).then(modelOf),
    quality: (session, run) => fake.tell(`quality ${session} ${run}`).then(() => noQuality),
    rows: (session) => fake.tell(`rows ${session}`).then(() => noRows),
    picturesBy: (session, { rows }) =>
      fake
        .tell(`pictures ${session} by a model`)
        .then(() => ({ reconstructions: new Uint8ClampedArray(784 * rows.length), mses: rows.map(() => 0) })),
  };
  return { fake, service };
}

/** A browser's storage. */
export class FakeMemory implements Memory {
  private readonly values = new Map<string, string>();

  getItem(key: string): string | null {
    return this.values.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.values.set(key, value);
  }
}

/** A lab with the workers that it was given so far; the next one is made when the lab asks. */
export function makeLab(
  hash = '',
  autoplay = false,
  setUp: (fake: FakeWorker<MnistConfig, MnistInfo, MnistEvent | ExperimentEvent>) => void = () => undefined,
  memory: Memory = new FakeMemory(),
) {
  const fakes: FakeWorker<MnistConfig, MnistInfo, MnistEvent | ExperimentEvent>[] = [];
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
    () => memory,
  );
  return { lab, address, fakes };
}

type Made = ReturnType<typeof makeLab>;

/** A lab whose first session stands, with its worker. */
export async function started(
  hash = '',
  autoplay = false,
): Promise<Made & { fake: FakeWorker<MnistConfig, MnistInfo, MnistEvent | ExperimentEvent> }> {
  const made = makeLab(hash, autoplay);
  await made.lab.start();
  const [fake] = made.fakes;
  if (!fake) throw new Error('no worker was made');
  return { ...made, fake };
}

/** A lab whose first session has done epochs and rests. */
export async function trained(
  epochs = 3,
  hash = '',
): Promise<Made & { fake: FakeWorker<MnistConfig, MnistInfo, MnistEvent | ExperimentEvent> }> {
  const made = await started(hash);
  made.lab.play();
  await made.fake.epochs(1, 1, epochs);
  made.lab.pause();
  await made.fake.rested(1, epochs, 'paused');
  return made;
}
