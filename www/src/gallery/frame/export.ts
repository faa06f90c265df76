// What a figure gives away: files, tables, and the code by which another page shows it.

/** A table to be written as CSV. */
export interface CsvTable {
  readonly header: readonly string[];
  readonly rows: Iterable<readonly (string | number)[]>;
}

/** RFC 4180: quotes where needed, a line ends in CR LF. */
export function csvText({ header, rows }: CsvTable): string {
  const field = (value: string | number): string => {
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [header, ...rows].map((row) => row.map(field).join(','));
  return lines.map((line) => `${line}\r\n`).join('');
}

/** The colours of a figure in another page: those of the reader's device unless one is given. */
export const schemes = ['', 'light', 'dark'] as const;
export type Scheme = (typeof schemes)[number];

/** Address of a figure's own page, relative to the site's root. */
export function pageOf(name: string, hash = '', scheme: Scheme = ''): string {
  const query = new URLSearchParams({ name, ...(scheme === '' ? {} : { scheme }) }).toString();
  return `figure.html?${query}${hash === '' ? '' : `#${hash}`}`;
}

/** What an embedded figure posts to the page around it, whenever its height changes. */
export interface HeightMessage {
  readonly type: 'splinterp:height';
  readonly name: string;
  /** CSS pixels. */
  readonly height: number;
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

/** The still picture of a figure, relative to the site's root. */
export function stillOf(name: string, scheme: Scheme): string {
  return `stills/${name}-${scheme === '' ? 'light' : scheme}.webp`;
}

/**
 * HTML that shows a figure in any page: a frame, a script that gives it the height it asks for, and for readers without
 * JavaScript a still picture, or the link where there is none.
 */
export function embedCode(
  name: string,
  title: string,
  link: string,
  still: string | undefined,
  height: number,
): string {
  const id = `splinterp-${name}`;
  const instead =
    still === undefined
      ? `<a href="${attribute(link)}">${attribute(title)}</a>`
      : `<img src="${attribute(still)}" alt="${attribute(title)}" style="max-width: 100%">`;
  return [
    `<iframe id="${id}" src="${attribute(link)}" title="${attribute(title)}" width="100%" height="${height}"`,
    `  style="border: 0" loading="lazy" allow="clipboard-write"></iframe>`,
    `<script>`,
    `  addEventListener('message', ({ data, source }) => {`,
    `    const frame = document.getElementById('${id}');`,
    `    if (source === frame.contentWindow && data.type === 'splinterp:height') frame.height = data.height;`,
    `  });`,
    `</script>`,
    `<noscript>${instead}</noscript>`,
  ].join('\n');
}
