// The code that is edited: of a run, for a test image or for the drawing; what it decodes to, as it is and as changed.

import { Latest } from '../../../kit/latest';
import type { RunName } from '../../../lab/protocol';
import type { DrawingController } from '../drawing/controller';
import type { PicturesLab } from '../lab';
import type { Image } from '../protocol';
import { edited, type Edits } from './edits';

export type Subject = 'test' | 'drawing';

/** What the code decodes to. */
interface Outcome {
  original: Image;
  plain: Image;
  plainMse: number;
  edited: Image;
  editedMse: number;
}

interface EditingLab extends PicturesLab {
  readonly drawing: DrawingController;
}

export class EditingController {
  edits: Edits = new Map();
  outcome: Outcome | undefined;
  private chosenRun: RunName | undefined;
  private chosenSubject: Subject = 'test';
  private readonly latest = new Latest();
  /** What the changes are changes of; of something else they say nothing. */
  private of = '';
  private watched = false;

  constructor(private readonly lab: EditingLab) {}

  /** The run whose code it is: the one that was chosen, if the session has it, else the last. */
  get run(): RunName | undefined {
    const runs = this.lab.session?.runs ?? [];
    return (runs.find(({ name }) => name === this.chosenRun) ?? runs.at(-1))?.name;
  }

  get subject(): Subject {
    return this.lab.drawing.isBlank ? 'test' : this.chosenSubject;
  }

  /** The code as the encoder gives it. */
  get codes(): Float32Array {
    const { lab, run, subject } = this;
    if (run === undefined) return new Float32Array();
    if (subject === 'drawing') {
      return lab.drawing.encoded.find(({ name }) => name === run)?.codes ?? new Float32Array();
    }
    const all = lab.picturesOf(run)?.codes ?? new Float32Array();
    const dSae = all.length / (lab.pictures?.rows.length ?? 1);
    return all.subarray(lab.state.digit * dSae, (lab.state.digit + 1) * dSae);
  }

  /** The image that the code is of. */
  get original(): Image | undefined {
    const { drawing, pictures, state } = this.lab;
    if (this.subject === 'drawing') return drawing.image;
    const size = (pictures?.width ?? 0) * (pictures?.height ?? 0);
    return pictures?.originals.slice(state.digit * size, (state.digit + 1) * size);
  }

  choose(run: RunName): void {
    this.chosenRun = run;
    this.follow();
  }

  chooseSubject(subject: Subject): void {
    this.chosenSubject = subject;
    this.follow();
  }

  /** Codes are decoded while somebody looks. */
  watch(watched: boolean): void {
    this.watched = watched;
    if (watched) this.follow();
  }

  /** Gives a latent a value. */
  set(latent: number, value: number): void {
    this.edits = new Map([...this.edits, [latent, value]]);
    this.decode();
  }

  /** Gives a latent its own value back. */
  restore(latent: number): void {
    this.edits = new Map([...this.edits].filter(([each]) => each !== latent));
    this.decode();
  }

  reset(): void {
    this.edits = new Map();
    this.decode();
  }

  /** Follows the session, the images and the drawing; changes are kept while training goes on. */
  follow(): void {
    const { lab, run, subject } = this;
    const image = subject === 'test' ? lab.pictures?.rows[lab.state.digit] : '';
    const of = JSON.stringify([lab.session?.id, run, subject, image]);
    if (of !== this.of) {
      this.edits = new Map();
      this.outcome = undefined;
    }
    this.of = of;
    this.decode();
  }

  private decode(): void {
    this.lab.redraw();
    if (!this.watched) return;
    this.latest.ask(async () => {
      const { codes, lab, of, original, run } = this;
      const { session } = lab;
      if (!session || run === undefined || original === undefined || codes.length === 0) return;
      const both = new Float32Array(2 * codes.length);
      both.set(codes);
      both.set(edited(codes, this.edits), codes.length);
      const request = { run, codes: both, image: original };
      const decoded = await lab.ask((worker) => worker.decode(session.id, request), 'missing');
      if (!decoded || of !== this.of) return;
      const { images, mses } = decoded;
      const [plainMse = NaN, editedMse = NaN] = mses;
      const plain = images.slice(0, original.length);
      this.outcome = { original, plain, plainMse, edited: images.slice(original.length), editedMse };
      lab.redraw();
    });
  }
}
