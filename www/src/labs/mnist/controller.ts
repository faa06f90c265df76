// The MNIST lab on the page's side: what it has beside what all labs have, which is images, their files and pictures.

import { codeOf } from '../../kit/failure';
import { Latest } from '../../kit/latest';
import { LabController } from '../../lab/controller';
import { ExperimentController } from '../../lab/experiments/controller';
import type { ExperimentEvent } from '../../lab/experiments/protocol';
import type { RunName } from '../../lab/protocol';
import type { Standing, Surroundings } from '../../lab/surroundings';
import type { Session } from '../../lab/session';
import { PinController } from './compare/controller';
import { DrawingController } from './drawing/controller';
import { EditingController } from './editing/controller';
import { figures, requestOf } from './experiments';
import { PastController } from './history';
import type { MnistEvent, MnistInfo, MnistService, Pictures, RunPictures } from './protocol';
import { isScheduled } from './schedule';
import { TourController, type Memory } from './tour/controller';
import { labels, settings, type MnistState, type MnistTable } from './settings';

/** Test images shown at once. */
export const SAMPLE = 10;

/** Said while digits stand in. */
const STAND_IN = 'MNIST is still loading. Until it is here, the runs train on generated digits.';

/** Pictures that a component may want while it is on screen. */
export type View = 'images' | 'filters';

export class MnistController extends LabController<MnistTable, MnistInfo, MnistEvent | ExperimentEvent, MnistService> {
  /** Pictures of the session, as they came last. */
  pictures: Pictures | undefined;
  /** The session that they are of. */
  private drawnFor: number | undefined;
  /** Bytes of MNIST beside the page, as they are downloaded; 0 where it is not there. */
  mnistBytes = 0;

  private files: File[] = [];
  /** Counts the sets of files given: others under the same settings are another run. */
  private given = 0;
  /** Counts the downloads that have ended for which digits stood in: the session on MNIST is another one. */
  private downloads = 0;
  private readonly views = new Map<object, View>();
  private readonly latest = new Latest();

  readonly past = new PastController(this);
  readonly drawing = new DrawingController(this);
  readonly editing = new EditingController(this);
  readonly pins = new PinController(this);
  readonly tour: TourController;
  readonly experiments = new ExperimentController<MnistState>(this, figures, requestOf);

  constructor(surroundings: Surroundings<MnistService>, memory: () => Memory) {
    super(settings, labels, surroundings);
    this.tour = new TourController(this, memory);
  }

  /** Whether files have been given that can be gone back to. */
  get hasFiles(): boolean {
    return this.files.length > 0;
  }

  offerMnist(bytes: number): void {
    this.mnistBytes = bytes;
    this.changed();
  }

  picturesOf(run: RunName): RunPictures | undefined {
    return this.pictures?.runs.find(({ name }) => name === run);
  }

  protected override inputs({ source }: MnistState): string {
    switch (source) {
      case 'files':
        return `files ${this.given}`;
      case 'mnist':
        return `mnist ${this.downloads}`;
      case 'digits':
        return '';
    }
  }

  protected override isScheduled(state: MnistState): boolean {
    return isScheduled(state);
  }

  protected override needsWhole({ compute, activation, variants }: MnistState): boolean {
    return compute !== 'cpu' || activation === 'batchtopk' || variants !== '';
  }

  protected override substitute(state: MnistState, error: unknown): { state: MnistState; uses: string } | undefined {
    const missing = ['missing', 'files', 'saving'].includes(codeOf(error));
    if (!missing || state.source === 'digits') return undefined;
    return { state: { ...state, source: 'digits' }, uses: 'Generated digits are used' };
  }

  protected override foresee(worker: MnistService, base: string): void {
    if (this.state.source === 'mnist') void this.ask(() => worker.expectMnist(base));
  }

  protected override async equip(worker: MnistService): Promise<void> {
    if (this.hasFiles) await worker.openFiles(this.files);
  }

  protected override hearOwn(event: MnistEvent | ExperimentEvent): void {
    if (event.type !== 'download-ended') {
      this.experiments.hear(event);
      return;
    }
    this.downloads += 1;
    this.dismissStandIn();
    if (this.state.source === 'mnist') this.renew({});
  }

  protected override isStandIn({ info }: Session<MnistState, MnistInfo>): boolean {
    return info.standIn;
  }

  protected override stood(how: Standing): void {
    this.dismissStandIn();
    if (this.session && this.isStandIn(this.session)) this.note = STAND_IN;
    super.stood(how);
  }

  private dismissStandIn(): void {
    if (this.note === STAND_IN) this.note = undefined;
  }

  protected override moved(): void {
    if (this.pictures && this.drawnFor !== this.session?.id) {
      this.pictures = undefined;
      this.past.forget();
    }
    this.draw();
    this.drawing.follow();
    this.experiments.follow();
  }

  protected override fell(): void {
    super.fell();
    this.experiments.fell();
  }

  protected override followed(before: MnistState): void {
    super.followed(before);
    this.experiments.follow();
    if (before.sample !== this.state.sample) this.draw();
    if (before.digit !== this.state.digit) this.editing.follow();
    if (before.at !== this.state.at) this.past.fetch();
  }

  /** Trains on the user's own files, if they can be read. */
  async openFiles(files: File[]): Promise<void> {
    if (files.length === 0 || (await this.keptRuns.take(files))) return;
    const opened = await this.ask((worker) => worker.openFiles(files));
    if (opened === undefined) return;
    this.alert = undefined;
    this.files = files;
    this.given += 1;
    this.renew({ source: 'files', sample: 0 });
  }

  /** Takes a state as a link would; a run of it that was kept goes on. */
  visit(state: MnistState): void {
    this.renew(state);
  }

  /** A component comes on screen, or leaves it with `undefined`. */
  show(component: object, view: View | undefined): void {
    if (view) {
      this.views.set(component, view);
      this.draw();
    } else this.views.delete(component);
  }

  redraw(): void {
    this.dispatchEvent(new Event('drawing'));
  }

  /** Asks for the pictures that are on screen. */
  private draw(): void {
    const { session } = this;
    if (!session || this.views.size === 0) return;
    this.latest.ask(() => this.fetchPictures(session.id));
  }

  private async fetchPictures(session: number): Promise<void> {
    const rows = Array.from({ length: SAMPLE }, (_, i) => this.state.sample * SAMPLE + i);
    const filters = [...this.views.values()].includes('filters');
    // The session may be released meanwhile, and then nobody wants its pictures.
    const pictures = await this.ask((worker) => worker.pictures(session, { rows, filters }), 'missing');
    if (!pictures || session !== this.session?.id) return;
    this.pictures = pictures;
    this.drawnFor = session;
    this.past.fetch();
    this.editing.follow();
    this.pins.follow();
    this.changed();
  }
}
