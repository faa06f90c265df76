// What the build puts into the page of results: the tables of docs/comparison.md and plots of the same runs, each of which
// leads to that run in a lab. Nothing on the page is typed by hand, and it reads without JavaScript.
import type { Plugin } from 'vite';
import { document, escaped, type Spread } from './docs-results';
import {
  comparisons,
  families,
  frontiers,
  methods,
  protocols,
  recovered,
  reluSweep,
  sets,
  type Comparison,
  type Family,
  type Frontier,
  type FrontierPoint,
  type Method,
  type Protocol,
  type Outcome,
  type SetName,
  type Swept,
} from './results-data';
import { markerPicture, plotSvg, type Mark, type Plot } from './results-plot';
import type { Marker } from './src/kit/runs';

const markers: Readonly<Record<Family, Marker>> = {
  ...{ topk: 'circle', batchtopk: 'square' },
  ...{ jumprelu: 'triangle', relu: 'diamond' },
};

/** An l0 by more than this share of TopK's is not compared. */
const COMPARABLE = 0.1;

/** Factor by which an l0 may differ from TopK's in plots of errors against time. */
const NEAR = 2;

/** A number with its spread, as docs/comparison.py writes it. */
const spread = ({ mean, deviation }: Spread, digits: number): string =>
  `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;

/** 1.4 · 10⁹ of 1.4e9. */
function power(value: number): string {
  const [digits = '', exponent = ''] = value.toExponential(1).split('e+');
  return `${digits} · 10<sup>${exponent}</sup>`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function nameOf({ family, method }: { family: Family; method: Method }): string {
  return `${families[family]}, ${methods[method]}`;
}

/** A step size, and the threshold that JumpReLU starts from, as docs/comparison.py writes them. */
const tuned = (lr: number, threshold: string): string =>
  threshold === '' ? String(lr) : `${lr}, from ${Number(Number(threshold).toPrecision(3))}`;

const leads = ({ set }: { set: SetName }): string =>
  set === 'mnist' ? 'Opens the run of seed 1 in the MNIST lab.' : 'Opens the same method in the activations lab.';

function markOf(comparison: Comparison, outcome: Outcome, x: number): Mark {
  const { family, method, protocol, fvu, l0, lr, epochs, href, seconds } = outcome;
  const numbers = `FVU ${spread(fvu, 4)}, L0 ${l0.mean.toFixed(1)}, ${seconds.toFixed(1)} s`;
  const how = `${protocols[protocol]}, ${epochs} epochs, step size ${lr}`;
  return {
    ...{ x, y: fvu.mean, deviation: fvu.deviation, series: method, marker: markers[family], href },
    hollow: protocol === 'seconds',
    text: `${nameOf(outcome)}: ${numbers}; ${how}. ${leads(comparison)}`,
  };
}

/** A method at equal epochs and at equal seconds, joined. */
function joined(marks: readonly Mark[], outcomes: readonly Outcome[]): Mark[][] {
  const lines = new Map<string, Mark[]>();
  outcomes.forEach((outcome, i) => {
    const mark = marks[i];
    if (mark) lines.set(nameOf(outcome), [...(lines.get(nameOf(outcome)) ?? []), mark]);
  });
  return [...lines.values()].map((line) => line.sort((a, b) => a.x - b.x));
}

/** Outcomes with about as many active latents as TopK has: errors at others say little beside these. */
function near(outcomes: readonly Outcome[]): readonly Outcome[] {
  const topk = outcomes.find(({ family }) => family === 'topk');
  if (!topk) return outcomes;
  return outcomes.filter(({ l0 }) => Math.abs(Math.log(l0.mean / topk.l0.mean)) < Math.log(NEAR));
}

/** Validation errors by step size, a curve for each method. */
function tuningPlot({ tuning }: Comparison, id: string): Plot {
  const marks = tuning.map((each): Mark => {
    const text = `${nameOf(each)}: validation MSE ${each.mse.toFixed(4)} with step size ${each.lr}`;
    return { x: each.lr, y: each.mse, series: each.method, marker: markers[each.family], text };
  });
  const lines = [...new Set(tuning.map(nameOf))].map((name) =>
    marks.filter((_, i) => tuning[i] !== undefined && nameOf(tuning[i]) === name),
  );
  const title = 'How step sizes were chosen: error of the validation rows';
  return { id: `${id}-step-sizes`, title, x: 'step size of Adam', y: 'validation MSE', marks, lines };
}

function plotsOf(comparison: Comparison): Plot[] {
  const { set, share, outcomes } = comparison;
  const id = `${set}-${100 * share}`;
  const close = near(outcomes);
  const plot = (title: string, shown: readonly Outcome[], x: string, value: (outcome: Outcome) => number): Plot => {
    const marks = shown.map((outcome) => markOf(comparison, outcome, value(outcome)));
    const named = `${id}-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
    return { id: named, title, x, y: 'FVU of the test rows', marks, lines: joined(marks, shown) };
  };
  const latents = (title: string, shown: readonly Outcome[]): Plot => ({
    ...plot(title, shown, 'L0 of the test rows', ({ l0 }) => l0.mean),
    lines: [],
  });
  return [
    latents('FVU against active latents', outcomes),
    ...(close.length < outcomes.length ? [latents('The same near the L0 of TopK, as in what follows', close)] : []),
    plot('FVU against seconds', close, 'seconds of one CPU thread', ({ seconds }) => seconds),
    plot('FVU against multiply-adds', close, 'multiply-adds', ({ multiplyAdds }) => multiplyAdds),
    plot('FVU against steps', close, 'steps of Adam', ({ steps }) => steps),
    tuningPlot(comparison, id),
  ];
}

