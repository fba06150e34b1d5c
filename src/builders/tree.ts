import type { TreeNode } from '../explanation.js';
import { invalid, optionalNumber } from './checks.js';

/** A node as a caller gives it: a rule with two children, or a leaf. */
export interface TreeNodeInput {
  /** Class weights or counts, or the value of a regression tree. */
  readonly value?: readonly number[];
  readonly impurity?: number;
  /** Number of samples that arrive here. */
  readonly samples?: number;
  /** Index of the feature that the node tests. */
  readonly featureId?: number;
  readonly featureName?: string;
  /** Left is `feature <= threshold`. */
  readonly threshold?: number;
  readonly left?: TreeNodeInput;
  readonly right?: TreeNodeInput;
}

/** A tree as parallel arrays, one entry for each node, the root first, as many libraries export it. */
export interface TreeArrays {
  /** Index of the left child, or a negative number at a leaf. */
  readonly childrenLeft: ArrayLike<number>;
  readonly childrenRight: ArrayLike<number>;
  readonly feature: ArrayLike<number>;
  readonly threshold: ArrayLike<number>;
  readonly value?: ArrayLike<ArrayLike<number>>;
  readonly impurity?: ArrayLike<number>;
  readonly samples?: ArrayLike<number>;
}

/** Options of `decisionTree`. */
export interface TreeOptions {
  /** Names by feature index. */
  readonly featureNames?: readonly string[];
  /** Adds each value's share of the node's sum. Default true; wrong for regression trees. */
  readonly isClassification?: boolean;
}

/**
 * A tree's nodes numbered from the root, left before right, with names and the
 * shares of samples and values filled in: the `tree` of a `decision-tree` record.
 *
 * @throws WhylensError `INVALID_EXPLANATION` for a node with one child, values that are not
 * numbers, a node that is its own descendant
 * @example
 * decisionTree({ featureId: 2, threshold: 4.8, left: { value: [9, 1] }, right: { value: [0, 5] } });
 */
export function decisionTree(
  root: TreeNodeInput | TreeArrays,
  options: TreeOptions = {},
): TreeNode {
  const input = 'childrenLeft' in root ? nodesOf(root) : root;
  const { featureNames, isClassification = true } = options;
  let next = 0;
  const path = new Set<TreeNodeInput>();
  const build = (node: TreeNodeInput): TreeNode => {
    if (path.has(node)) throw invalid('a node of a decision tree is its own descendant');
    path.add(node);
    const id = next++;
    const where = `of node ${id} of a decision tree`;
    const { left, right, value, impurity, samples, featureId, threshold } = node;
    if ((left === undefined) !== (right === undefined)) {
      throw invalid(`a node of a decision tree must have two children or none, node ${id} has one`);
    }
    value?.forEach((number) => optionalNumber(number, `a value ${where}`));
    optionalNumber(impurity, `the impurity ${where}`);
    optionalNumber(samples, `the number of samples ${where}`);
    optionalNumber(threshold, `the threshold ${where}`);
    const sum = value?.reduce((a, b) => a + b, 0) ?? 0;
    const featureName =
      node.featureName ?? (featureId === undefined ? undefined : featureNames?.[featureId]);
    const isLeaf = left === undefined || right === undefined;
    if (!isLeaf && threshold === undefined) throw invalid(`the rule ${where} has no threshold`);
    if (!isLeaf && featureName === undefined && featureId === undefined) {
      throw invalid(`the rule ${where} names no feature; give 'featureId' or 'featureName'`);
    }
    const made: TreeNode = {
      id,
      isLeaf,
      ...(value !== undefined && { value: [...value] }),
      ...(value !== undefined &&
        isClassification &&
        sum > 0 && { valueRatio: value.map((part) => part / sum) }),
      ...(impurity !== undefined && { impurity }),
      ...(samples !== undefined && { samples }),
      ...(samples !== undefined && input.samples! > 0 && { sampleRatio: samples / input.samples! }),
      ...(!isLeaf && {
        ...(featureName !== undefined && { featureName }),
        ...(featureId !== undefined && { featureId }),
        threshold,
        left: build(left),
        right: build(right),
      }),
    };
    path.delete(node);
    return made;
  };
  return build(input);
}

function nodesOf(arrays: TreeArrays): TreeNodeInput {
  const { childrenLeft, childrenRight, feature, threshold, value, impurity, samples } = arrays;
  const size = childrenLeft.length;
  for (const [name, array] of Object.entries(arrays)) {
    if (array === undefined || (array as ArrayLike<unknown>).length === size) continue;
    throw invalid(
      `the arrays of a decision tree must be equally long: 'childrenLeft' has ${size} entries, '${name}' has ${(array as ArrayLike<unknown>).length}`,
    );
  }
  const visited = new Set<number>();
  const nodeAt = (index: number): TreeNodeInput => {
    if (!Number.isInteger(index) || index < 0 || index >= size || visited.has(index)) {
      throw invalid(
        `the children of a decision tree must be nodes 1 to ${size - 1}, each of one parent; got ${index}`,
      );
    }
    visited.add(index);
    const isLeaf = childrenLeft[index] < 0;
    return {
      ...(value !== undefined && { value: Array.from(value[index]) }),
      ...(impurity !== undefined && { impurity: impurity[index] }),
      ...(samples !== undefined && { samples: samples[index] }),
      ...(!isLeaf && {
        featureId: feature[index],
        threshold: threshold[index],
        left: nodeAt(childrenLeft[index]),
        right: nodeAt(childrenRight[index]),
      }),
    };
  };
  return nodeAt(0);
}
