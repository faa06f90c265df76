// Names and notes that the reader gives to features. They are kept in this browser under a hash of the SAE, so that they
// come back with it: with an imported file, and with a run that trains to the same bits again.

/** What the reader says of a feature. */
export interface Note {
  name: string;
  text: string;
}

export const LONGEST_NAME = 80;
export const LONGEST_TEXT = 2000;

const KEY = 'splinterp:notes:';

export class Notes {
  private readonly known = new Map<string, Map<number, Note>>();

  constructor(private readonly store: () => Storage) {}

  /** Notes on features of an SAE, by number. */
  of(sae: string): ReadonlyMap<number, Note> {
    let notes = this.known.get(sae);
    if (!notes) this.known.set(sae, (notes = this.read(sae)));
    return notes;
  }

  /** Changes what is said of a feature; why the browser does not keep it, if so. For this visit it stands all the same. */
  set(sae: string, feature: number, { name, text }: Note): string | undefined {
    const notes = new Map(this.of(sae));
    const note = { name: name.trim().slice(0, LONGEST_NAME), text: text.trim().slice(0, LONGEST_TEXT) };
    if (note.name === '' && note.text === '') notes.delete(feature);
    else notes.set(feature, note);
    this.known.set(sae, notes);
    try {
      if (notes.size === 0) this.store().removeItem(KEY + sae);
      else this.store().setItem(KEY + sae, JSON.stringify(Object.fromEntries(notes)));
      return undefined;
    } catch {
      // Its storage is full, or switched off.
      return 'This browser keeps no more notes. They last until the page is closed: export them.';
    }
  }

  private read(sae: string): Map<number, Note> {
    try {
      const kept: unknown = JSON.parse(this.store().getItem(KEY + sae) ?? '{}');
      if (typeof kept !== 'object' || kept === null) return new Map();
      return new Map(Object.entries(kept).flatMap(([feature, note]) => entryOf(Number(feature), note)));
    } catch {
      return new Map();
    }
  }
}

function entryOf(feature: number, note: unknown): [number, Note][] {
  if (!Number.isSafeInteger(feature) || feature < 0 || typeof note !== 'object' || note === null) return [];
  const { name, text } = note as Partial<Record<keyof Note, unknown>>;
  if (typeof name !== 'string' || typeof text !== 'string') return [];
  return [[feature, { name, text }]];
}
