// The worker of the activations lab: it owns the wasm module, the rows, the runs and the features.

import { transfer } from 'comlink';
import init, { Experiments, type Dataset, type Experiment, type Quality, type Sae, type Trainer } from 'splinterp';
import { Failure } from '../../../kit/failure';
import { titleOf } from '../../../kit/runs';
import { serve } from '../../../kit/remote';
import type { LabEvent, SessionRequest } from '../../../lab/protocol';
import type { ExperimentEvent, ExperimentRequest } from '../../../lab/experiments/protocol';
import { ExperimentHost } from '../../../lab/worker/experiment-host';
import { hashOf } from '../../../lab/worker/fingerprint';
import type { Plan } from '../../../lab/worker/experiments';
import type { SavedRun } from '../../../lab/worker/store';
import { throttled } from '../../../lab/worker/throttle';
import type { GivenRows, Model as Parameters } from '../../explorer/protocol';
import { buffersOfModel, buffersOfRows } from '../../explorer/buffers';
import type {
  ActivationsEvent,
  ActivationsInfo,
  ActivationsService,
  Comparison,
  DataInfo,
  ExportChoice,
  FeatureContext,
  FeatureDetail,
  FeatureSummary,
  GivenFile,
  Inspection,
  KeptModel,
  LoadChoice,
  ModelName,
  Opened,
  ShownRow,
  SideName,
} from '../protocol';
import { isScheduled } from '../schedule';
import type { ActivationsConfig } from '../settings';
import { planOf } from './ablations';
import { Compared, keptOf, type Kept, type Side } from './comparison';
import { contextsOf } from './contexts';
import { Files } from './files';
import { languageModelSource } from './language-model';
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

/** Values by which an imported SAE is known again. */
const MOST_HASHED = 65_536;

/** The crate's list of runs on the rows of a session, from the imported SAE where they start there. */
function listOn(made: ActivationsSession, imported: Files['imported'], experiments: Experiment[]): Experiments {
  const { train, test, start } = made.experimentData(imported);
  try {
    return new Experiments(train, test, experiments, start);
  } finally {
    start?.free();
  }
}