/** A table with its name, in a box that scrolls; the first `texts` columns hold no numbers. */
function table(caption: string, columns: readonly string[], body: readonly string[], texts = 1): string {
  const head = columns.map((column) => `<th scope="col">${column}</th>`).join('');
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escaped(caption)}"><table class="texts-${texts}">
    <caption>${escaped(caption)}</caption>
    <thead><tr>${head}</tr></thead>
    <tbody>${body.join('\n')}</tbody></table></div>`;
}

/** The outcomes of a family under a protocol; TopK by PAM-SGD is the measure of seconds, and is run once. */
function compared(all: readonly Outcome[], family: Family, protocol: 'epochs' | 'seconds'): Outcome[] {
  const of = (wanted: string): Outcome[] => all.filter((each) => each.family === family && each.protocol === wanted);
  const found = of(protocol);
  const measure = of('epochs').find(({ method }) => method === 'pam');
  const missing = protocol === 'seconds' && found.length > 0 && !found.some(({ method }) => method === 'pam');
  return missing && measure ? [measure, ...found] : found;
}

function comparisonTable({ set, share, outcomes }: Comparison): string {
  const topk = outcomes.find(({ family, method, protocol }) => `${family} ${method} ${protocol}` === 'topk pam epochs');
  const body = (Object.keys(families) as Family[]).flatMap((family) =>
    (['epochs', 'seconds'] as const).flatMap((protocol) => {
      const found = compared(outcomes, family, protocol);
      const least = Math.min(...found.map(({ mse }) => mse.mean));
      return found.map((outcome) => {
        const { method, lr, threshold, epochs, mse, l0, dead, seconds, multiplyAdds, href } = outcome;
        const error = spread(mse, 4);
        const off = topk !== undefined && Math.abs(l0.mean / topk.l0.mean - 1) > COMPARABLE ? '*' : '';
        const cells = [
          protocols[protocol],
          `<a href="${escaped(href)}">${methods[method]}</a>`,
          tuned(lr, threshold),
          String(epochs),
          mse.mean === least && found.length > 1 ? `<strong>${error}</strong>` : error,
          `${spread(l0, 1)}${off}`,
          percent(dead),
          seconds.toFixed(1),
          power(multiplyAdds),
        ];
        return `<tr><th scope="row">${families[family]}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
      });
    }),
  );
  const columns = ['Family', 'Protocol', 'Method', 'Step size', 'Epochs', 'Test MSE', 'L0', 'Dead', 'CPU s'];
  return table(`${sets[set].title}: ${100 * share} % of the training rows`, [...columns, 'Multiply-adds'], body, 3);
}

const plots = (all: readonly Plot[]): string => `<div class="plots">${all.map(plotSvg).join('\n')}</div>`;

