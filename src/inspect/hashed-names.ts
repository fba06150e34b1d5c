/** Names for the columns of a hashing vectorizer, from texts in which its terms occur. */
import type { TextModel } from '../model/tabular/interface.js';

export interface HashedNames {
  /** By column: `garlic | (-)silent`. Columns in which no term of the texts falls have none. */
  readonly names: ReadonlyMap<number, string>;
  /** By column: the factor of its weight that makes it count for the first name. */
  readonly signs: ReadonlyMap<number, 1 | -1>;
}

/**
 * Every term that falls into a column, the most frequent first. A term that
 * the vectorizer counts the other way round than the first is marked `(-)`.
 */
export function hashedNames({ vectorizer }: TextModel, texts: readonly string[]): HashedNames {
  const columns = new Map<number, Map<string, { count: number; sign: 1 | -1 }>>();
  for (const text of texts) {
    for (const { term, column, sign } of vectorizer!.terms(text)) {
      if (column < 0) continue;
      let terms = columns.get(column);
      if (terms === undefined) columns.set(column, (terms = new Map()));
      const known = terms.get(term);
      if (known === undefined) terms.set(term, { count: 1, sign });
      else known.count++;
    }
  }
  const names = new Map<number, string>();
  const signs = new Map<number, 1 | -1>();
  for (const [column, terms] of columns) {
    const sorted = [...terms].sort(([, a], [, b]) => b.count - a.count);
    const first = sorted[0][1].sign;
    signs.set(column, first);
    names.set(
      column,
      sorted.map(([term, { sign }]) => (sign === first ? term : `(-)${term}`)).join(' | '),
    );
  }
  return { names, signs };
}

/** The words of a name that `hashedNames` gave. */
export function namesIn(name: string): string[] {
  return name.split(' | ').map((one) => one.replace(/^\(-\)/, ''));
}
