/** scikit-learn's vectorizers from their parameters and vocabulary. */
import { unsupported, type Field } from '../fields.js';
import type { SparseRows, TextTerm, Vectorizer } from '../interface.js';
import { analyzeText, termsOf, type AnalyzeOptions } from './analyze.js';
import { murmur3 } from './murmur.js';
import { ENGLISH_STOP_WORDS } from './stop-words.js';
import { tokenPattern } from './token-pattern.js';
import { uniteVectorizers } from './union.js';

/** scikit-learn's own pattern of a word. */
const USUAL_PATTERN = '(?u)\\b\\w\\w+\\b';

const KINDS = ['CountVectorizer', 'TfidfVectorizer', 'HashingVectorizer', 'FeatureUnion'];

/**
 * A vectorizer that does what scikit-learn's does.
 *
 * @throws `MODEL_LOAD` for one that does not fit together; `UNSUPPORTED_MODEL` for functions of one's own
 */
export function readVectorizer(field: Field): Vectorizer {
  const kind = field.get('kind').text();
  if (kind === 'FeatureUnion') {
    const weights = field.get('transformer_weights');
    return uniteVectorizers(
      field
        .get('parts')
        .list()
        .map((part) => {
          const name = part.get('name').text();
          return {
            name,
            weight: weights.exists ? weights.get(name).number(1) : 1,
            vectorizer: readVectorizer(part),
          };
        }),
    );
  }
  if (!KINDS.includes(kind)) throw field.get('kind').wrong(`one of ${KINDS.join(', ')}`);
  const params = field.get('params');
  const analyze = analyzerOf(params);
  return kind === 'HashingVectorizer'
    ? hashing(params, analyze)
    : counting(kind, field, params, analyze);
}

function analyzerOf(params: Field): AnalyzeOptions {
  for (const name of ['tokenizer', 'preprocessor']) {
    if (params.has(name)) {
      throw unsupported(
        params.file,
        `a vectorizer with a ${name} of its own, which is a program and not in the file`,
      );
    }
  }
  const analyzer = params.has('analyzer') ? params.get('analyzer').text() : 'word';
  if (analyzer !== 'word' && analyzer !== 'char' && analyzer !== 'char_wb') {
    throw params.get('analyzer').wrong('word, char or char_wb');
  }
  const accents = params.get('strip_accents');
  if (accents.exists && accents.value !== 'unicode' && accents.value !== 'ascii') {
    throw accents.wrong('unicode, ascii or null');
  }
  const range = params.has('ngram_range') ? params.get('ngram_range').numbers(2) : [1, 1];
  const [least, most] = range;
  if (!(
    Number.isInteger(least) &&
    Number.isInteger(most) &&
    least >= 1 &&
    most >= least &&
    most <= 100
  )) {
    throw params.get('ngram_range').wrong('two whole numbers [shortest, longest]');
  }
  const isOwn = params.has('token_pattern') && params.get('token_pattern').value !== USUAL_PATTERN;
  return {
    analyzer,
    ngrams: [least, most],
    lowercase: params.get('lowercase').flag(true),
    stripAccents: (accents.value ?? null) as 'unicode' | 'ascii' | null,
    ...(isOwn
      ? { pattern: tokenPattern(params.get('token_pattern')), ownPattern: true }
      : { pattern: /[\p{L}\p{N}_]{2,}/gu }),
    stopWords: stopWordsOf(params.get('stop_words')),
  };
}

function stopWordsOf(field: Field): ReadonlySet<string> {
  if (!field.exists) return new Set();
  if (field.value === 'english') return ENGLISH_STOP_WORDS;
  if (typeof field.value === 'string') throw field.wrong(`'english' or a list`);
  return new Set(field.texts());
}

function normOf(field: Field, fallback: 'l2' | null): 'l1' | 'l2' | null {
  if (field.value === undefined) return fallback;
  if (field.value !== null && field.value !== 'l1' && field.value !== 'l2') {
    throw field.wrong('l1, l2 or null');
  }
  return field.value;
}

