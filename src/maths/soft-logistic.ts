/** A linear classifier fitted to probabilities rather than to labels. */
import { minimise } from './lbfgs.js';
import { greatest } from './extremes.js';

/** Sparse rows: those of row `n` are from `offsets[n]` up to `offsets[n + 1]`. */
export interface CountedRows {
  readonly count: number;
  readonly columns: number;
  readonly offsets: ArrayLike<number>;
  readonly indices: ArrayLike<number>;
  readonly data: ArrayLike<number>;
}

/** One vector for each class; for two classes one vector, of the second class. */
export interface SoftFit {
  readonly outputs: number;
  /** `[outputs, columns]`. */
  readonly coefficients: Float64Array;
  readonly intercept: Float64Array;
  readonly converged: boolean;
}

/**
 * Minimises Σ weight · cross-entropy(p, softmax(Wx + b)) + ½ · `penalty` · |W|²:
 * the intercept is not penalised, and with two classes there is one vector and
 * a sigmoid. The minimum is unique, so that the fit does not depend on luck as
 * the sampled labels of ELI5's TextExplainer do.
 *
 * @param proba `[rows, classes]`, each row summing to 1
 */
export function softLogistic(
  { count, columns, offsets, indices, data }: CountedRows,
  proba: ArrayLike<number>,
  classes: number,
  weights: ArrayLike<number>,
  penalty = 1,
): SoftFit {
  const outputs = classes === 2 ? 1 : classes;
  const margins = new Float64Array(outputs);
  const { x, converged } = minimise(
    (point, gradient) => {
      gradient.fill(0);
      let loss = 0;
      for (let n = 0; n < count; n++) {
        const weight = weights[n];
        for (let k = 0; k < outputs; k++) {
          let margin = point[outputs * columns + k];
          for (let e = offsets[n]; e < offsets[n + 1]; e++)
            margin += point[k * columns + indices[e]] * data[e];
          margins[k] = margin;
        }
        loss += weight * crossEntropy(margins, proba, n * classes, classes);
        // margins now hold the error: model minus observed
        for (let k = 0; k < outputs; k++) {
          const error = weight * margins[k];
          gradient[outputs * columns + k] += error;
          for (let e = offsets[n]; e < offsets[n + 1]; e++)
            gradient[k * columns + indices[e]] += error * data[e];
        }
      }
      for (let i = 0; i < outputs * columns; i++) {
        loss += (penalty / 2) * point[i] * point[i];
        gradient[i] += penalty * point[i];
      }
      return loss;
    },
    new Float64Array(outputs * (columns + 1)),
  );
  return {
    outputs,
    coefficients: x.slice(0, outputs * columns),
    intercept: centred(x.slice(outputs * columns)),
    converged,
  };
}

/** The fitted model's probabilities for rows: `[rows, classes]`. */
export function softProbabilities(
  { outputs, coefficients, intercept }: SoftFit,
  { count, columns, offsets, indices, data }: CountedRows,
): Float64Array {
  const classes = outputs === 1 ? 2 : outputs;
  const result = new Float64Array(count * classes);
  for (let n = 0; n < count; n++) {
    const margins = Float64Array.from(intercept, (b, k) => {
      let sum = b;
      for (let e = offsets[n]; e < offsets[n + 1]; e++)
        sum += coefficients[k * columns + indices[e]] * data[e];
      return sum;
    });
    if (outputs === 1) {
      const p = 1 / (1 + Math.exp(-margins[0]));
      result.set([1 - p, p], n * 2);
    } else {
      const top = greatest(margins);
      const parts = margins.map((m) => Math.exp(m - top));
      const sum = parts.reduce((a, b) => a + b, 0);
      result.set(
        parts.map((part) => part / sum),
        n * classes,
      );
    }
  }
  return result;
}

/** The loss of one row; `margins` becomes its derivative. */
function crossEntropy(
  margins: Float64Array,
  proba: ArrayLike<number>,
  at: number,
  classes: number,
): number {
  if (classes === 2) {
    const [p, z] = [proba[at + 1], margins[0]];
    const soft = Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
    margins[0] = 1 / (1 + Math.exp(-z)) - p;
    return soft - p * z;
  }
  let top = -Infinity;
  for (const margin of margins) top = Math.max(top, margin);
  let sum = 0;
  for (const margin of margins) sum += Math.exp(margin - top);
  const soft = top + Math.log(sum);
  let loss = 0;
  for (let k = 0; k < classes; k++) {
    const p = proba[at + k];
    loss += p * (soft - margins[k]);
    margins[k] = Math.exp(margins[k] - soft) - p;
  }
  return loss;
}

/** Intercepts of several classes are known up to a constant: the one with mean 0 is taken. */
function centred(intercept: Float64Array): Float64Array {
  if (intercept.length === 1) return intercept;
  const mean = intercept.reduce((a, b) => a + b, 0) / intercept.length;
  return intercept.map((b) => b - mean);
}

/**
 * How close the fitted probabilities are to the observed ones: the weighted
 * mean of Σ p ln(p / (q + 1e-9)), and the weighted share of rows whose likeliest
 * class is the same (ELI5's `mean_KL_divergence` and `score`).
 */
export function softQuality(
  observed: ArrayLike<number>,
  fitted: ArrayLike<number>,
  classes: number,
  weights: ArrayLike<number>,
): { readonly meanKL: number; readonly score: number } {
  let [divergence, right, total] = [0, 0, 0];
  for (let n = 0; n < weights.length; n++) {
    const at = n * classes;
    let [p, q, norm] = [at, at, 0];
    for (let k = at; k < at + classes; k++) {
      norm += fitted[k] + 1e-9;
      if (observed[k] > observed[p]) p = k;
      if (fitted[k] > fitted[q]) q = k;
    }
    let own = 0;
    for (let k = at; k < at + classes; k++) {
      if (observed[k] > 0) own += observed[k] * Math.log(observed[k] / ((fitted[k] + 1e-9) / norm));
    }
    divergence += weights[n] * own;
    total += weights[n];
    if (p === q) right += weights[n];
  }
  return { meanKL: divergence / total, score: right / total };
}
