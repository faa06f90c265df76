// The worker of the activations lab: it owns the wasm module, the rows, the runs and the features.

import { transfer } from 'comlink';
import init, { Experiments, type Sae, type Trainer } from 'splinterp';
import { codeOf, Failure } from '../../../kit/failure';
import { serve } from '../../../kit/remote';
import type { SessionRequest } from '../../../lab/protocol';
import { Host } from '../../../lab/worker/host';
import type { SavedRun } from '../../../lab/worker/store';
import { throttled } from '../../../lab/worker/throttle';
import type {
  Ablation,
  AblationResult,
  ActivationsEvent,
  ActivationsInfo,
  ActivationsService,
  DataInfo,
  FeatureDetail,
  FeatureSummary,
  Format,
  GivenFile,
  Inspection,
  LoadChoice,
  ModelName,
  Opened,
} from '../protocol';
import { isScheduled } from '../schedule';
import type { ActivationsConfig } from '../settings';
import { experimentsOf } from './ablations';
import { Files } from './files';
import { detailOf, measure, type Measured } from './model-features';
import { ActivationsSession } from './session';
import { sampleSource, type Source } from './source';
import { fileOf } from './write';

/** A model, and the epoch at which it stands. */
interface Model {
  name: ModelName;
  sae: Sae;
  epoch: number;
  trainer: Trainer | undefined;
}

class ActivationsHost
  extends Host<Trainer, ActivationsConfig, ActivationsInfo, ActivationsSession, ActivationsEvent>
  implements ActivationsService
{
  private readonly files = new Files((name, done, total) => this.tell({ type: 'loading', name, done, total }));
  /** The sample of the last seed, since most changes leave the data alone. */
  private sample: { seed: number; source: Source } | undefined;
  private measured: Measured | undefined;
  private measurements = 0;
  private measuring = new AbortController();
  private experiments: Experiments | undefined;

  constructor() {
    super('activations');
  }

  protected override async load(): Promise<void> {
    await init();
  }

  protected override identityOf({ config, epochs }: SessionRequest<ActivationsConfig>): string {
    const { imported, checkpoint } = this.files;
    return [
      config.source === 'file' ? this.files.source().origin.identity : 'sample',
      isScheduled(config) ? epochs : '',
      config.from === 'imported' ? imported?.name : '',
      config.from === 'checkpoint' ? `${checkpoint?.name ?? ''} ${checkpoint?.bytes.length ?? 0}` : '',
    ].join('\n');
  }

  protected override make(
    request: SessionRequest<ActivationsConfig>,
    saved: readonly SavedRun[] | undefined,
  ): Promise<ActivationsSession> {
    const starts = { imported: this.files.imported?.sae, checkpoint: this.files.checkpoint?.bytes };
    return ActivationsSession.create(request, this.sourceOf(request.config), starts, saved);
  }

  private sourceOf({ source, seed }: ActivationsConfig): Source {
    if (source === 'file') return this.files.source();
    if (this.sample?.seed !== seed) {
      const next = { seed, source: sampleSource(seed) };
      this.sample?.source.free();
      this.sample = next;
    }
    return this.sample.source;
  }

  private model(session: number, name: ModelName): Model {
    if (name === 'imported') {
      const { imported } = this.files;
      if (!imported) throw new Failure('No SAE has been imported on this page yet', 'files');
      return { name, sae: imported.sae, epoch: 0, trainer: undefined };
    }
    const run = this.session(session).training.run(name);
    if (!run) throw new Failure('This session has no such run', 'missing');
    return { name, sae: run.sae, epoch: run.epochs, trainer: run.trainer };
  }

  open(given: GivenFile[]): Promise<Opened> {
    return this.inTurn(() => this.files.open(given));
  }

  inspect(tensor: string): Promise<Inspection> {
    return this.inTurn(() => this.files.inspect(tensor));
  }

  loadTensor(choice: LoadChoice): Promise<DataInfo> {
    return this.inTurn(() => this.files.load(choice));
  }

  discard(): Promise<void> {
    return this.inTurn(() => this.files.discard());
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- The page awaits whatever it calls.
  async cancelLoad(): Promise<void> {
    this.files.cancel();
  }

  async measure(id: number, name: ModelName): Promise<FeatureSummary> {
    this.measuring.abort();
    this.measuring = new AbortController();
    const { made, config } = this.session(id);
    const { source } = made;
    // An imported SAE reads activations as they are.
    const rows = name === 'imported' ? source.data.normalised('none') : made.whole.normalisedLike(made.whole);
    const onProgress = throttled((done, total) => this.tell({ session: id, type: 'measuring', done, total }));
    this.measurements += 1;
    const how = { seed: config.seed, measurement: this.measurements, onProgress, signal: this.measuring.signal };
    try {
      const next = await measure(this.model(id, name), source, rows, how);
      this.measured?.features.free();
      this.measured?.source.free();
      this.measured = next;
      return next.summary;
    } finally {
      rows.free();
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- The page awaits whatever it calls.
  async cancelMeasure(): Promise<void> {
    this.measuring.abort();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- The page awaits whatever it calls.
  async feature(measurement: number, feature: number): Promise<FeatureDetail> {
    if (this.measured?.summary.measurement !== measurement) {
      throw new Failure('These features have been measured anew', 'missing');
    }
    return detailOf(this.measured, feature);
  }

  async ablate(id: number, ablation: Ablation, epochs: number): Promise<AblationResult> {
    if (this.experiments) throw new Failure('An ablation runs already: await it or cancel it first', 'busy');
    const { made, training, config } = this.session(id);
    await training.halt();
    const { train, test, optionsOf } = made.experimentData();
    const runs = new Experiments(train, test, experimentsOf(ablation, config, epochs, optionsOf));
    this.experiments = runs;
    try {
      const rows = await runs.run(
        throttled((done, total) => this.tell({ session: id, type: 'ablating', done, total })),
        (row) => this.tell({ session: id, type: 'ablated', row }),
      );
      return { rows, csv: runs.toCsv() };
    } catch (error) {
      if (codeOf(error) !== 'cancelled') throw error;
      return { rows: runs.rows, csv: runs.toCsv() };
    } finally {
      this.experiments = undefined;
      runs.free();
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- The page awaits whatever it calls.
  async cancelAblation(): Promise<void> {
    this.experiments?.cancel();
  }

  async write(id: number, what: Format, name: ModelName): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }> {
    const file = await fileOf(what, this.model(id, name), this.session(id).made);
    return transfer(file, [file.bytes.buffer]);
  }
}

serve<ActivationsService>(new ActivationsHost());
