// The MNIST lab on the page's side: what it has beside what all labs have, which is images, their files and pictures.

import { codeOf } from '../../kit/failure';
import { LabController } from '../../lab/controller';
import type { RunName } from '../../lab/protocol';
import type { Surroundings } from '../../lab/reconciler';
import type { MnistInfo, MnistService, Pictures, RunPictures } from './protocol';
import { labels, settings, type MnistState, type MnistTable } from './settings';

/** Test images shown at once. */
export const SAMPLE = 10;

/** Pictures that a component may want while it is on screen. */
export type View = 'images' | 'filters';

export class MnistController extends LabController<MnistTable, MnistInfo, never, MnistService> {
  /** Pictures of the session, as they came last. */
  pictures: Pictures | undefined;
  /** The session that they are of. */
  private drawnFor: number | undefined;
  /** Whether MNIST lies beside the page. */
  mnistBeside = false;

  private files: File[] = [];
  /** Counts the sets of files given: others under the same settings are another run. */
  private given = 0;
  private readonly views = new Map<object, View>();
  private drawing = false;
  private drawAgain = false;

  constructor(surroundings: Surroundings<MnistService>) {
    super(settings, labels, surroundings);
  }

  /** Whether files have been given that can be gone back to. */
  get hasFiles(): boolean {
    return this.files.length > 0;
  }

  offerMnist(beside: boolean): void {
    this.mnistBeside = beside;
    this.changed();
  }

  picturesOf(run: RunName): RunPictures | undefined {
    return this.pictures?.runs.find(({ name }) => name === run);
  }

  protected override inputs({ source }: MnistState): string {
    return source === 'files' ? `files ${this.given}` : '';
  }

  protected override isScheduled(): boolean {
    return false;
  }

  protected override needsGpu({ compute }: MnistState): boolean {
    return compute !== 'cpu';
  }

  protected override substitute(state: MnistState, error: unknown): { state: MnistState; uses: string } | undefined {
    const missing = codeOf(error) === 'missing' || codeOf(error) === 'files';
    if (!missing || state.source === 'digits') return undefined;
    return { state: { ...state, source: 'digits' }, uses: 'Generated digits are used' };
  }

  protected override async equip(worker: MnistService): Promise<void> {
    if (this.hasFiles) await worker.openFiles(this.files);
  }

  protected override hearOwn(): void {
    // All that this lab hears, every lab hears.
  }

  protected override moved(): void {
    if (this.pictures && this.drawnFor !== this.session?.id) this.pictures = undefined;
    this.draw();
  }

  protected override followed(before: MnistState): void {
    super.followed(before);
    if (before.sample !== this.state.sample) this.draw();
  }

  /** Trains on the user's own files, if they can be read. */
  async openFiles(files: File[]): Promise<void> {
    if (files.length === 0) return;
    const opened = await this.ask((worker) => worker.openFiles(files));
    if (opened === undefined) return;
    this.alert = undefined;
    this.files = files;
    this.given += 1;
    this.renew({ source: 'files', sample: 0 });
  }

  /** A component comes on screen, or leaves it with `undefined`. */
  show(component: object, view: View | undefined): void {
    if (view) {
      this.views.set(component, view);
      this.draw();
    } else this.views.delete(component);
  }

  /** Asks for the pictures that are on screen; while an answer is under way, one more request waits at most. */
  private draw(): void {
    if (!this.session || this.views.size === 0) return;
    if (this.drawing) {
      this.drawAgain = true;
      return;
    }
    this.drawing = true;
    void this.fetchPictures(this.session.id).finally(() => {
      this.drawing = false;
      if (!this.drawAgain) return;
      this.drawAgain = false;
      this.draw();
    });
  }

  private async fetchPictures(session: number): Promise<void> {
    const rows = Array.from({ length: SAMPLE }, (_, i) => this.state.sample * SAMPLE + i);
    const filters = [...this.views.values()].includes('filters');
    // The session may be released meanwhile, and then nobody wants its pictures.
    const pictures = await this.ask((worker) => worker.pictures(session, { rows, filters }), 'missing');
    if (!pictures || session !== this.session?.id) return;
    this.pictures = pictures;
    this.drawnFor = session;
    this.changed();
  }
}
