// The digit on the pad, with its history, and what every run makes of it.

import { Latest } from '../../../kit/latest';
import type { PicturesLab } from '../lab';
import type { Encoded, Image } from '../protocol';
import { BLANK, imageOf, type Drawing, type Point, type Size } from './digit';

/** Steps that can be undone. */
const MOST_UNDONE = 100;

export class DrawingController {
  /** What every run makes of the drawing; nothing of a blank one. */
  encoded: readonly Encoded[] = [];
  private drawing: Drawing = BLANK;
  private before: Drawing[] = [];
  private readonly latest = new Latest();

  constructor(private readonly lab: PicturesLab) {}

  get shown(): Drawing {
    return this.drawing;
  }

  get isBlank(): boolean {
    return this.drawing.base === undefined && this.drawing.strokes.length === 0;
  }

  get canUndo(): boolean {
    return this.before.length > 0;
  }

  /** Size of the session's images. */
  get size(): Size {
    const { width, height } = this.lab.session?.info ?? { width: 28, height: 28 };
    return { width, height };
  }

  /** The image as models see it, before it is normalised. */
  get image(): Image {
    return imageOf(this.drawing, this.size);
  }

  /** Puts the pen down. */
  begin(point: Point): void {
    this.show({ ...this.drawing, strokes: [...this.drawing.strokes, [point]] });
  }

  /** Draws on; the stroke is one step for Undo. */
  extend(points: readonly Point[]): void {
    const { strokes } = this.drawing;
    const last = strokes.at(-1);
    if (!last || points.length === 0) return;
    this.drawing = { ...this.drawing, strokes: [...strokes.slice(0, -1), [...last, ...points]] };
    this.encode();
  }

  /** Puts an image on the pad, in the place of what is there. */
  load(base: Image): void {
    this.show({ base, strokes: [] });
  }

  clear(): void {
    if (!this.isBlank) this.show(BLANK);
  }

  undo(): void {
    const last = this.before.pop();
    if (!last) return;
    this.drawing = last;
    this.encode();
  }

  private show(drawing: Drawing): void {
    this.before = [...this.before, this.drawing].slice(-MOST_UNDONE);
    this.drawing = drawing;
    this.encode();
  }

  /** Follows the session: its runs have learnt, or it is another, whose images may be of another size. */
  follow(): void {
    const { width, height } = this.size;
    const { base } = this.drawing;
    if (base && base.length !== width * height) {
      this.drawing = BLANK;
      this.before = [];
    }
    if (!this.isBlank || this.encoded.length > 0) this.encode();
  }

  /** Asks every run for the drawing's code, as the runs are now. */
  encode(): void {
    const { session } = this.lab;
    if (!session || this.isBlank) {
      this.encoded = [];
      this.lab.redraw();
      return;
    }
    this.lab.redraw();
    this.latest.ask(async () => {
      // What has been drawn meanwhile goes along; where the session is gone, nobody wants its answer.
      const encoded = await this.lab.ask((worker) => worker.encode(session.id, this.image), 'missing');
      if (!encoded || session.id !== this.lab.session?.id) return;
      this.encoded = this.isBlank ? [] : encoded;
      this.lab.redraw();
    });
  }
}