function counting(kind: string, field: Field, params: Field, analyze: AnalyzeOptions): Vectorizer {
  const vocabulary = field.get('vocabulary_');
  const terms = vocabulary.keys();
  const size = terms.length;
  const columns = new Map(
    terms.map((term) => [term, vocabulary.get(term).count(0, Math.max(0, size - 1))]),
  );
  const names: string[] = [];
  for (const [term, column] of columns) names[column] = term;
  if (size === 0 || Object.keys(names).length !== size) {
    throw vocabulary.wrong(`words numbered from 0 to ${size - 1}, each number once`);
  }
  const tfidf = kind === 'TfidfVectorizer';
  const idf =
    tfidf && params.get('use_idf').flag(true) ? field.get('idf_').numbers(size) : undefined;
  const sublinear = tfidf && params.get('sublinear_tf').flag();
  const binary = params.get('binary').flag();
  const norm = tfidf ? normOf(params.get('norm'), 'l2') : null;
  return {
    source: `${kind} (${describe(analyze)})`,
    analyzer: analyze.analyzer,
    size,
    hashed: false,
    name: (column) => names[column],
    terms: (text) =>
      analyzeText(text, analyze).map(({ term, spans }): TextTerm => ({
        term,
        spans,
        column: columns.get(term) ?? -1,
        sign: 1,
      })),
    transform: (texts) =>
      sparse(texts, size, (text) => {
        const counts = new Map<number, number>();
        for (const term of termsOf(text, analyze)) {
          const column = columns.get(term);
          if (column !== undefined) counts.set(column, (counts.get(column) ?? 0) + 1);
        }
        for (const [column, count] of counts) {
          const frequency = binary ? 1 : count;
          counts.set(
            column,
            (sublinear ? 1 + Math.log(frequency) : frequency) * (idf?.[column] ?? 1),
          );
        }
        return normalised(counts, norm);
      }),
  };
}

function hashing(params: Field, analyze: AnalyzeOptions): Vectorizer {
  const size = params.has('n_features') ? params.get('n_features').count(1, 2 ** 31 - 1) : 2 ** 20;
  const alternate = params.get('alternate_sign').flag(true);
  const binary = params.get('binary').flag();
  const norm = normOf(params.get('norm'), 'l2');
  const known = new Map<string, { readonly column: number; readonly sign: 1 | -1 }>();
  const place = (term: string) => {
    let found = known.get(term);
    if (found === undefined) {
      const hash = murmur3(term);
      found = { column: Math.abs(hash) % size, sign: alternate && hash < 0 ? -1 : 1 };
      if (known.size > 1e5) known.clear();
      known.set(term, found);
    }
    return found;
  };
  return {
    source: `HashingVectorizer (${describe(analyze)})`,
    analyzer: analyze.analyzer,
    size,
    hashed: true,
    name: (column) => `x[${column}]`,
    terms: (text) =>
      analyzeText(text, analyze).map(({ term, spans }) => ({ term, spans, ...place(term) })),
    transform: (texts) =>
      sparse(texts, size, (text) => {
        const sums = new Map<number, number>();
        for (const term of termsOf(text, analyze)) {
          const { column, sign } = place(term);
          sums.set(column, (sums.get(column) ?? 0) + sign);
        }
        if (binary) for (const column of sums.keys()) sums.set(column, 1);
        return normalised(sums, norm);
      }),
  };
}

function normalised(row: Map<number, number>, norm: 'l1' | 'l2' | null): Map<number, number> {
  if (norm === null) return row;
  let sum = 0;
  for (const value of row.values()) sum += norm === 'l2' ? value * value : Math.abs(value);
  const length = norm === 'l2' ? Math.sqrt(sum) : sum;
  if (length > 0) for (const [column, value] of row) row.set(column, value / length);
  return row;
}

function sparse(
  texts: readonly string[],
  columns: number,
  rowOf: (text: string) => ReadonlyMap<number, number>,
): SparseRows {
  const offsets = new Int32Array(texts.length + 1);
  const indices: number[] = [];
  const data: number[] = [];
  texts.forEach((text, n) => {
    for (const [column, value] of [...rowOf(text)].sort(([a], [b]) => a - b)) {
      indices.push(column);
      data.push(value);
    }
    offsets[n + 1] = indices.length;
  });
  return {
    count: texts.length,
    columns,
    offsets,
    indices: Int32Array.from(indices),
    data: Float64Array.from(data),
  };
}

function describe({ analyzer, ngrams: [least, most] }: AnalyzeOptions): string {
  const what =
    analyzer === 'word' ? 'words' : analyzer === 'char' ? 'characters' : 'characters within words';
  return most === 1 ? what : `${least === most ? least : `${least} to ${most}`} ${what}`;
}
