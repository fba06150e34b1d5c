/** A decision tree as flat arrays, as far as explaining it needs: which way a row goes is decided elsewhere. */

/** One entry for each node, the root first. */
export interface FlatTree {
  /** Index of the left child; negative at a leaf. */
  readonly left: ArrayLike<number>;
  readonly right: ArrayLike<number>;
  /** Feature that the node tests; unused at a leaf. */
  readonly feature: ArrayLike<number>;
  /** How many training samples (or what share of them) came through the node. */
  readonly cover?: ArrayLike<number>;
  /** `values[node * outputs.length + k]`; those of leaves are read. */
  readonly values: ArrayLike<number>;
  /** Outputs of the model to which this tree adds, one for each column of `values`. */
  readonly outputs: ArrayLike<number>;
  /** What the values are multiplied by: a learning rate, one over the number of trees. Default 1. */
  readonly scale?: number;
}

/**
 * Writes for each inner node of tree `tree` whether the row goes left (1) or
 * right (0) there. The model knows how: comparisons, missing values,
 * categories and rounding are its own.
 */
export type Decide = (tree: number, row: ArrayLike<number>, goesLeft: Uint8Array) => void;

/** The way to one leaf: its edges, and the different features on it. */
export interface LeafPath {
  readonly leaf: number;
  /** Inner nodes from the root down. */
  readonly nodes: Int32Array;
  /** 1 if the path goes left. */
  readonly wantsLeft: Uint8Array;
  /** Which of `features` the node tests. */
  readonly slots: Int32Array;
  /** The different features, in the order in which they are met. */
  readonly features: Int32Array;
  /** By slot: share of the cover that follows the path if the feature is unknown. */
  readonly shares: Float64Array;
}

/** All ways from the root to a leaf, left before right. */
export function leafPaths(tree: FlatTree): LeafPath[] {
  const { left, right, feature, cover } = tree;
  const paths: LeafPath[] = [];
  const nodes: number[] = [];
  const wants: number[] = [];
  // a stack of its own: trees may be deeper than calls may nest
  const stack: { node: number; depth: number; wanted: number; parent: number }[] = [
    { node: 0, depth: 0, wanted: 0, parent: -1 },
  ];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    nodes.length = wants.length = Math.max(0, top.depth - 1);
    if (top.parent >= 0) {
      nodes.push(top.parent);
      wants.push(top.wanted);
    }
    const { node } = top;
    if (left[node] < 0) {
      paths.push(pathTo(node));
      continue;
    }
    stack.push({ node: right[node], depth: top.depth + 1, wanted: 0, parent: node });
    stack.push({ node: left[node], depth: top.depth + 1, wanted: 1, parent: node });
  }
  return paths;

  function pathTo(leaf: number): LeafPath {
    const features: number[] = [];
    const shares: number[] = [];
    const slots = Int32Array.from(nodes, (node, i) => {
      let slot = features.indexOf(feature[node]);
      if (slot === -1) {
        slot = features.push(feature[node]) - 1;
        shares.push(1);
      }
      if (cover !== undefined) {
        const leftShare = shareLeft(cover[left[node]], cover[right[node]]);
        shares[slot] *= wants[i] === 1 ? leftShare : 1 - leftShare;
      }
      return slot;
    });
    return {
      leaf,
      nodes: Int32Array.from(nodes),
      wantsLeft: Uint8Array.from(wants),
      slots,
      features: Int32Array.from(features),
      shares: Float64Array.from(shares),
    };
  }
}

/** Share of the left child; if no sample came through, both count alike. */
function shareLeft(left: number, right: number): number {
  const sum = left + right;
  return sum > 0 ? left / sum : 0.5;
}

/**
 * The value of every node: a leaf's own, an inner node's the mean of its
 * children by cover. `[nodes, outputs.length]`, scale not applied.
 */
export function nodeMeans({ left, right, cover, values, outputs }: FlatTree): Float64Array {
  const width = outputs.length;
  const means = Float64Array.from(values);
  const order: number[] = [0];
  for (let i = 0; i < order.length; i++) {
    const node = order[i];
    if (left[node] >= 0) order.push(left[node], right[node]);
  }
  // children stand behind their parents in `order`
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i];
    if (left[node] < 0) continue;
    const share = shareLeft(cover?.[left[node]] ?? 1, cover?.[right[node]] ?? 1);
    for (let k = 0; k < width; k++) {
      means[node * width + k] =
        share * means[left[node] * width + k] + (1 - share) * means[right[node] * width + k];
    }
  }
  return means;
}
