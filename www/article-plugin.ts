// What the build puts into the article and into the gallery's text: formulas as MathML, still pictures of the figures, and
// numbers of docs/results with the way to them: the lab where the run can be made there, else the command.
import { renderToString } from 'katex';
import type { Plugin } from 'vite';
import { escaped, rowsOf, spreadOf, type Row, type Spread } from './docs-results';
import { labRuns as runs } from './results-data';
import { stillPicture, stills } from './stills';

/** Tables of docs/results by the names that the article uses: their files, and the command that makes them. */
const sources: Readonly<Record<string, { files: readonly string[]; command: string }>> = {
  'mnist-topk': { files: ['mnist-topk'], command: 'cargo run --release --example ablations -- mnist-topk' },
  minilm: { files: ['minilm-full', 'minilm'], command: 'cargo run --release --example ablations -- minilm' },
  'comparison-mnist-1': {
    files: ['comparison-mnist-1'],
    command: 'cargo run --release --example comparison -- mnist shares=0.01',
  },
  'comparison-mnist-10': {
    files: ['comparison-mnist-10'],
    command: 'cargo run --release --example comparison -- mnist shares=0.1',
  },
  'comparison-minilm-1': {
    files: ['comparison-minilm-1'],
    command: 'cargo run --release --example comparison -- minilm shares=0.01 protocols=epochs',
  },
  'known-features': { files: ['known-features'], command: 'cargo run --release --example comparison -- known' },
  'spline-mnist': { files: ['spline-mnist'], command: 'cargo run --release --example spline -- mnist' },
};

const tables = new Map<string, readonly Row[]>();

/** A table of docs/results. */
function table(name: string): readonly Row[] {
  const source = sources[name];
  if (!source)
    throw new Error(`the article asks for ${name} of docs/results, expected one of ${Object.keys(sources).join(', ')}`);
  const known = tables.get(name);
  if (known) return known;
  const all = source.files.flatMap(rowsOf);
  // A run that was measured again stands in two files: the first counts, as in docs/results.py.
  const seen = new Set<string>();
  const isNew = ({ label, share, seed }: Row): boolean => {
    const run = `${label} ${share} ${seed}`;
    if (seen.has(run)) return false;
    seen.add(run);
    return true;
  };
  const rows = source.files.length === 1 ? all : all.filter(isNew);
  tables.set(name, rows);
  return rows;
}

/** The text of a number as the tables of docs/results.md write it. */
function shown(value: number): string {
  if (Math.abs(value) >= 1e4) {
    const [digits = '', power = ''] = value.toExponential(1).split('e+');
    return `${digits} · 10<sup>${power}</sup>`;
  }
  return value.toFixed(4);
}

/** A number and, for those who point at it, the command that gives it. */
function withCommand(name: string, text: string): string {
  return `<span class="result" title="${escaped(sources[name]?.command ?? '')}">${text}</span>`;
}

/** A number with the way to it: the lab where it can run there, else the command that gives it. */
function sourced(name: string, label: string, state: string | undefined, text: string): string {
  if (state === undefined) return withCommand(name, text);
  const run = runs[label];
  if (!run) throw new Error(`the article asks for ${label}, which is no run of the MNIST lab`);
  const title = escaped(sources[name]?.command ?? '');
  return `<a class="result" title="${title}" href="./#${escaped(`${state}&runs=${run}`)}">${text}</a>`;
}

/** The error of a method at a share of the data: mean over seeds, and their standard deviation. */
function errors(name: string, label: string, share: number): Spread & { epochs: string } {
  const rows = table(name).filter((row) => row.label === label && Number(row.share) === share);
  const values = rows.map((row) => Number(row.test_mse));
  if (values.length < 2)
    throw new Error(`docs/results/${name}.csv has ${values.length} rows of ${label} at ${share}, expected two or more`);
  return { ...spreadOf(values), epochs: rows[0]?.epochs ?? '' };
}

function errorOf(name: string, label: string, share: number): string {
  const { mean, epochs } = errors(name, label, share);
  const state = name === 'mnist-topk' ? `share=${100 * share}&epochs=${epochs}` : undefined;
  return sourced(name, label, state, shown(mean));
}

