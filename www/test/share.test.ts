// Features as files to give away.

import { describe, expect, it } from 'vitest';
import { curvesCsv, featuresCsv } from '../src/labs/activations/features/share/csv';
import { findingOf, type Findings } from '../src/labs/activations/features/share/findings';
import { neuronpediaJson } from '../src/labs/activations/features/share/neuronpedia';
import { escaped, pageOf } from '../src/labs/activations/features/share/page';
import type { FeatureContext, FeatureDetail, FeatureSummary, ShownRow } from '../src/labs/activations/protocol';

const of = (...values: number[]): Float32Array => Float32Array.from(values);

const summary: FeatureSummary = {
  ...{ measurement: 1, model: 'pam', epoch: 3, rows: 100, sampledRows: 50, known: [], fingerprint: 'f' },
  table: {
    ...{ density: of(0.25, 0), mean: of(1.5, 0), max: of(4, 0), encoderNorm: of(1, 1), decoderNorm: of(2, 2) },
    ...{ cosine: of(0.5, 0), nearest: Uint32Array.of(1, 0), nearestCosine: of(0.75, 0.75) },
  },
  words: ['say "no", <b>', ''],
};

const row = (at: number, value: number, token: string): ShownRow => ({
  ...{ row: at, value, token: { token, before: 'a <i>', after: '& so' }, pixels: undefined, values: undefined },
});

const detail: FeatureDetail = {
  feature: 0,
  histogram: { edges: of(0, 2, 4), counts: Uint32Array.of(20, 5) },
  top: [row(7, 4, '<script>alert(1)</script>'), row(9, -3, ' ')],
  intervals: [{ from: 0, to: 2, share: 0.8, rows: [row(8, 1, 'weak')] }],
  inputs: { dims: Uint32Array.of(3), values: of(0.9) },
  byCosine: { features: Uint32Array.of(1), values: of(0.75) },
  byCorrelation: { features: Uint32Array.of(1), values: of(0.5) },
  names: { 1: '' },
};

const noted = new Map([[0, { name: 'Refusals <i>', text: 'of any kind,\n"no" & "never"' }]]);

const findings: Findings = {
  ...{ model: 'PAM-SGD', epoch: 3, report: undefined, latents: 2, rows: 100, sampledRows: 50 },
  data: { name: 'a "file"', rows: 100, cols: 8, kept: 'f32', tokens: true, image: undefined },
  address: 'https://example.org/activations.html#k=2&seed=1',
  features: [{ ...findingOf(summary, 0, noted), detail, contexts: new Map() }],
};

describe('a page of features', () => {
  const page = pageOf(findings, () => '');

  it('shows the features with their examples, whatever these say', () => {
    expect(page).toContain('Feature 0: Refusals &lt;i&gt;: say &quot;no&quot;, &lt;b&gt;');
    expect(page).toContain('<p class="note">of any kind,\n&quot;no&quot; &amp; &quot;never&quot;</p>');
    expect(page).toContain('--share: 80">&lt;script&gt;alert(1)&lt;/script&gt;</mark>');
    expect(page).toContain('class="down" style="--share: 62">␣</mark>');
    expect(page).toContain('a &lt;i&gt;');
    expect(page).toMatch(/0 to 2: 80\s% of its rows/);
    expect(page).not.toMatch(/<script|<i>/);
  });

  it('asks for nothing', () => {
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`);
    expect(page).not.toMatch(/<(link|iframe|object|base)|url\(| src="(?!data:)/);
  });

  it('escapes what ends an attribute', () => {
    expect(escaped(`<a href="x" b='y'>&`)).toBe('&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;');
  });
});

const context: FeatureContext = {
  ...{ row: 7, first: 5, length: 40, from: 0, at: 2, peak: 2 },
  tokens: ['So', ' <b>', ' it', '\n', ' is'],
  values: of(0, -1, 4, 2, Number.NaN),
};
const inContext: Findings = {
  ...findings,
  features: [{ ...findingOf(summary, 0, noted), detail, contexts: new Map([[7, context]]) }],
};

describe('examples whose sequence is known', () => {
  it('stand in the page with a value on every token, the peak marked', () => {
    const page = pageOf(inContext, () => '');
    expect(page).toContain('<span class="muted">rows 5 to 9 of a sequence of 40</span>So <mark class="down"');
    expect(page).toMatch(/<mark class="down" style="--share: 26" title="−1" tabindex="0">&lt;b&gt;<\/mark>/);
    expect(page).toContain('<mark class="up peak" style="--share: 80" title="4" tabindex="0">it</mark>');
    expect(page).toContain('>↵\n</mark> is</li>');
    expect(page).not.toMatch(/<script|<b> /);
  });

  it('have all their tokens and values in JSON', () => {
    const { features } = JSON.parse(neuronpediaJson(inContext)) as { features: { activations: unknown[] }[] };
    const [first, second] = features[0]?.activations ?? [];
    expect(first).toMatchObject({
      ...{ tokens: context.tokens, values: [0, -1, 4, 2, 0], maxValue: 4, maxValueTokenIndex: 2, dataIndex: 7 },
    });
    expect(second).toMatchObject({ tokens: ['a <i>', ' ', '& so'], values: [0, -3, 0] });
  });
});

it('JSON gives a feature in the fields of Neuronpedia', () => {
  const { features } = JSON.parse(neuronpediaJson(findings)) as { features: Record<string, unknown>[] };
  expect(features).toHaveLength(1);
  expect(features[0]).toMatchObject({
    ...{ index: 0, description: 'Refusals <i>', note: 'of any kind,\n"no" & "never"' },
    ...{ frac_nonzero: 0.25, maxActApprox: 4 },
    ...{ freq_hist_data_bar_values: [0, 2], freq_hist_data_bar_heights: [20, 5] },
    activations: [
      {
        tokens: ['a <i>', '<script>alert(1)</script>', '& so'],
        values: [0, 4, 0],
        ...{ maxValue: 4, maxValueTokenIndex: 1, binContains: -1 },
      },
      { maxValue: -3 },
      { tokens: ['a <i>', 'weak', '& so'], binMin: 0, binMax: 2 },
    ],
  });
});

describe('CSV', () => {
  it('of features has a line for each, quoted where it must be', () => {
    expect(featuresCsv(summary, noted).split('\r\n')).toEqual([
      'feature,name,note,words,density,mean,max,encoderNorm,decoderNorm,cosine,nearest,nearestCosine',
      '0,Refusals <i>,"of any kind,\n""no"" & ""never""","say ""no"", <b>",0.25,1.5,4,1,2,0.5,1,0.75',
      '1,,,,0,0,0,1,2,0,0,0.75',
      '',
    ]);
  });

  it('of curves has a line for each epoch of each run', () => {
    const report = {
      ...{ epoch: 1, trainMse: 0.5, testMse: 0.25, objective: 0.5, decoderBefore: null, decoderAfter: null },
      ...{ testFvu: 0.5, testL0: 3, testL1: 2, deadShare: 0, seconds: 1.5 },
    };
    const runs = [
      { name: 'sgd', reports: [report] },
      { name: 'pam', reports: [report, { ...report, epoch: 2, decoderBefore: 1 }] },
    ];
    const [header, ...lines] = curvesCsv(runs).trim().split('\r\n');
    expect(header).toMatch(/^run,epoch,trainMse,testMse,objective,decoderBefore,/);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^sgd,1,0.5,0.25,0.5,,,/);
    expect(lines[2]).toMatch(/^pam,2,0.5,0.25,0.5,1,/);
  });
});
