/** ELI5's white box for texts: a logistic model of n-grams, fitted to probabilities instead of drawn labels. */
import { WhylensError } from '../../../src/errors.js';
import { append } from '../../../src/maths/extremes.js';
import {
  softLogistic,
  softProbabilities,
  softQuality,
  type CountedRows,
  type SoftFit,
} from '../../../src/maths/soft-logistic.js';
import type { TabularPrediction } from '../../../src/model/tabular/interface.js';
import type { ScoreOf } from './targets.js';
import type { TextPart } from './words.js';

/** The share of the versions on which the quality is measured. */
const HELD_OUT = 0.3;
/** Fewer versions than this are too few to hold some out. */
const FEW = 20;

/** A run of neighbouring words or characters, and everywhere it stands in the text. */
export interface Term {
  readonly name: string;
  /** First part of each place; `length` parts belong to it. */
  readonly places: readonly number[];
  readonly length: number;
}

/** N-grams of the text from `shortest` to `longest` words, in small letters, in the order in which they are met. */
export function termsOf(
  parts: readonly TextPart[],
  shortest: number,
  longest: number,
  separator: string,
): Term[] {
  const terms = new Map<string, { length: number; places: number[] }>();
  for (let length = shortest; length <= longest; length++) {
    for (let first = 0; first + length <= parts.length; first++) {
      const name = nameOf(parts.slice(first, first + length), separator);
      const known = terms.get(name);
      if (known === undefined) terms.set(name, { length, places: [first] });
      else known.places.push(first);
    }
  }
  return Array.from(terms, ([name, term]) => ({ name, ...term }));
}

function nameOf(parts: readonly { readonly text: string }[], separator: string): string {
  return parts.map(({ text }) => text.toLowerCase()).join(separator);
}

/** How often each term stands in each version: what is left of a text is read anew. */
export function countTerms(
  terms: readonly Term[],
  versions: readonly (readonly { readonly text: string }[])[],
  separator: string,
): CountedRows {
  const columns = new Map(terms.map(({ name }, column) => [name, column]));
  const longest = terms.reduce((most, { length }) => Math.max(most, length), 0);
  const offsets = [0];
  const indices: number[] = [];
  const data: number[] = [];
  for (const parts of versions) {
    const counts = new Map<number, number>();
    for (let length = 1; length <= longest; length++) {
      for (let first = 0; first + length <= parts.length; first++) {
        const column = columns.get(nameOf(parts.slice(first, first + length), separator));
        if (column !== undefined) counts.set(column, (counts.get(column) ?? 0) + 1);
      }
    }
    append(indices, counts.keys());
    append(data, counts.values());
    offsets.push(indices.length);
  }
  return { count: versions.length, columns: terms.length, offsets, indices, data };
}

/** `[versions, classes]`. */
export function probabilitiesOf(
  predictions: readonly TabularPrediction[],
  name: string,
): { readonly data: Float64Array; readonly classes: number } {
  const classes = Math.max(2, predictions[0].values.columns);
  const rows = predictions.flatMap(({ values: { columns, count, data } }) =>
    Array.from({ length: count }, (_, n) => {
      const row = data.subarray(n * columns, (n + 1) * columns);
      return columns === 1 ? [1 - row[0], row[0]] : [...row];
    }),
  );
  const sound = rows.every(
    (row) => row.every((p) => p >= 0) && Math.abs(row.reduce((a, b) => a + b, 0) - 1) < 1e-3,
  );
  if (!sound) {
    throw new WhylensError(
      'INVALID_OPTION',
      `whiteBox 'logistic' is fitted to probabilities that sum to 1, and '${name}' gives none; take whiteBox 'ridge'`,
    );
  }
  return { data: Float64Array.from(rows.flat()), classes };
}

export interface SoftBox {
  readonly fit: SoftFit;
  /** Mean Kullback-Leibler divergence of the fit from the model, and how often both name the same class, weighted. */
  readonly meanKL: number;
  readonly agreement: number;
  /** The versions on which both were measured. */
  readonly measured: string;
}

/** Fitted to all versions; its quality is that of a fit to the first of them, on the others. */
export function softBox(
  rows: CountedRows,
  probabilities: ArrayLike<number>,
  classes: number,
  weights: ArrayLike<number>,
  penalty: number,
): SoftBox {
  const fit = softLogistic(rows, probabilities, classes, weights, penalty);
  const { count } = rows;
  const first = count < FEW ? count : Math.round(count * (1 - HELD_OUT));
  const held = first === count ? 0 : first;
  const trained =
    held === 0 ? fit : softLogistic(part(rows, 0, first), probabilities, classes, weights, penalty);
  const test = part(rows, held, count);
  const own = (values: ArrayLike<number>, width: number): Float64Array =>
    Float64Array.from({ length: (count - held) * width }, (_, i) => values[held * width + i]);
  const quality = softQuality(
    own(probabilities, classes),
    softProbabilities(trained, test),
    classes,
    own(weights, 1),
  );
  return {
    fit,
    meanKL: quality.meanKL,
    agreement: quality.score,
    measured: held === 0 ? 'all versions' : `${count - held} versions held out`,
  };
}

function part(rows: CountedRows, from: number, to: number): CountedRows {
  return {
    ...rows,
    count: to - from,
    offsets: Array.from({ length: to - from + 1 }, (_, n) => rows.offsets[from + n]),
  };
}

/** The white box's margin for a target: coefficients by term, and the intercept. */
export function marginFor(
  { weights }: ScoreOf,
  { outputs, coefficients, intercept }: SoftFit,
): { readonly coefficients: Float64Array; readonly intercept: number } {
  const columns = coefficients.length / outputs;
  // one vector stands for both of two classes
  const factors =
    outputs > 1
      ? weights
      : [weights.length === 1 ? weights[0] : weights[1] !== 0 ? weights[1] : -weights[0]];
  const sum = new Float64Array(columns);
  let own = 0;
  for (let k = 0; k < outputs; k++) {
    own += factors[k] * intercept[k];
    for (let j = 0; j < columns; j++) sum[j] += factors[k] * coefficients[k * columns + j];
  }
  return { coefficients: sum, intercept: own };
}
