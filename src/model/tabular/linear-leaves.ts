/** Trees whose leaves are linear models (LightGBM's linear_tree): they predict, but cannot be looked into. */
import type { Columns, Rows, TreeEnsemble } from './interface.js';

/** A leaf's linear model, by node; undefined at inner nodes. */
export interface LinearLeaf {
  readonly constant: number;
  readonly features: readonly number[];
  readonly coefficients: readonly number[];
}

/**
 * constant + Σ coefficient · value at the leaf that a row reaches; the leaf's plain value if one
 * of its features is missing.
 */
export function linearLeafMargins(
  { trees, outputs, base, leaf }: TreeEnsemble,
  leaves: readonly (readonly (LinearLeaf | undefined)[] | undefined)[],
  rows: Rows,
): Columns {
  const data = new Float64Array(rows.count * outputs);
  for (let n = 0; n < rows.count; n++) {
    const row = rows.data.subarray(n * rows.columns, (n + 1) * rows.columns);
    for (let k = 0; k < outputs; k++) data[n * outputs + k] = base[k];
    trees.forEach((tree, t) => {
      const node = leaf(t, row);
      const linear = leaves[t]?.[node];
      let value = tree.values[node];
      if (linear !== undefined && !linear.features.some((j) => Number.isNaN(row[j]))) {
        value = linear.constant;
        linear.features.forEach((j, i) => (value += linear.coefficients[i] * row[j]));
      }
      data[n * outputs + tree.outputs[0]] += tree.scale * value;
    });
  }
  return { count: rows.count, columns: outputs, data };
}
