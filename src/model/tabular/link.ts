/** From raw scores to probabilities and values. */
import type { Columns, Link } from './interface.js';

/** Number of columns that `applyLink` makes of this many margins. */
export function linkedCount({ kind }: Link, margins: number): number {
  return ['logistic', 'probit', 'modified-huber'].includes(kind) && margins === 1 ? 2 : margins;
}

/**
 * Probabilities or values of raw scores, row by row.
 *
 * @example
 * applyLink({ count: 1, columns: 1, data: Float64Array.of(0) }, { kind: 'logistic' }).data; // [0.5, 0.5]
 */
export function applyLink(margins: Columns, link: Link): Columns {
  const { count, columns, data } = margins;
  const wide = linkedCount(link, columns);
  const values = new Float64Array(count * wide);
  const scale = link.scale ?? 1;
  const row = new Float64Array(columns);
  for (let n = 0; n < count; n++) {
    for (let k = 0; k < columns; k++) row[k] = scale * data[n * columns + k];
    linkRow(link, row, values.subarray(n * wide, (n + 1) * wide));
  }
  return { count, columns: wide, data: values };
}

function linkRow({ kind }: Link, row: Float64Array, into: Float64Array): void {
  switch (kind) {
    case 'identity':
    case 'svm':
      into.set(row);
      return;
    case 'logistic':
    case 'probit': {
      const p = kind === 'probit' ? normal : sigmoid;
      if (row.length === 1) {
        // both from their own side: 1 − p would lose the small one's digits
        into[0] = p(-row[0]);
        into[1] = p(row[0]);
      } else each(row, into, p);
      return;
    }
    case 'modified-huber':
      if (row.length === 1) {
        into[1] = huber(row[0]);
        into[0] = 1 - into[1];
      } else shares(row, into, huber);
      return;
    case 'sigmoid':
      each(row, into, sigmoid);
      return;
    case 'softmax':
      softmax(row, into);
      return;
    case 'softmax-zero':
      softmaxZero(row, into);
      return;
    case 'ovr':
      shares(row, into, sigmoid);
      return;
    case 'exp':
      each(row, into, Math.exp);
      return;
    case 'log1p-exp':
      each(row, into, (x) => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x))));
      return;
    case 'signed-square':
      each(row, into, (x) => Math.sign(x) * x * x);
      return;
    case 'step':
      each(row, into, (x) => (x > 0 ? 1 : 0));
      return;
  }
}

export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

function each(row: Float64Array, into: Float64Array, f: (x: number) => number): void {
  for (let k = 0; k < row.length; k++) into[k] = f(row[k]);
}

function softmax(row: Float64Array, into: Float64Array): void {
  const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (let k = 0; k < row.length; k++) sum += into[k] = Math.exp(row[k] - top);
  for (let k = 0; k < row.length; k++) into[k] /= sum;
}

/** ONNX' SOFTMAX_ZERO: a score of 0 stays 0 and takes no part. */
function softmaxZero(row: Float64Array, into: Float64Array): void {
  const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (let k = 0; k < row.length; k++) {
    sum += into[k] = Math.abs(row[k]) > 1e-7 ? Math.exp(row[k] - top) : row[k] * Math.exp(-top);
  }
  for (let k = 0; k < row.length; k++) into[k] = sum === 0 ? 0 : into[k] / sum;
}

/** Zhang and Bartlett's estimate for the modified Huber loss. */
function huber(x: number): number {
  return (Math.min(1, Math.max(-1, x)) + 1) / 2;
}

/** Each class against the rest, divided by their sum; where all are 0 the classes are equally likely. */
function shares(row: Float64Array, into: Float64Array, p: (x: number) => number): void {
  let sum = 0;
  for (let k = 0; k < row.length; k++) sum += into[k] = p(row[k]);
  for (let k = 0; k < row.length; k++) into[k] = sum === 0 ? 1 / row.length : into[k] / sum;
}

/** Normal distribution function, to about 1e-15. */
function normal(x: number): number {
  return erfc(-x / Math.SQRT2) / 2;
}

/** By its series near 0 and its continued fraction far out. */
function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
      if (n > 200) break;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}
