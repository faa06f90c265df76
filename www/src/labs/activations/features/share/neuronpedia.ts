// Features in the fields of Neuronpedia's feature files, as SAEDashboard writes them: what is measured here is given, and
// what is not (logits, autointerpretations) is left out. Of an example's context only its own token has a value.

import type { FeatureDetail, ShownRow } from '../../protocol';
import type { Findings } from './findings';

export function neuronpediaJson({ model, data, address, features }: Findings): string {
  const list = features.map(({ feature, name, note, words, density, max, detail }) => ({
    index: feature,
    description: name === '' ? words : name,
    ...(note === '' ? {} : { note }),
    frac_nonzero: density,
    maxActApprox: max,
    freq_hist_data_bar_values: Array.from(detail.histogram.edges).slice(0, -1),
    freq_hist_data_bar_heights: Array.from(detail.histogram.counts),
    correlated_features_indices: Array.from(detail.byCorrelation.features),
    correlated_features_pearson: Array.from(detail.byCorrelation.values),
    similar_features_indices: Array.from(detail.byCosine.features),
    similar_features_cosine: Array.from(detail.byCosine.values),
    activations: examples(detail),
  }));
  return JSON.stringify({ model, data: data.name, address, features: list }, undefined, 1);
}

/** The top activating examples, then those of each interval, the strongest interval first. */
function examples({ top, intervals }: FeatureDetail): unknown[] {
  const [strongest] = top;
  const bins = [...intervals]
    .reverse()
    .flatMap(({ from, to, share, rows }) =>
      rows.map((row) => ({ ...example(row), binMin: from, binMax: to, binContains: share })),
    );
  const max = strongest?.value ?? 0;
  return [...top.map((row) => ({ ...example(row), binMin: -1, binMax: max, binContains: -1 })), ...bins];
}

function example({ row, value, token }: ShownRow): Record<string, unknown> {
  const before = token?.before ?? '';
  const after = token?.after ?? '';
  const parts = [before, token?.token ?? `row ${row}`, after];
  const tokens = parts.filter((text, i) => i === 1 || text !== '');
  const at = before === '' ? 0 : 1;
  return {
    tokens,
    values: tokens.map((_, i) => (i === at ? value : 0)),
    maxValue: value,
    maxValueTokenIndex: at,
    dataIndex: row,
  };
}
