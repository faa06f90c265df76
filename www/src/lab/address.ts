// Where a lab's state lives: the hash of the page's address, and the history that Back goes through.

export interface Address {
  /** With its `#`, or nothing. */
  read(): string;
  /** A change that Back takes back. */
  push(hash: string): void;
  /** A change of the view, or a correction. */
  replace(hash: string): void;
  /** Calls back when the user goes elsewhere within the page. */
  listen(changed: () => void): void;
}

export const pageAddress: Address = {
  read: () => location.hash,
  push: (hash) => history.pushState(null, '', `#${hash}`),
  replace: (hash) => history.replaceState(null, '', `#${hash}`),
  listen: (changed) => window.addEventListener('hashchange', changed),
};

/** Remarks on a link that are said in full; a link may hold any number of mistakes. */
const MOST_REMARKS = 4;
/** Letters of one remark; what is quoted in it may be of any length. */
const LONGEST_REMARK = 120;

/** One short sentence on what was not understood of a link. */
export function remarkOn(notes: readonly string[]): string | undefined {
  if (notes.length === 0) return undefined;
  const said = notes.slice(0, MOST_REMARKS).map((note) => {
    return note.length > LONGEST_REMARK ? `${note.slice(0, LONGEST_REMARK)} …` : note;
  });
  const more = notes.length - said.length;
  const rest = more > 0 ? `; and ${more.toLocaleString('en')} more` : '';
  return `Not all of this link was understood: ${said.join('; ')}${rest}. The defaults are used there.`;
}
