/** Many rows through many trees: one tree after the other, over flat arrays without branches. */
import { MISSING, type Columns, type Rows, type TreeEnsemble } from './interface.js';

/** This many rows stay in the processor's cache while all trees are applied. */
const BLOCK = 512;

/** Every row takes as many steps as the deepest leaf needs. */
const DEEPEST = 24;

/** Up to this depth a tree is filled up to a complete one, whose children need no index. */
const FULL = 8;

/** A tree whose children lie side by side, in the order of their parents. */
interface FlatTree {
  /** Index of the left child; the right one stands behind it. Its own index at a leaf. */
  readonly child: Int32Array;
  readonly feature: Int32Array;
  /** A row goes right if its number is above; at a leaf infinite, so that it stays. */
  readonly threshold: Float64Array;
  /** 1 if a missing value goes right. */
  readonly missingRight: Uint8Array;
  /** The node's index in the ensemble's own tree. */
  readonly own: Int32Array;
  readonly depth: number;
  /** True if a missing value counts as zero at some node. */
  readonly zeroForMissing: boolean;
  /** The same filled up: node n has the children 2n + 1 and 2n + 2. */
  readonly full?: Pick<FlatTree, 'feature' | 'threshold'> & { readonly ends: Int32Array };
}

const flattened = new WeakMap<TreeEnsemble, readonly (FlatTree | undefined)[]>();

/**
 * Raw scores as `ensembleMargins` defines them, or undefined for trees with splits that are not a
 * plain comparison (categories, zeros that are missing).
 */
export function flatMargins(ensemble: TreeEnsemble, rows: Rows): Columns | undefined {
  let trees = flattened.get(ensemble);
  if (trees === undefined) {
    trees = ensemble.trees.map((_, t) => flatten(ensemble, t));
    flattened.set(ensemble, trees);
  }
  const data = ensemble.float32 ? Float64Array.from(Float32Array.from(rows.data)) : rows.data;
  const hasMissing = data.some(Number.isNaN);
  if (trees.some((tree) => tree === undefined || (hasMissing && tree.zeroForMissing))) {
    return undefined;
  }
  const { outputs, base } = ensemble;
  const sums = new Float64Array(rows.count * outputs);
  const ends = new Int32Array(BLOCK);
  for (let first = 0; first < rows.count; first += BLOCK) {
    const count = Math.min(BLOCK, rows.count - first);
    ensemble.trees.forEach(({ outputs: own, values, scale }, t) => {
      const tree = trees[t]!;
      if (hasMissing) findEndsWithMissing(tree, data, rows.columns, first, count, ends);
      else findEnds(tree, data, rows.columns, first, count, ends);
      const width = own.length;
      for (let k = 0; k < width; k++) {
        let at = first * outputs + own[k];
        for (let n = 0; n < count; n++, at += outputs) {
          sums[at] += scale * values[ends[n] * width + k];
        }
      }
    });
  }
  for (let n = 0; n < rows.count; n++) {
    for (let k = 0; k < outputs; k++) sums[n * outputs + k] += base[k];
  }
  return { count: rows.count, columns: outputs, data: sums };
}

function findEnds(
  tree: FlatTree,
  data: Float64Array,
  columns: number,
  first: number,
  count: number,
  ends: Int32Array,
): void {
  if (tree.full !== undefined) {
    findFullEnds(tree.full, tree.depth, data, columns, first, count, ends);
    return;
  }
  const { child, feature, threshold, own, depth } = tree;
  for (let n = 0; n < count; n++) {
    const row = (first + n) * columns;
    let node = 0;
    for (let step = 0; step < depth; step++) {
      // a comparison as a number: no branch that could be guessed wrongly
      node = child[node] + +(data[row + feature[node]] > threshold[node]);
    }
    ends[n] = own[node];
  }
}

