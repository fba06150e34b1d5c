/** Weights of words turned into weights of characters, and characters into runs. */
import { WhylensError } from '../../src/errors.js';
import type { DocumentSpans } from '../../src/explanation.js';
import { graphemes } from '../../src/graphemes.js';

export const SPAN_SCHEMES = ['weights', 'probabilities'] as const;

/**
 * - `weights`: signed, 0 is neutral, the largest is shaded fully; overlapping spans add up
 * - `probabilities`: 0 to 1, a half is neutral, both ends are shaded fully; overlapping spans are averaged
 */
export type SpanScheme = (typeof SPAN_SCHEMES)[number];

export interface Run {
  readonly text: string;
  /** Absent outside every span. With probabilities from −1 to 1, a half being 0. */
  readonly weight?: number;
}

/**
 * The text in runs of one weight each, and the weight that is shaded fully.
 * With `preserveDensity` (the document's own wish unless given) a weight is
 * shared by the characters of its span, so that long n-grams do not stand out.
 */
export function runsOf(
  { document, spans, preserveDensity }: DocumentSpans,
  scheme: SpanScheme = 'weights',
  density: boolean = preserveDensity ?? false,
): { readonly runs: readonly Run[]; readonly most: number } {
  const sums = new Float64Array(document.length);
  const counts = new Uint32Array(document.length);
  const edges = letterEdges(document);
  for (const { spans: places, weight, feature } of spans) {
    if (scheme === 'probabilities' && !(weight >= 0 && weight <= 1)) {
      throw new WhylensError(
        'INVALID_EXPLANATION',
        `the scheme 'probabilities' needs weights from 0 to 1, got ${weight} for ${JSON.stringify(feature)}; use the scheme 'weights'`,
      );
    }
    for (const [start, stop] of places) {
      const [from, to] = whole(edges, start, stop);
      const each =
        scheme === 'probabilities'
          ? weight * 2 - 1
          : density
            ? weight / Math.max(1, to - from)
            : weight;
      for (let at = from; at < to; at++) {
        sums[at] += each;
        counts[at]++;
      }
    }
  }
  const weightAt = (at: number): number | undefined =>
    counts[at] === 0 ? undefined : scheme === 'probabilities' ? sums[at] / counts[at] : sums[at];
  const runs: Run[] = [];
  let most = scheme === 'probabilities' ? 1 : 0;
  for (let from = 0, to = 0; from < document.length; from = to) {
    const weight = weightAt(from);
    while (to < document.length && weightAt(to) === weight) to++;
    runs.push({ text: document.slice(from, to), ...(weight !== undefined && { weight }) });
    if (weight !== undefined) most = Math.max(most, Math.abs(weight));
  }
  return { runs, most };
}

/** The span inside the text, widened where it would cut a letter from its marks, or a surrogate pair in two. */
function whole(edges: ArrayLike<number>, start: number, stop: number): [number, number] {
  const most = edges.length - 1;
  const within = (at: number): number => Math.min(Math.max(0, at), most);
  let [from, to] = [within(start), within(stop)];
  if (to <= from) return [from, from];
  while (edges[from] === 0) from--;
  while (edges[to] === 0) to++;
  return [from, to];
}

/** 1 where a letter as it is seen begins, and at the end. */
function letterEdges(text: string): Uint8Array {
  const edges = new Uint8Array(text.length + 1);
  edges[text.length] = 1;
  for (const { at } of graphemes(text)) edges[at] = 1;
  return edges;
}