class ActivationsHost
  extends ExperimentHost<Dataset, Trainer, ActivationsConfig, ActivationsInfo, ActivationsSession, ActivationsEvent>
  implements ActivationsService
{
  private readonly files = new Files((name, done, total) => this.tell({ type: 'loading', name, done, total }));
  /** The sample of the last seed, since most changes leave the data alone. */
  private sample: { seed: number; source: Source } | undefined;
  private languageModel: Source | undefined;
  private measured: Measured | undefined;
  private measurements = 0;
  private measuring = new AbortController();
  /** The SAE that was put aside for comparisons, and the last comparison. */
  private aside: Kept | undefined;
  private compared: Compared | undefined;
  private comparisons = 0;
  private comparing = new AbortController();

  constructor() {
    super('activations', import.meta.url, {
      summarise: (rows) => Experiments.summarise(rows),
      csv: (rows) => Experiments.csv(rows),
    });
  }

  /** Within an epoch only files that have gone are of no format; a run on them goes on once they are there again. */
  protected override tell(event: LabEvent | ActivationsEvent | ExperimentEvent): void {
    if (event.type !== 'failed' || event.code !== 'format') super.tell(event);
    else super.tell({ ...event, message: `${event.message.replace(/\.$/, '')}; give the files again to go on` });
  }

  protected override async load(): Promise<void> {
    await init();
  }

  protected override identityOf({ config, epochs }: SessionRequest<ActivationsConfig>): string {
    const { imported, checkpoint } = this.files;
    return [
      config.source === 'file' ? this.files.source().identity : config.source,
      isScheduled(config) ? epochs : '',
      config.from === 'imported' ? imported?.name : '',
      config.from === 'checkpoint' ? `${checkpoint?.name ?? ''} ${checkpoint?.bytes.length ?? 0}` : '',
    ].join('\n');
  }

  protected override async make(
    request: SessionRequest<ActivationsConfig>,
    saved: readonly SavedRun[] | undefined,
  ): Promise<ActivationsSession> {
    const starts = { imported: this.files.imported, checkpoint: this.files.checkpoint };
    return ActivationsSession.create(request, await this.sourceOf(request.config), starts, saved);
  }

  private async sourceOf({ source, seed }: ActivationsConfig): Promise<Source> {
    if (source === 'file') return this.files.source();
    if (source === 'minilm') return (this.languageModel ??= await languageModelSource(this.base));
    if (this.sample?.seed !== seed) {
      const next = { seed, source: sampleSource(seed) };
      this.sample?.source.free();
      this.sample = next;
    }
    return this.sample.source;
  }

  protected override planOf(id: number, request: ExperimentRequest): Plan<Dataset> {
    const { made, config } = this.session(id);
    const { imported } = this.files;
    const { train, start, optionsOf } = made.experimentData(imported);
    try {
      // The seed splits the rows, and draws those of the sample.
      const from = start && hashOf(start.parameters().W_enc.subarray(0, MOST_HASHED));
      const name = JSON.stringify([
        config.source,
        made.source.identity,
        config.seed,
        made.info.testBy,
        config.standardise,
        from,
      ]);
      return planOf(request, config, { name, train, optionsOf, list: (each) => listOn(made, imported, each) });
    } finally {
      start?.free();
    }
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

  async quality(id: number, name: ModelName): Promise<Quality> {
    const { sae } = this.model(id, name);
    const rows = this.session(id).made.testRows(name === 'imported');
    try {
      return await sae.quality(rows);
    } finally {
      rows.free();
    }
  }

  private measuredAs(measurement: number): Measured {
    if (this.measured?.summary.measurement !== measurement) {
      throw new Failure('These features have been measured anew', 'missing');
    }
    return this.measured;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- The page awaits whatever it calls.
  async feature(measurement: number, feature: number): Promise<FeatureDetail> {
    return detailOf(this.measuredAs(measurement), feature);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- The page awaits whatever it calls.
  async contexts(
    measurement: number,
    feature: number,
    rows: readonly number[],
    most: number,
  ): Promise<(FeatureContext | undefined)[]> {
    return contextsOf(this.measuredAs(measurement), feature, rows, most);
  }

  /** A model as a side of a comparison. */
  private side(session: number, name: SideName): Side {
    if (name === 'kept') {
      const { aside } = this;
      if (!aside) throw new Failure('No SAE has been put aside on this page yet', 'files');
      return { name, title: aside.title, sae: aside.sae, epoch: 0, stored: true };
    }
    const { sae, epoch } = this.model(session, name);
    if (name === 'imported') return { name, title: this.files.imported?.name ?? '', sae, epoch, stored: true };
    return { name, title: `${titleOf(name)}, epoch ${epoch}`, sae, epoch, stored: false };
  }

  private put(kept: Kept): KeptModel {
    this.comparing.abort();
    this.aside?.sae.free();
    this.aside = kept;
    const { title, dIn, dSae } = kept;
    return { title, dIn, dSae };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- The page awaits whatever it calls.
  async keepModel(session: number, name: ModelName): Promise<KeptModel> {
    return this.put(keptOf(this.side(session, name), this.session(session).made.whole));
  }

  openKept(files: GivenFile[]): Promise<KeptModel> {
    return this.inTurn(async () => {
      const { name: title, sae } = await this.files.openAside(files);
      return this.put({ title, sae, dIn: sae.dIn, dSae: sae.dSae });
    });
  }

  async compare(id: number, left: SideName, right: SideName): Promise<Comparison> {
    this.comparing.abort();
    this.comparing = new AbortController();
    const { made, config } = this.session(id);
    const test = made.testRows(true);
    const rows = { source: made.source, whole: made.whole, test };
    const onProgress = throttled((done, total) => this.tell({ session: id, type: 'comparing', done, total }));
    this.comparisons += 1;
    const how = { seed: config.seed, comparison: this.comparisons, onProgress, signal: this.comparing.signal };
    try {
      const next = await Compared.of(this.side(id, left), this.side(id, right), rows, how);
      this.compared?.free();
      this.compared = next;
      return next.summary;
    } finally {
      test.free();
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- The page awaits whatever it calls.
  async endCompare(): Promise<void> {
    this.comparing.abort();
    this.compared?.free();
    this.compared = undefined;
  }

  private comparedAs(comparison: number): Compared {
    if (this.compared?.summary.comparison !== comparison) {
      throw new Failure('These features have been compared anew', 'missing');
    }
    return this.compared;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- The page awaits whatever it calls.
  async comparedRows(comparison: number, side: 'left' | 'right', feature: number): Promise<ShownRow[]> {
    return this.comparedAs(comparison).rows(side, feature);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- The page awaits whatever it calls.
  async comparedContexts(
    comparison: number,
    side: 'left' | 'right',
    feature: number,
    rows: readonly number[],
    most: number,
  ): Promise<(FeatureContext | undefined)[]> {
    return this.comparedAs(comparison).contexts(side, feature, rows, most);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- The page awaits whatever it calls.
  async parameters(id: number, name: ModelName): Promise<Parameters> {
    const { sae } = this.model(id, name);
    const parameters = sae.parameters();
    return transfer(
      { ...parameters, activation: sae.activation, dIn: sae.dIn, dSae: sae.dSae },
      buffersOfModel(parameters),
    );
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- The page awaits whatever it calls.
  async rows(id: number, name: ModelName): Promise<GivenRows> {
    const rows = this.session(id).made.rows(name === 'imported');
    return transfer(rows, buffersOfRows(rows));
  }

  async write(
    id: number,
    choice: ExportChoice,
    name: ModelName,
  ): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }> {
    const file = await fileOf(choice, this.model(id, name), this.session(id).made);
    return transfer(file, [file.bytes.buffer]);
  }
}

serve<ActivationsService>(new ActivationsHost());