/** Each step waits for the one before it: four rows take turns, so that none waits idly. */
function findFullEnds(
  { feature, threshold, ends: own }: NonNullable<FlatTree['full']>,
  depth: number,
  data: Float64Array,
  columns: number,
  first: number,
  count: number,
  ends: Int32Array,
): void {
  let n = 0;
  for (; n + 4 <= count; n += 4) {
    const a = (first + n) * columns;
    const b = a + columns;
    const c = b + columns;
    const d = c + columns;
    let i = 0;
    let j = 0;
    let k = 0;
    let l = 0;
    for (let step = 0; step < depth; step++) {
      i = 2 * i + 1 + +(data[a + feature[i]] > threshold[i]);
      j = 2 * j + 1 + +(data[b + feature[j]] > threshold[j]);
      k = 2 * k + 1 + +(data[c + feature[k]] > threshold[k]);
      l = 2 * l + 1 + +(data[d + feature[l]] > threshold[l]);
    }
    const bottom = feature.length;
    ends[n] = own[i - bottom];
    ends[n + 1] = own[j - bottom];
    ends[n + 2] = own[k - bottom];
    ends[n + 3] = own[l - bottom];
  }
  for (; n < count; n++) {
    const row = (first + n) * columns;
    let node = 0;
    for (let step = 0; step < depth; step++) {
      node = 2 * node + 1 + +(data[row + feature[node]] > threshold[node]);
    }
    ends[n] = own[node - feature.length];
  }
}

function findEndsWithMissing(
  { child, feature, threshold, missingRight, own, depth }: FlatTree,
  data: Float64Array,
  columns: number,
  first: number,
  count: number,
  ends: Int32Array,
): void {
  for (let n = 0; n < count; n++) {
    const row = (first + n) * columns;
    let node = 0;
    for (let d = 0; d < depth; d++) {
      const x = data[row + feature[node]];
      node = child[node] + (+(x > threshold[node]) | (+(x !== x) & missingRight[node]));
    }
    ends[n] = own[node];
  }
}

function flatten({ trees, comparison }: TreeEnsemble, t: number): FlatTree | undefined {
  const { left, right, feature, threshold, missing, defaultLeft, categories } = trees[t];
  const nodes = left.length;
  if (categories?.some((split) => split !== undefined) === true) return undefined;
  const own: number[] = [0];
  const level: number[] = [0];
  const flat = {
    child: new Int32Array(nodes),
    feature: new Int32Array(nodes),
    threshold: new Float64Array(nodes).fill(Infinity),
    missingRight: new Uint8Array(nodes),
  };
  let depth = 0;
  let zeroForMissing = false;
  for (let at = 0; at < own.length; at++) {
    const node = own[at];
    if (left[node] < 0) {
      flat.child[at] = at;
      continue;
    }
    if (missing[node] === MISSING.zero || threshold[node] === -Infinity) return undefined;
    if (missing[node] === MISSING.none) zeroForMissing = true;
    flat.child[at] = own.length;
    flat.feature[at] = feature[node];
    // x < t is x <= the double below t
    flat.threshold[at] = comparison === '<' ? doubleBefore(threshold[node]) : threshold[node];
    flat.missingRight[at] = defaultLeft[node] === 1 ? 0 : 1;
    own.push(left[node], right[node]);
    level.push(level[at] + 1, level[at] + 1);
    depth = Math.max(depth, level[at] + 1);
  }
  // in a tree that is nearly a chain every row would walk the whole of it
  if (depth > DEEPEST) return undefined;
  const made = { ...flat, own: Int32Array.from(own), depth, zeroForMissing };
  return depth <= FULL ? { ...made, full: filledUp(made) } : made;
}

/** Leaves above the bottom are continued to the left. */
function filledUp({ child, feature, threshold, own, depth }: FlatTree): FlatTree['full'] {
  const inner = 2 ** depth - 1;
  const at = new Int32Array(2 * inner + 1);
  const full = {
    feature: new Int32Array(inner),
    threshold: new Float64Array(inner).fill(Infinity),
    ends: new Int32Array(inner + 1),
  };
  for (let n = 0; n < at.length; n++) {
    const node = at[n];
    if (n >= inner) {
      full.ends[n - inner] = own[node];
      continue;
    }
    const isLeaf = child[node] === node;
    full.feature[n] = feature[node];
    full.threshold[n] = threshold[node];
    at[2 * n + 1] = child[node];
    at[2 * n + 2] = isLeaf ? node : child[node] + 1;
  }
  return full;
}

/** The next smaller number of double precision. */
function doubleBefore(x: number): number {
  if (!Number.isFinite(x)) return x === Infinity ? Number.MAX_VALUE : x;
  if (x === 0) return -Number.MIN_VALUE;
  const bits = new BigInt64Array(Float64Array.of(x).buffer);
  bits[0] += x > 0 ? -1n : 1n;
  return new Float64Array(bits.buffer)[0];
}
