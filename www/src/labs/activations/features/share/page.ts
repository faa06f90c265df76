// Features as one page of HTML that opens from a disk: no script, no request, and a policy that allows neither.

import { count, fixed, measured, percent } from '../../../../kit/format';
import type { FeatureContext, FeatureDetail, ShownRow } from '../../protocol';
import { broken, parted } from '../tokens';
import type { DetailedFinding, Findings } from './findings';

/** The picture of a row as the address of an image, where rows are pictures. */
type Picture = (pixels: Uint8ClampedArray) => string;

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { max-width: 980px; margin: 24px auto; padding: 0 16px; }
h1 { font-size: 1.5rem; margin: 0; }
.muted { color: light-dark(#5b6570, #9aa6b2); }
table { border-collapse: collapse; font-size: .87rem; margin: 12px 0; }
td, th { text-align: left; padding: 3px 16px 3px 0; font-variant-numeric: tabular-nums; font-weight: 400; }
details { border-top: 1px solid light-dark(#d5dbe1, #39424c); padding: 8px 0; }
summary { cursor: pointer; display: flex; gap: 16px; }
summary b { flex: 1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
summary span { font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; height: 60px; margin: 10px 0 2px; }
rect { fill: #0072b2; }
ul { list-style: none; margin: 8px 0; padding: 0; }
li { display: flex; gap: 12px; align-items: baseline; }
li > span:first-child { flex: 0 0 6ch; text-align: right; font-variant-numeric: tabular-nums; }
mark { color: inherit; border-radius: 3px; padding: 0 2px; }
.up { background: color-mix(in srgb, light-dark(#f0a030, #c06a08) calc(var(--share) * 1%), transparent); }
.down { background: color-mix(in srgb, light-dark(#5aa9d8, #1d6fa5) calc(var(--share) * 1%), transparent); }
li.text { display: block; padding: 6px 0; line-height: 1.7; white-space: pre-wrap; overflow-wrap: anywhere; }
li.text > span:first-child { display: block; text-align: left; white-space: normal; }
li.text mark { padding: 2px 0; }
li.text mark.peak { font-weight: 600; text-decoration: underline 2px; text-underline-offset: 4px; }
li.text mark:focus::after { content: " (" attr(title) ")"; font-weight: 400; }
.pictures { display: flex; flex-wrap: wrap; gap: 8px; }
.pictures li { display: block; text-align: center; font-size: .75rem; }
.note { white-space: pre-wrap; overflow-wrap: anywhere; }
img { width: 56px; height: 56px; image-rendering: pixelated; display: block; }
`;

export function pageOf(findings: Findings, picture: Picture): string {
  const { model, epoch, data, rows, latents, address, features } = findings;
  const title = `${model} on ${data.name}: ${count(features.length)} of ${count(latents)} features`;
  const trained = epoch > 0 ? `, after epoch ${epoch}` : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p class="muted">Measured on ${count(rows)} rows of ${count(data.cols)} values${trained}. ${sampled(findings)}
The run: <a href="${escaped(address)}">${escaped(address)}</a></p>
${results(findings)}
${features.map((finding) => feature(finding, data.image, picture)).join('\n')}
</body>
</html>
`;
}

export function escaped(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (letter) => names[letter] ?? letter);
}

function sampled({ rows, sampledRows }: Findings): string {
  return sampledRows < rows ? `Histograms and intervals are of a uniform sample of ${count(sampledRows)} of them.` : '';
}

function results({ report }: Findings): string {
  if (!report) return '';
  const { testMse, testFvu, testL0, deadShare } = report;
  const cells: [string, string][] = [
    ['test MSE', measured(testMse)],
    ['test FVU', measured(testFvu)],
    ['test L0', fixed(testL0, 1)],
    ['dead', percent(deadShare)],
  ];
  return `<table><tr>${cells.map(([name, value]) => `<th class="muted">${name}</th><td>${value}</td>`).join('')}</tr></table>`;
}

function feature(finding: DetailedFinding, image: Findings['data']['image'], picture: Picture): string {
  const { name, note, words, density, mean, max, cosine, encoderNorm, decoderNorm, detail, contexts } = finding;
  const called = [name, words].filter((each) => each !== '').join(': ');
  const statistics: [string, string][] = [
    ['density', percent(density)],
    ['mean activation', measured(mean)],
    ['max activation', measured(max)],
    ['encoder–decoder cosine', fixed(cosine, 3)],
    ['encoder norm', measured(encoderNorm)],
    ['decoder norm', measured(decoderNorm)],
  ];
  const cells = statistics.map(([name, value]) => `<tr><th class="muted">${name}</th><td>${value}</td></tr>`);
  const list = (rows: readonly ShownRow[]): string => examples(rows, max, image, picture);
  const intervals = [...detail.intervals].reverse().map(({ from, to, share, rows }) => {
    const span = `${measured(from)} to ${measured(to)}`;
    return `<p class="muted">${span}: ${percent(share)} of its rows</p>${list(rows)}`;
  });
  return `<details id="feature-${finding.feature}"><summary><b>Feature ${finding.feature}${
    called === '' ? '' : `: ${escaped(called)}`
  }</b><span>${percent(density)}</span></summary>
${note === '' ? '' : `<p class="note">${escaped(note)}</p>\n`}<table>${cells.join('')}</table>
${histogram(detail.histogram)}
<p>Top activating examples</p>${list(detail.top)}
${inContext(detail.top, contexts, max)}
<p>Nearest by cosine: ${others(detail.byCosine, detail.names)}</p>
${intervals.length > 0 ? `<p>Examples by activation</p>${intervals.join('\n')}` : ''}
</details>`;
}

/** The sequences of the examples, each once, with the feature on every token. */
function inContext(top: readonly ShownRow[], contexts: DetailedFinding['contexts'], strongest: number): string {
  const seen = new Set<number>();
  const items = top.flatMap(({ row }) => {
    const context = contexts.get(row);
    if (!context || context.tokens.length === 0 || seen.has(context.first)) return [];
    seen.add(context.first);
    return [whole(context, strongest)];
  });
  return items.length === 0 ? '' : `<p>In context</p><ul>${items.join('')}</ul>`;
}

function whole({ first, length, from, peak, tokens, values }: FeatureContext, strongest: number): string {
  const rows = `rows ${count(first + from)} to ${count(first + from + values.length - 1)}`;
  const part = values.length < length ? ` of a sequence of ${count(length)}` : '';
  const texts = tokens.map((token, i) => {
    const value = values[i] ?? 0;
    const { space, text: bare } = parted(token);
    const text = escaped(broken(bare));
    if (value === 0 || Number.isNaN(value)) return `${space}${text}`;
    const names = `${value < 0 ? 'down' : 'up'}${i === peak ? ' peak' : ''}`;
    const title = measured(value);
    return `${space}<mark class="${names}" style="--share: ${shareOf(value, strongest)}" title="${title}" tabindex="0">${text}</mark>`;
  });
  return `<li class="text"><span class="muted">${rows}${part}</span>${texts.join('')}</li>`;
}

function others({ features, values }: FeatureDetail['byCosine'], names: FeatureDetail['names']): string {
  return Array.from(features, (other, i) => {
    const name = names[other] ? ` ${names[other]}` : '';
    return escaped(`${other}${name} (${fixed(values[i] ?? 0, 2)})`);
  }).join(', ');
}

function histogram({ counts, edges }: FeatureDetail['histogram']): string {
  const most = Math.max(1, ...counts);
  const bars = Array.from(counts, (rows, bin) => {
    const height = (100 * rows) / most;
    return `<rect x="${bin + 0.05}" y="${100 - height}" width="0.9" height="${height}"></rect>`;
  });
  const label = `Histogram of the non-zero activations, ${measured(edges[0])} to ${measured(edges.at(-1))}`;
  return counts.length === 0
    ? ''
    : `<svg viewBox="0 0 ${counts.length} 100" preserveAspectRatio="none" role="img" aria-label="${label}">${bars.join('')}</svg>
<p class="muted">${label}</p>`;
}

function examples(
  rows: readonly ShownRow[],
  strongest: number,
  image: Findings['data']['image'],
  picture: Picture,
): string {
  const items = rows.map(({ row, value, token, values, pixels }) => {
    const number = measured(value);
    if (image && pixels) return `<li><img src="${picture(pixels)}" alt="Row ${row}">${number}</li>`;
    if (!token) {
      const first = Array.from(values ?? [], measured).join(', ');
      return `<li><span>${number}</span>row ${count(row)}${first === '' ? '' : `: ${first}, …`}</li>`;
    }
    const text = token.token.trim() === '' ? '␣' : token.token;
    const mark = `<mark class="${value < 0 ? 'down' : 'up'}" style="--share: ${shareOf(value, strongest)}">${escaped(text)}</mark>`;
    return `<li><span>${number}</span><span>${escaped(token.before)} ${mark} ${escaped(token.after)}</span></li>`;
  });
  return `<ul${image ? ' class="pictures"' : ''}>${items.join('')}</ul>`;
}

/** Per cent of full colour. */
function shareOf(value: number, strongest: number): number {
  return strongest > 0 ? Math.round(8 + 72 * Math.min(1, Math.abs(value) / strongest)) : 0;
}
