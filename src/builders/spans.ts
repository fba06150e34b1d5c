import type { DocumentSpans, WeightedSpan, WeightedSpansTarget } from '../explanation.js';
import { invalid } from './checks.js';
import {
  featureWeights,
  type FeatureEntries,
  type FeatureWeightsOptions,
} from './feature-weights.js';

const WORD = /[\p{L}\p{N}_]+/gu;

/** One feature found in a document, at one place. */
export interface FoundFeature {
  readonly feature: string;
  readonly span: readonly [start: number, end: number];
}

/** Finds the features of a document: what a vectorizer's analyser does, with places. */
export type Analyzer = (document: string) => Iterable<FoundFeature>;

/** Options of analyzers that make n-grams. */
export interface NgramOptions {
  /** Shortest and longest run. Default `[1, 1]` for words, `[3, 3]` for characters. */
  readonly ngrams?: readonly [shortest: number, longest: number];
  /** Whether case is ignored. Default true. */
  readonly lowercase?: boolean;
}

/** Options of `wordAnalyzer`. */
export interface WordOptions extends NgramOptions {
  /** What a word is. Default: letters, digits and underscores of any script. */
  readonly pattern?: RegExp;
}

/** Options of `weightedSpans`. */
export interface WeightedSpansOptions extends FeatureWeightsOptions {
  /** Default: single words, case ignored. */
  readonly analyzer?: Analyzer;
  /** Weights are shared by the characters of a feature, for n-grams of characters. Default false. */
  readonly preserveDensity?: boolean;
  /** Name of the part of the pipeline. */
  readonly vectorizer?: string;
}

/** Words and runs of words, joined by one space. */
export function wordAnalyzer({
  ngrams = [1, 1],
  lowercase = true,
  pattern = WORD,
}: WordOptions = {}): Analyzer {
  checkRange(ngrams);
  const flags = pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`;
  return function* (document) {
    // words are put into small letters one by one: that may change lengths, and places count in the document
    const words = Array.from(document.matchAll(new RegExp(pattern.source, flags)), (match) => ({
      text: lowercase ? match[0].toLowerCase() : match[0],
      start: match.index,
      end: match.index + match[0].length,
    })).filter(({ start, end }) => end > start);
    for (let first = 0; first < words.length; first++) {
      const longest = Math.min(ngrams[1], words.length - first);
      for (let n = ngrams[0]; n <= longest; n++) {
        const run = words.slice(first, first + n);
        yield {
          feature: run.map(({ text }) => text).join(' '),
          span: [run[0].start, run[n - 1].end],
        };
      }
    }
  };
}

/** Runs of characters (code points), across word ends. */
export function charAnalyzer({ ngrams = [3, 3], lowercase = true }: NgramOptions = {}): Analyzer {
  checkRange(ngrams);
  return function* (document) {
    const chars: { text: string; start: number; end: number }[] = [];
    let at = 0;
    for (const char of document) {
      chars.push({
        text: lowercase ? char.toLowerCase() : char,
        start: at,
        end: at + char.length,
      });
      at += char.length;
    }
    for (let first = 0; first < chars.length; first++) {
      const longest = Math.min(ngrams[1], chars.length - first);
      for (let n = ngrams[0]; n <= longest; n++) {
        const run = chars.slice(first, first + n);
        yield {
          feature: run.map(({ text }) => text).join(''),
          span: [run[0].start, run[n - 1].end],
        };
      }
    }
  };
}

/**
 * Finds where weighted features stand in a document: those found become
 * spans, strongest first; the others (a bias, a length) go to `other`, sorted
 * and cut to `top`.
 *
 * @param features weights by feature, named as the analyser names them
 * @example
 * const spans = weightedSpans('A fine day', { fine: 1.5, '<BIAS>': -0.25 });
 */
export function weightedSpans(
  document: string,
  features: FeatureEntries,
  {
    analyzer = wordAnalyzer(),
    preserveDensity,
    vectorizer,
    filter,
    top,
  }: WeightedSpansOptions = {},
): WeightedSpansTarget['weightedSpans'] {
  const { pos, neg } = featureWeights(features, { ...(filter !== undefined && { filter }) });
  const places = new Map<string, (readonly [number, number])[]>();
  for (const { feature, span } of analyzer(document)) {
    const known = places.get(feature);
    if (known === undefined) places.set(feature, [span]);
    else known.push(span);
  }
  const [spans, others] = [[] as WeightedSpan[], [] as (typeof pos)[number][]];
  for (const entry of [...pos, ...neg]) {
    const found = places.get(entry.feature);
    if (found === undefined) others.push(entry);
    else spans.push({ feature: entry.feature, spans: found, weight: entry.weight });
  }
  spans.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  const other = featureWeights(others, { ...(top !== undefined && { top }) });
  const found: DocumentSpans = {
    document,
    spans: mergeSpans(spans, document.length),
    ...(preserveDensity !== undefined && { preserveDensity }),
    ...(vectorizer !== undefined && { vectorizer }),
  };
  return { documents: [found], ...(others.length > 0 && { other }) };
}

/**
 * One entry for each feature: the places of entries with the same feature are put
 * together in order, and places that overlap become one, so that no character
 * carries the same feature twice. Places that only touch stay two.
 *
 * @param length length of the document in UTF-16 units; places outside of it are refused
 * @throws WhylensError `INVALID_EXPLANATION` for a place outside the text, or a feature with two weights
 */
export function mergeSpans(entries: Iterable<WeightedSpan>, length = Infinity): WeightedSpan[] {
  const merged = new Map<string, { weight: number; spans: [number, number][] }>();
  for (const { feature, spans, weight } of entries) {
    const known = merged.get(feature);
    if (known !== undefined && known.weight !== weight) {
      throw invalid(
        `a feature must have one weight, '${feature}' has ${known.weight} and ${weight}; add them up, or name the features apart`,
      );
    }
    if (!Number.isFinite(weight)) {
      throw invalid(`the weight of feature '${feature}' must be a finite number, got ${weight}`);
    }
    const entry = known ?? { weight, spans: [] };
    for (const [start, end] of spans) {
      const sound = Number.isInteger(start) && Number.isInteger(end);
      if (!sound || start < 0 || start > end || end > length) {
        throw invalid(
          `a place of feature '${feature}' must be [start, end) within a document of ${length} characters, got [${start}, ${end}]`,
        );
      }
      entry.spans.push([start, end]);
    }
    merged.set(feature, entry);
  }
  return Array.from(merged, ([feature, { weight, spans }]) => ({
    feature,
    spans: united(spans),
    weight,
  }));
}

function united(spans: readonly (readonly [number, number])[]): [number, number][] {
  const result: [number, number][] = [];
  for (const [start, end] of [...spans].sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = result.at(-1);
    if (last !== undefined && (start < last[1] || (start === last[0] && end === last[1]))) {
      last[1] = Math.max(last[1], end);
    } else result.push([start, end]);
  }
  return result;
}

function checkRange([shortest, longest]: readonly [number, number]): void {
  if (Number.isInteger(shortest) && Number.isInteger(longest)) {
    if (shortest >= 1 && longest >= shortest) return;
  }
  throw invalid(
    `'ngrams' must be two whole numbers, the shortest run of at least 1 first, got [${shortest}, ${longest}]`,
  );
}