function section(comparison: Comparison): string {
  const { set, share } = comparison;
  const sample =
    set === 'mnist'
      ? ''
      : '<p>The lab has a sample of these activations: a point opens the same method on as many of its rows, which are others.</p>';
  return `<h2 id="${set}-${100 * share}">${escaped(sets[set].title)}: ${100 * share}&nbsp;% of the training rows</h2>
    ${sample}${plots(plotsOf(comparison))}${comparisonTable(comparison)}`;
}

const methodKeys = (Object.keys(methods) as Method[]).map(
  (method) => `<li>${markerPicture('circle', method)} ${methods[method]}</li>`,
);

const protocolKeys = (Object.keys(protocols) as Protocol[]).map(
  (protocol) => `<li>${markerPicture('circle', 'any', protocol === 'seconds')} ${protocols[protocol]}</li>`,
);

function legend(): string {
  const shapes = (Object.keys(families) as Family[])
    .filter((family) => family !== 'relu')
    .map((family) => `<li>${markerPicture(markers[family], 'any')} ${families[family]}</li>`);
  return keys('Colours and shapes of the plots', [...methodKeys, ...shapes, ...protocolKeys]);
}

function keys(name: string, items: readonly string[]): string {
  return `<ul class="legend" aria-label="${escaped(name)}">${items.join('')}</ul>`;
}

const sweepSeries: Readonly<Record<string, Method>> = { 'SGD untied': 'sgd', 'PAM-SGD recommended': 'pam' };

const frontierTitle = ({ set, share }: Frontier): string =>
  `${sets[set].short}, ${100 * share}\u00a0% of the training rows`;

/** What a point of a frontier was asked for. */
const settingNames: Readonly<Record<Family, string>> = {
  ...{ topk: 'k', batchtopk: 'k', jumprelu: 'target L0', relu: 'l1' },
};

