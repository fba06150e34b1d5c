/** Contributions along the way that a row takes through a tree. */
import { nodeMeans, type Decide, type FlatTree } from './tree.js';

export interface PathContributions {
  /** `[rows, features, outputs]`. */
  readonly contributions: Float64Array;
  /** The value that all rows start from, one number for each output: the sum of the roots' values. */
  readonly bias: Float64Array;
}

/**
 * Decision-path contributions (Saabas 2014; Palczewska et al. 2013): at each
 * split the change of the node's value goes to the feature that is tested there.
 * The value of an inner node is the mean of its leaves by cover, so that bias
 * plus contributions is the value of the leaf, summed over the trees.
 *
 * @param rows `rows[n]`, each with `features` numbers
 */
export function pathContributions(
  trees: readonly FlatTree[],
  decide: Decide,
  rows: readonly ArrayLike<number>[],
  { features, outputs }: { readonly features: number; readonly outputs: number },
): PathContributions {
  const contributions = new Float64Array(rows.length * features * outputs);
  const bias = new Float64Array(outputs);
  trees.forEach((tree, t) => {
    const { left, right, feature, scale = 1 } = tree;
    const width = tree.outputs.length;
    const means = nodeMeans(tree);
    const goesLeft = new Uint8Array(left.length);
    for (let k = 0; k < width; k++) bias[tree.outputs[k]] += scale * means[k];
    rows.forEach((row, n) => {
      decide(t, row, goesLeft);
      for (let node = 0; left[node] >= 0;) {
        const next = goesLeft[node] === 1 ? left[node] : right[node];
        const at = (n * features + feature[node]) * outputs;
        for (let k = 0; k < width; k++) {
          contributions[at + tree.outputs[k]] +=
            scale * (means[next * width + k] - means[node * width + k]);
        }
        node = next;
      }
    });
  });
  return { contributions, bias };
}
