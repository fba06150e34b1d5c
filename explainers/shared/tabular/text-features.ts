/** The features of one text: named, valued, and where they stand. */
import type { SparseRows, TextTerm, Vectorizer } from '../../../src/model/tabular/interface.js';

export interface FoundInText {
  readonly name: string;
  readonly column: number;
  readonly value: number;
  readonly spans: readonly (readonly [start: number, end: number])[];
}

/** Columns of text `n` that are not 0, in the order in which they are first met. */
export function textFeatures(
  vectorizer: Vectorizer,
  { offsets, indices, data }: SparseRows,
  n: number,
  text: string,
): FoundInText[] {
  const terms = new Map<number, TextTerm[]>();
  for (const term of vectorizer.terms(text)) {
    if (term.column < 0) continue;
    const known = terms.get(term.column);
    if (known === undefined) terms.set(term.column, [term]);
    else known.push(term);
  }
  const values = new Map<number, number>();
  for (let e = offsets[n]; e < offsets[n + 1]; e++) values.set(indices[e], data[e]);
  const order = [...new Set([...terms.keys(), ...values.keys()])].filter((column) =>
    values.has(column),
  );
  return order.map((column) => {
    const own = terms.get(column) ?? [];
    return {
      name: vectorizer.hashed && own.length > 0 ? namesIn(own) : vectorizer.name(column),
      column,
      value: values.get(column)!,
      spans: own.flatMap(({ spans }) => spans),
    };
  });
}

/** A hashed column is called by the terms that stand for it here, the most frequent first. */
function namesIn(terms: readonly TextTerm[]): string {
  const counts = new Map<string, number>();
  for (const { term } of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([term]) => term)
    .join(' | ');
}
