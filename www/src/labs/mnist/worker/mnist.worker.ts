// The MNIST lab's worker: it owns the wasm module, the images and the runs. The page only draws.

import { transfer } from 'comlink';
import type { Quality } from 'splinterp';
import type { Dataset, Trainer } from 'splinterp/lab';
import { serve } from '../../../kit/remote';
import type { LabEvent, RunName, SessionRequest } from '../../../lab/protocol';
import type { ExperimentEvent, ExperimentRequest } from '../../../lab/experiments/protocol';
import { ExperimentHost } from '../../../lab/worker/experiment-host';
import type { Plan } from '../../../lab/worker/experiments';
import type { SavedRun } from '../../../lab/worker/store';
import type { GivenRows } from '../../explorer/protocol';
import { buffersOfModel, buffersOfRows } from '../../explorer/buffers';
import type {
  Decoded,
  Encoded,
  Image,
  MnistEvent,
  MnistInfo,
  MnistService,
  Model,
  ModelPictures,
  PastPictures,
  PictureRequest,
  Pictures,
} from '../protocol';
import { isScheduled } from '../schedule';
import type { MnistConfig } from '../settings';
import { planOf } from './ablations';
import { crate, loadCrate } from './crate';
import { ImageSource } from './image-source';
import type { NamedBytes } from './mnist-files';
import { MnistSession } from './session';

/** Every array of the pictures is moved, not copied. */
function buffersOf({ originals, runs }: Pictures): Transferable[] {
  return [
    originals.buffer,
    ...runs.flatMap(({ reconstructions, codes, filters }) => [
      reconstructions.buffer,
      codes.buffer,
      ...(filters ? [filters.encoder.buffer, filters.decoder.buffer] : []),
    ]),
  ] as ArrayBuffer[];
}

class MnistHost
  extends ExperimentHost<Dataset, Trainer, MnistConfig, MnistInfo, MnistSession, MnistEvent>
  implements MnistService
{
  private readonly source = new ImageSource({
    loading: (name, done, total) => this.tell({ type: 'loading', name, done, total }),
    ended: () => this.tell({ type: 'download-ended' }),
  });

  constructor() {
    super('mnist', import.meta.url, {
      summarise: (rows) => crate().Experiments.summarise(rows),
      csv: (rows) => crate().Experiments.csv(rows),
    });
  }

  protected override load(whole: boolean): Promise<void> {
    return loadCrate(whole);
  }

  protected override identityOf({ config, epochs }: SessionRequest<MnistConfig>): string {
    return [isScheduled(config) ? epochs : '', config.source === 'files' ? this.source.identity : ''].join('\n');
  }

  protected override async make(
    request: SessionRequest<MnistConfig>,
    saved: readonly SavedRun[] | undefined,
  ): Promise<MnistSession> {
    const { session, config } = request;
    // The page's first session is not asked for by hand.
    if (session === 1 && config.source === 'mnist' && !saved) await this.source.spareData(this.base);
    return MnistSession.create(request, await this.source.find(config, this.base, saved !== undefined), saved);
  }

  protected override planOf(id: number, request: ExperimentRequest): Plan<Dataset> {
    const { config, made } = this.session(id);
    const { all, test } = made.data;
    const { info } = made;
    // Files are split and digits drawn by the seed; MNIST has its own test images.
    const source = info.standIn ? 'digits' : config.source;
    const files = source === 'files' ? this.source.identity : '';
    const name = source === 'mnist' ? source : `${source} ${config.seed} ${files}`;
    return planOf(request, config, {
      ...{ name, train: all },
      list: (experiments) => new (crate().Experiments)(all, test, experiments),
    });
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- The page awaits whatever it calls.
  async expectMnist(base: string): Promise<void> {
    this.source.begin(base);
  }

  openFiles(given: File[]): Promise<string> {
    return this.inTurn(async () => {
      const read: NamedBytes[] = [];
      for (const file of given) read.push({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
      return this.source.give(read);
    });
  }

  // The page awaits all that it calls, so what answers at once answers by a promise too.
  /* eslint-disable @typescript-eslint/require-await */

  async pictures(session: number, request: PictureRequest): Promise<Pictures> {
    const { made, training } = this.session(session);
    const pictures = made.pictures(request, training.playing);
    return transfer(pictures, buffersOf(pictures));
  }

  /** Each epoch leaves a model that pictures of the past are drawn from. */
  protected override tell(event: LabEvent | MnistEvent | ExperimentEvent): void {
    if (event.type === 'epoch') this.session(event.session).made.keep(event.run);
    super.tell(event);
  }

  async past(session: number, { rows, epoch }: { rows: number[]; epoch: number }): Promise<PastPictures[]> {
    const pictures = this.session(session).made.past(rows, epoch);
    return transfer(
      pictures,
      pictures.map(({ reconstructions }) => reconstructions.buffer),
    );
  }

  async encode(session: number, image: Image): Promise<Encoded[]> {
    return this.session(session).made.encode(image);
  }

  async decode(
    session: number,
    { run, codes, image }: { run: RunName; codes: Float32Array; image: Image },
  ): Promise<Decoded> {
    return this.session(session).made.decode(run, codes, image);
  }

  async model(session: number, run: RunName): Promise<Model> {
    const model = this.session(session).made.model(run);
    return transfer(model, buffersOfModel(model));
  }

  async quality(session: number, run: RunName): Promise<Quality> {
    const { qualityOf } = await import('./quality');
    return this.session(session).made.measured(run, qualityOf);
  }

  async rows(session: number): Promise<GivenRows> {
    const rows = this.session(session).made.rows();
    return transfer(rows, buffersOfRows(rows));
  }

  async picturesBy(session: number, { model, rows }: { model: Model; rows: number[] }): Promise<ModelPictures> {
    return this.session(session).made.picturesBy(model, rows);
  }
}

serve<MnistService>(new MnistHost());