/** All methods by share of the data, the lowest mean of each share in bold. */
function errorTable(name: string): string {
  const shares = [...new Set(table(name).map((row) => Number(row.share)))];
  const labels = Object.keys(runs);
  const body = shares.map((share) => {
    const all = labels.map((label) => ({ label, ...errors(name, label, share) }));
    const least = Math.min(...all.map(({ mean }) => mean));
    const cells = all.map(({ label, mean, deviation }) => {
      const number = errorOf(name, label, share);
      return `<td>${mean === least ? `<strong>${number}</strong>` : number} <small>± ${shown(deviation)}</small></td>`;
    });
    return `<tr><th scope="row">${100 * share} %</th>${cells.join('')}</tr>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="Test error by method and share of the data"><table>
    <caption>Test MSE by share of the training data: mean over three seeds ± standard deviation. Bold: lowest.</caption>
    <thead><tr><th scope="col">Share</th>${labels.map((label) => `<th scope="col">${label}</th>`).join('')}</tr></thead>
    <tbody>${body.join('\n')}</tbody></table></div>`;
}

/** A figure of the trained SAE's geometry after its last epoch; `at` is a quantile or a depth. */
function geometryOf(
  name: string,
  label: string,
  figure: string,
  at: string | undefined,
  unit: string | undefined,
): string {
  const last = Math.max(...table(name).map((row) => Number(row.epoch)));
  const rows = table(name).filter(
    (row) =>
      row.label === label &&
      row.figure === figure &&
      Number(row.epoch) === last &&
      (at === undefined || Number(row.at) === Number(at)),
  );
  const [row] = rows;
  if (!row || rows.length > 1)
    throw new Error(
      `docs/results/${name}.csv has ${rows.length} rows of ${label}, ${figure}, ${at ?? ''}, expected one`,
    );
  const value = Number(row.value);
  const text =
    unit === '%'
      ? `${Number((100 * value).toPrecision(3))} %`
      : Number.isInteger(value)
        ? value.toLocaleString('en-US')
        : shown(value);
  return sourced(name, label, `share=100&epochs=${last}`, text);
}

/** The mean over seeds of a column, of the rows that fit: from runs that the lab does not offer. */
function meanOf(name: string, column: string, digits: number, fits: Row): string {
  const rows = table(name).filter((row) => Object.entries(fits).every(([key, value]) => row[key] === value));
  if (rows.length < 2) {
    throw new Error(`${name} has ${rows.length} rows of ${JSON.stringify(fits)}, expected two or more`);
  }
  const { mean } = spreadOf(rows.map((row) => Number(row[column])));
  return withCommand(name, mean.toFixed(digits));
}

/**
 * `{{TABLE|LABEL|SHARE}}`; `{{spline-…|LABEL|FIGURE|AT|%}}`, the last two as they are needed; `{{comparison-…|METHOD|PROTOCOL}}`;
 * `{{known-features|METHOD|COLUMN}}`.
 */
function number(inside: string): string {
  const [name = '', label = '', what = '', ...more] = inside.split('|').map((part) => part.trim().replace(/\s+/g, ' '));
  if (name.startsWith('comparison')) return meanOf(name, 'mse', 4, { method: label, protocol: what, role: 'test' });
  if (name === 'known-features') return meanOf(name, what, 3, { method: label });
  if (!name.startsWith('spline')) return errorOf(name, label, Number(what));
  const unit = more.at(-1) === '%' ? more.pop() : undefined;
  return geometryOf(name, label, what, more[0], unit);
}

function formula(tex: string, displayMode: boolean): string {
  // What HTML had to write otherwise.
  const plain = tex.replaceAll('&amp;', '&').replaceAll('&gt;', '>').replaceAll('&lt;', '<');
  const made = renderToString(plain.trim(), { output: 'mathml', displayMode, throwOnError: true, strict: 'error' });
  return /<math[^]*<\/math>/.exec(made)?.[0] ?? '';
}

/** Fills in a page's text. */
function fill(html: string): string {
  const still = new Map(stills().map((each) => [each.name, each]));
  return html
    .replace(/<live-figure name="([\w-]+)"><\/live-figure>/g, (_, name: string) => {
      const known = still.get(name);
      if (!known) throw new Error(`the article has a figure ${name}, of which there is no still picture`);
      return `<live-figure name="${name}">${stillPicture(known)}</live-figure>`;
    })
    .replace(/<!--table ([\w-]+)-->/g, (_, name: string) => errorTable(name))
    .replace(/\{\{([^}|]+\|[^}]+)\}\}/g, (_, inside: string) => number(inside))
    .replace(
      /\\\[([^]*?)\\\]/g,
      (_, tex: string) =>
        `<div class="formula" tabindex="0" role="group" aria-label="Formula">${formula(tex, true)}</div>`,
    )
    .replace(/\\\(([^]*?)\\\)/g, (_, tex: string) => formula(tex, false));
}

export function article(): Plugin {
  return {
    name: 'splinterp:article',
    transformIndexHtml: {
      order: 'pre',
      handler: (html, { path }) => (/(article|gallery)\.html$/.test(path) ? fill(html) : html),
    },
  };
}
