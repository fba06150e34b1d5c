/** Small weighted least squares problems, by normal equations and Cholesky, in float64. */

/** Rows of 0 and 1, a weight each, and several right sides. */
export interface Observations {
  readonly rows: readonly ArrayLike<number>[];
  readonly weights: ArrayLike<number>;
  /** `values[side][row]`. */
  readonly values: readonly ArrayLike<number>[];
}

/**
 * Ridge regression with an intercept that is not penalised: minimises
 * Σ w (y − c − x·β)² + α‖β‖² for each right side.
 */
export function ridge(
  { rows, weights, values }: Observations,
  alpha: number,
): { coefficients: Float64Array; intercept: number }[] {
  const size = rows[0].length;
  let total = 0;
  const mean = new Float64Array(size);
  rows.forEach((row, i) => {
    total += weights[i];
    for (let j = 0; j < size; j++) mean[j] += weights[i] * row[j];
  });
  for (let j = 0; j < size; j++) mean[j] /= total;
  const centred = rows.map((row) => Float64Array.from(row, (v, j) => v - mean[j]));
  const factor = cholesky(gram(centred, weights), alpha);
  return values.map((y) => {
    let average = 0;
    for (let i = 0; i < rows.length; i++) average += (weights[i] * y[i]) / total;
    const coefficients = solve(
      factor,
      project(
        centred,
        weights,
        Float64Array.from(y, (v) => v - average),
      ),
    );
    let intercept = average;
    coefficients.forEach((b, j) => (intercept -= b * mean[j]));
    return { coefficients, intercept };
  });
}

/**
 * Minimises Σ w (y − x·φ)² with Σφ = `sums[side]` held exactly: the last unknown is the sum minus the others.
 */
export function withFixedSum(
  { rows, weights, values }: Observations,
  sums: readonly number[],
): Float64Array[] {
  const last = rows[0].length - 1;
  const reduced = rows.map((row) => {
    const result = new Float64Array(last);
    for (let j = 0; j < last; j++) result[j] = row[j] - row[last];
    return result;
  });
  const factor = cholesky(gram(reduced, weights), 0);
  return values.map((y, side) => {
    const rest = Float64Array.from(rows, (row, i) => y[i] - row[last] * sums[side]);
    const head = solve(factor, project(reduced, weights, rest));
    let left = sums[side];
    head.forEach((v) => (left -= v));
    return Float64Array.from([...head, left]);
  });
}

/** XᵀWX, lower triangle; four rows at a time, so that the sums are loaded and stored less often. */
function gram(rows: readonly Float64Array[], weights: ArrayLike<number>): Float64Array[] {
  const size = rows[0].length;
  const result = Array.from({ length: size }, () => new Float64Array(size));
  let r = 0;
  for (; r + 4 <= rows.length; r += 4) {
    const [a, b, c, d] = [rows[r], rows[r + 1], rows[r + 2], rows[r + 3]];
    for (let i = 0; i < size; i++) {
      const into = result[i];
      const wa = weights[r] * a[i];
      const wb = weights[r + 1] * b[i];
      const wc = weights[r + 2] * c[i];
      const wd = weights[r + 3] * d[i];
      for (let j = 0; j <= i; j++) into[j] += wa * a[j] + wb * b[j] + wc * c[j] + wd * d[j];
    }
  }
  for (; r < rows.length; r++) {
    const row = rows[r];
    for (let i = 0; i < size; i++) {
      const into = result[i];
      const share = weights[r] * row[i];
      for (let j = 0; j <= i; j++) into[j] += share * row[j];
    }
  }
  return result;
}

/** XᵀWy. */
function project(
  rows: readonly Float64Array[],
  weights: ArrayLike<number>,
  y: Float64Array,
): Float64Array {
  const result = new Float64Array(rows[0].length);
  rows.forEach((row, r) => {
    for (let j = 0; j < row.length; j++) result[j] += weights[r] * row[j] * y[r];
  });
  return result;
}

/** A + αI = LLᵀ. An unknown that the observations do not determine gets a penalty of its own, and so becomes 0. */
function cholesky(matrix: readonly Float64Array[], alpha: number): Float64Array[] {
  const size = matrix.length;
  const largest = matrix.reduce((most, row, i) => Math.max(most, row[i]), 0);
  const open = Math.max(largest, Number.MIN_VALUE) * 1e-12;
  const L = matrix.map((row) => row.slice());
  for (let i = 0; i < size; i++) {
    L[i][i] += alpha;
    for (let j = 0; j <= i; j++) {
      let sum = L[i][j];
      for (let k = 0; k < j; k++) sum -= L[i][k] * L[j][k];
      if (i === j) L[i][i] = Math.sqrt(sum > open ? sum : largest || 1);
      else L[i][j] = sum / L[j][j];
    }
  }
  return L;
}

function solve(L: readonly Float64Array[], right: Float64Array): Float64Array {
  const x = right.slice();
  for (let i = 0; i < x.length; i++) {
    for (let k = 0; k < i; k++) x[i] -= L[i][k] * x[k];
    x[i] /= L[i][i];
  }
  for (let i = x.length - 1; i >= 0; i--) {
    for (let k = i + 1; k < x.length; k++) x[i] -= L[k][i] * x[k];
    x[i] /= L[i][i];
  }
  return x;
}