/** Error against active latents as k or the l1 penalty varies, a plot for each family. */
function frontierSection(frontier: Frontier): string {
  const { set, share, points } = frontier;
  const markOf = (point: FrontierPoint): Mark => {
    const { family, method, protocol, setting, lr, epochs, fvu, l0, href } = point;
    const numbers = `FVU ${spread(fvu, 4)}, L0 ${l0.mean.toFixed(1)}`;
    const how = `${settingNames[family]} ${setting}, ${protocols[protocol]}: step size ${lr}, ${epochs} epochs`;
    return {
      ...{ x: l0.mean, y: fvu.mean, deviation: fvu.deviation, series: method, marker: markers[family], href },
      hollow: protocol === 'seconds',
      text: `${nameOf(point)}, ${how}, ${numbers}. ${leads(frontier)}`,
    };
  };
  const drawn = [...new Set(points.map(({ family }) => family))].map((family): Plot => {
    const lines = (Object.keys(protocols) as Protocol[]).flatMap((protocol) =>
      (Object.keys(methods) as Method[]).map((method) =>
        points
          .filter((point) => point.family === family && point.protocol === protocol && point.method === method)
          .map(markOf)
          .sort((a, b) => a.x - b.x),
      ),
    );
    const axes = { x: 'L0 of the test rows', y: 'FVU of the test rows' };
    const id = `frontier-${set}-${100 * share}-${family}`;
    return { id, title: `${families[family]}: ${frontierTitle(frontier)}`, ...axes, marks: lines.flat(), lines };
  });
  const body = points.map(({ family, protocol, method, setting, lr, threshold, epochs, fvu, l0, dead, href }) => {
    const link = `<a href="${escaped(href)}">${methods[method]}</a>`;
    const cells = [setting, protocols[protocol], link, tuned(lr, threshold), String(epochs)];
    const figures = [spread(fvu, 4), spread(l0, 1), percent(dead)];
    return `<tr><th scope="row">${families[family]}</th>${[...cells, ...figures].map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  const columns = ['Family', 'k or l1', 'Protocol', 'Method', 'Step size', 'Epochs', 'FVU', 'L0', 'Dead'];
  return (
    `<h3 id="frontier-${set}-${100 * share}">${escaped(frontierTitle(frontier))}</h3>` +
    tableUnder(
      `Frontiers: ${sets[set].short}, ${100 * share} %`,
      'FVU of PAM-SGD against the lower of SGD’s at so many active latents',
      3,
    ) +
    keys('Colours of these plots', [...methodKeys, ...protocolKeys]) +
    plots(drawn) +
    table(`Frontiers: ${frontierTitle(frontier)}`, columns, body, 4)
  );
}

/** L0 against FVU of ReLU in the labs as the penalty varies, a plot for each share. */
function reluSweeps(): string {
  const sweep = reluSweep();
  const shares = [...new Set(sweep.map(({ share }) => share))].sort((a, b) => a - b);
  const markOfSwept = ({ label, l1, fvu, l0, href }: Swept): Mark => ({
    ...{ x: l0.mean, y: fvu.mean, deviation: fvu.deviation, href, marker: 'diamond' },
    series: sweepSeries[label] ?? '',
    text: `${label}, l1 ${l1}: FVU ${spread(fvu, 4)}, L0 ${l0.mean.toFixed(1)}. Opens the run of seed 1 in the MNIST lab.`,
  });
  const legend = Object.entries(sweepSeries).map(
    ([label, series]) => `<li>${markerPicture('diamond', series)} ${escaped(label)}</li>`,
  );
  const drawn = plots(
    shares.map((share) => {
      const lines = Object.keys(sweepSeries).map((label) =>
        sweep
          .filter((each) => each.share === share && each.label === label)
          .map(markOfSwept)
          .sort((a, b) => a.x - b.x),
      );
      const title = `ReLU, ${100 * share} % of the training rows`;
      const axes = { x: 'L0 of the test rows', y: 'FVU of the test rows' };
      return { id: `relu-${100 * share}`, title, ...axes, marks: lines.flat(), lines };
    }),
  );
  return `${keys('Colours of these plots', legend)}${drawn}`;
}

function knownTable(): string {
  const body = recovered().map(({ title, mcc, f1, fvu, l0, dead }) => {
    const cells = [spread(mcc, 3), spread(f1, 3), spread(fvu, 3), spread(l0, 2), percent(dead)];
    return `<tr><th scope="row">${escaped(title)}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return table('What is recovered of known features', ['Method', 'MCC', 'F1', 'FVU', 'L0', 'Dead'], body);
}

/** A true minus sign, and no line's end before the percent sign. */
const typeset = (text: string): string => text.replaceAll(/(^|[ (])-(?=\d)/g, '$1−').replaceAll(' %', '\u00a0%');

/** Lines of docs/comparison.md under a heading that begins so. */
function linesUnder(heading: string): string[] {
  const [, after = ''] = document('comparison.md').split(`## ${heading}`);
  const [section = ''] = after.split('\n## ');
  return section.split('\n');
}

/** The first table of docs/comparison.md under a heading that begins so. */
function tableUnder(heading: string, caption: string, texts: number): string {
  const lines = linesUnder(heading);
  const from = lines.findIndex((line) => line.startsWith('| '));
  const to = lines.findIndex((line, i) => i > from && !line.startsWith('|'));
  const [columns = [], , ...rows] = lines.slice(from, to).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => escaped(typeset(cell.trim()))),
  );
  if (rows.length === 0) throw new Error(`docs/comparison.md has no table under "## ${heading}", expected one`);
  const body = rows.map(
    ([first = '', ...cells]) =>
      `<tr><th scope="row">${first}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`,
  );
  const named = columns.map((column) => column.charAt(0).toUpperCase() + column.slice(1));
  return table(caption, named, body, texts);
}

/** What stands in the page's places, by name. */
export function parts(): Readonly<Record<string, string>> {
  return {
    winners: tableUnder(
      'Who wins',
      'Test MSE of PAM-SGD against the lower one of SGD’s, by share of the training rows',
      3,
    ),
    legend: legend(),
    comparisons: comparisons().map(section).join('\n'),
    frontiers: frontiers().map(frontierSection).join('\n'),
    'relu-sweeps': reluSweeps(),
    known: knownTable(),
  };
}

export function results(): Plugin {
  return {
    name: 'splinterp:results',
    transformIndexHtml: {
      order: 'pre',
      handler: (html, { path }) => {
        if (!path.endsWith('results.html')) return html;
        const made = parts();
        return html.replace(/<!--results ([\w-]+)-->/g, (_, name: string) => {
          const part = made[name];
          if (part === undefined)
            throw new Error(`results.html asks for ${name}, expected one of ${Object.keys(made).join(', ')}`);
          return part;
        });
      },
    },
  };
}
