/** Sums of coefficients times values. */
import type { Columns, LinearPart, Rows, SparseRows } from './interface.js';

/** Raw scores of rows. */
export function linearMargins(part: LinearPart, rows: Rows): Columns {
  const { outputs, features, coefficients, intercept } = part;
  const data = new Float64Array(rows.count * outputs);
  for (let n = 0; n < rows.count; n++) {
    for (let k = 0; k < outputs; k++) {
      let sum = 0;
      for (let j = 0; j < features; j++) {
        sum += coefficients[k * features + j] * rows.data[n * features + j];
      }
      data[n * outputs + k] = sum + intercept[k];
    }
  }
  return { count: rows.count, columns: outputs, data };
}

/** Raw scores of sparse rows, such as vectorized texts. */
export function sparseMargins(part: LinearPart, rows: SparseRows): Columns {
  const { outputs, features, coefficients, intercept } = part;
  const data = new Float64Array(rows.count * outputs);
  for (let n = 0; n < rows.count; n++) {
    for (let k = 0; k < outputs; k++) {
      let sum = 0;
      for (let i = rows.offsets[n]; i < rows.offsets[n + 1]; i++) {
        sum += coefficients[k * features + rows.indices[i]] * rows.data[i];
      }
      data[n * outputs + k] = sum + intercept[k];
    }
  }
  return { count: rows.count, columns: outputs, data };
}

/** Sparse rows written out, for a part that wants every column. */
export function denseRows(rows: SparseRows): Rows {
  const data = new Float64Array(rows.count * rows.columns);
  for (let n = 0; n < rows.count; n++) {
    for (let i = rows.offsets[n]; i < rows.offsets[n + 1]; i++) {
      data[n * rows.columns + rows.indices[i]] += rows.data[i];
    }
  }
  return { count: rows.count, columns: rows.columns, data };
}
