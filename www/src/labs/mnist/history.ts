// Reconstructions of the past: the epoch that is looked at, and what the runs made of the test images then.

import { Latest } from '../../kit/latest';
import type { RunName } from '../../lab/protocol';
import type { PicturesLab } from './lab';
import type { PastPictures } from './protocol';

export class PastController {
  private pictures: readonly PastPictures[] = [];
  /** Session, images and epoch that they are of. */
  private key = '';
  /** Under the thumb of the slider, before it is let go. */
  private looking: number | undefined;
  private readonly latest = new Latest();

  constructor(private readonly lab: PicturesLab) {}

  /** Epochs that can be looked at, ascending. */
  get epochs(): readonly number[] {
    return this.lab.pictures?.kept ?? [];
  }

  /** The epoch that is looked at, one that is kept; nothing for the newest, which moves while training goes on. */
  get epoch(): number | undefined {
    const { epochs } = this;
    const at = this.looking ?? this.lab.state.at;
    if (at === undefined || epochs.length === 0) return undefined;
    const kept = epochs.findLast((each) => each <= at) ?? epochs[0];
    return kept === epochs.at(-1) ? undefined : kept;
  }

  /** Pictures of a run at that epoch; until they are there, those of the epoch looked at before. */
  of(run: RunName): PastPictures | undefined {
    return this.epoch === undefined ? undefined : this.pictures.find(({ name }) => name === run);
  }

  /** Follows the thumb. */
  look(epoch: number): void {
    this.looking = epoch;
    this.fetch();
  }

  /** The state holds the epoch from now on. */
  settle(): void {
    this.looking = undefined;
  }

  forget(): void {
    this.pictures = [];
    this.key = '';
    this.looking = undefined;
  }

  /** Asks for the pictures of the epoch that is looked at. */
  fetch(): void {
    const { session, pictures } = this.lab;
    if (!session || !pictures || this.epoch === undefined) {
      this.lab.redraw();
      return;
    }
    this.latest.ask(async () => {
      const { epoch } = this;
      const key = `${session.id} ${epoch} ${pictures.rows.join()}`;
      if (epoch === undefined || key === this.key) return;
      const past = await this.lab.ask((worker) => worker.past(session.id, { rows: pictures.rows, epoch }), 'missing');
      if (!past || session.id !== this.lab.session?.id) return;
      this.pictures = past;
      this.key = key;
      this.lab.redraw();
    });
  }
}
