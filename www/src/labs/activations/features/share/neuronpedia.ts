// Features in the fields of Neuronpedia's feature files, as SAEDashboard writes them: what is measured here is given, and
// what is not (logits, autointerpretations) is left out. Where the sequence of an example is known, all its tokens have
// their values; else only its own token has one, and the text around it 0.

import type { FeatureContext, ShownRow } from '../../protocol';
import type { DetailedFinding, Findings } from './findings';

export function neuronpediaJson({ model, data, address, features }: Findings): string {
  const list = features.map(({ feature, name, note, words, density, max, detail, contexts }) => ({
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
    activations: examples({ detail, contexts }),
  }));
  return JSON.stringify({ model, data: data.name, address, features: list }, undefined, 1);
}

/** The top activating examples, then those of each interval, the strongest interval first. */
function examples({ detail, contexts }: Pick<DetailedFinding, 'detail' | 'contexts'>): unknown[] {
  const { top, intervals } = detail;
  const example = (shown: ShownRow): Record<string, unknown> => exampleOf(shown, contexts.get(shown.row));
  const [strongest] = top;
  const bins = [...intervals]
    .reverse()
    .flatMap(({ from, to, share, rows }) =>
      rows.map((row) => ({ ...example(row), binMin: from, binMax: to, binContains: share })),
    );
  const max = strongest?.value ?? 0;
  return [...top.map((row) => ({ ...example(row), binMin: -1, binMax: max, binContains: -1 })), ...bins];
}

function exampleOf({ row, value, token }: ShownRow, context: FeatureContext | undefined): Record<string, unknown> {
  if (context && context.tokens.length > 0) {
    // Rows that were not measured have no value: 0, as the fields have it of tokens that a feature is not active on.
    const values = Array.from(context.values, (z) => (Number.isNaN(z) ? 0 : z));
    return { tokens: context.tokens, values, maxValue: value, maxValueTokenIndex: context.at, dataIndex: row };
  }
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
