/** Several vectorizers side by side, as scikit-learn's FeatureUnion puts them. */
import type { SparseRows, Vectorizer } from '../interface.js';

export interface UnionPart {
  readonly name: string;
  readonly weight: number;
  readonly vectorizer: Vectorizer;
}

export function uniteVectorizers(parts: readonly UnionPart[]): Vectorizer {
  const starts: number[] = [];
  let size = 0;
  for (const { vectorizer } of parts) {
    starts.push(size);
    size += vectorizer.size;
  }
  const kinds = new Set(parts.map(({ vectorizer }) => vectorizer.analyzer));
  return {
    source: `FeatureUnion of ${parts.map(({ vectorizer }) => vectorizer.source).join(' and ')}`,
    analyzer: kinds.size === 1 ? parts[0].vectorizer.analyzer : 'mixed',
    size,
    hashed: parts.some(({ vectorizer }) => vectorizer.hashed),
    name: (column) => {
      const p = starts.findLastIndex((start) => start <= column);
      return `${parts[p].name}__${parts[p].vectorizer.name(column - starts[p])}`;
    },
    terms: (text) =>
      parts.flatMap(({ vectorizer }, p) =>
        vectorizer
          .terms(text)
          .map((term) => ({ ...term, column: term.column < 0 ? -1 : term.column + starts[p] })),
      ),
    transform: (texts) =>
      beside(
        parts.map(({ vectorizer }) => vectorizer.transform(texts)),
        parts.map(({ weight }) => weight),
        starts,
        size,
      ),
  };
}

function beside(
  tables: readonly SparseRows[],
  weights: readonly number[],
  starts: readonly number[],
  columns: number,
): SparseRows {
  const count = tables[0]?.count ?? 0;
  const total = tables.reduce((sum, { data }) => sum + data.length, 0);
  const offsets = new Int32Array(count + 1);
  const indices = new Int32Array(total);
  const data = new Float64Array(total);
  let at = 0;
  for (let n = 0; n < count; n++) {
    tables.forEach((table, p) => {
      for (let i = table.offsets[n]; i < table.offsets[n + 1]; i++, at++) {
        indices[at] = table.indices[i] + starts[p];
        data[at] = table.data[i] * weights[p];
      }
    });
    offsets[n + 1] = at;
  }
  return { count, columns, offsets, indices, data };
}
