/** An ensemble of trees: which way a row goes, and the sum of the leaves. */
import { broken } from './fields.js';
import { flatMargins } from './flat-trees.js';
import { MISSING, type Columns, type Rows, type Tree, type TreeEnsemble } from './interface.js';

/** What LightGBM takes for zero. */
const ZERO = Math.fround(1e-35);

/** From this many rows on, flat trees are faster. */
const MANY = 16;

type EnsembleParts = Omit<TreeEnsemble, 'decide' | 'goesLeft' | 'leaf' | 'hasCover'>;

/**
 * An ensemble of checked trees. Inner nodes get the mean of their leaves by
 * cover as their value.
 *
 * @throws `MODEL_LOAD` for trees that lead nowhere, twice to one node, or to a feature or output
 * that does not exist
 */
export function treeEnsemble(parts: EnsembleParts, file: string): TreeEnsemble {
  parts.trees.forEach((tree, t) => checkTree(tree, t, parts, file));
  const { trees, comparison, float32 } = parts;
  const strict = comparison === '<';
  const goesLeft = (t: number, node: number, row: ArrayLike<number>): boolean => {
    const tree = trees[t];
    let x = row[tree.feature[node]];
    if (float32) x = Math.fround(x);
    const split = tree.categories?.[node];
    if (split !== undefined) {
      // a value that is not a code is listed nowhere
      const listed = split.codes.has(Math.trunc(x)) && x > -1;
      if (Number.isNaN(x)) return tree.defaultLeft[node] === 1;
      return listed === (split.listed === 'left');
    }
    if (Number.isNaN(x)) {
      if (tree.missing[node] !== MISSING.none) return tree.defaultLeft[node] === 1;
      x = 0;
    } else if (tree.missing[node] === MISSING.zero && Math.abs(x) <= ZERO) {
      return tree.defaultLeft[node] === 1;
    }
    return strict ? x < tree.threshold[node] : x <= tree.threshold[node];
  };
  return {
    ...parts,
    hasCover: trees.every(({ cover }) => cover !== undefined),
    goesLeft,
    decide: (t, row, into) => {
      const { left } = trees[t];
      for (let node = 0; node < left.length; node++) {
        if (left[node] >= 0) into[node] = goesLeft(t, node, row) ? 1 : 0;
      }
    },
    leaf: (t, row) => {
      const { left, right } = trees[t];
      let node = 0;
      while (left[node] >= 0) node = goesLeft(t, node, row) ? left[node] : right[node];
      return node;
    },
  };
}

/** Raw scores: the base plus the leaves. */
export function ensembleMargins(ensemble: TreeEnsemble, rows: Rows): Columns {
  const flat = rows.count >= MANY ? flatMargins(ensemble, rows) : undefined;
  if (flat !== undefined) return flat;
  const { trees, outputs, base } = ensemble;
  const data = new Float64Array(rows.count * outputs);
  for (let n = 0; n < rows.count; n++) {
    const row = rows.data.subarray(n * rows.columns, (n + 1) * rows.columns);
    const at = n * outputs;
    trees.forEach((tree, t) => {
      const leaf = ensemble.leaf(t, row);
      const width = tree.outputs.length;
      for (let k = 0; k < width; k++) {
        data[at + tree.outputs[k]] += tree.scale * tree.values[leaf * width + k];
      }
    });
    for (let k = 0; k < outputs; k++) data[at + k] += base[k];
  }
  return { count: rows.count, columns: outputs, data };
}

/** What a reader knows about a tree; the rest is filled in. */
export type TreeParts = Pick<
  Tree,
  'left' | 'right' | 'feature' | 'threshold' | 'values' | 'outputs'
> &
  Partial<Tree>;

/** A tree with defaults, and with means at its inner nodes. */
export function makeTree(parts: TreeParts): Tree {
  const nodes = parts.left.length;
  const tree = {
    defaultLeft: new Uint8Array(nodes),
    missing: new Uint8Array(nodes).fill(MISSING.nan),
    scale: 1,
    ...parts,
  };
  return { ...tree, values: withMeans(tree) };
}

/** Values of leaves as they are, of inner nodes the mean of their children by cover; 0 without cover. */
function withMeans({ left, right, values, outputs, cover }: TreeParts): Float64Array {
  const width = outputs.length;
  const means = Float64Array.from(values);
  const order = reachable(left, right);
  if (order === undefined) return means;
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i];
    if (left[node] < 0) continue;
    const [a, b] = [left[node], right[node]];
    const sum = cover === undefined ? 0 : cover[a] + cover[b];
    const share = cover === undefined || !(sum > 0) ? 0.5 : cover[a] / sum;
    for (let k = 0; k < width; k++) {
      means[node * width + k] =
        cover === undefined ? 0 : share * means[a * width + k] + (1 - share) * means[b * width + k];
    }
  }
  return means;
}

/** Nodes from the root, parents first; undefined if a child does not exist or is met twice. */
function reachable(left: Int32Array, right: Int32Array): number[] | undefined {
  if (left.length === 0) return undefined;
  const met = new Uint8Array(left.length);
  const order = [0];
  met[0] = 1;
  for (let i = 0; i < order.length; i++) {
    const node = order[i];
    if (left[node] < 0) continue;
    for (const child of [left[node], right[node]]) {
      if (!(child >= 0 && child < left.length) || met[child] === 1) return undefined;
      met[child] = 1;
      order.push(child);
    }
  }
  return order;
}

function checkTree(
  tree: Tree,
  t: number,
  { features, outputs }: EnsembleParts,
  file: string,
): void {
  const nodes = tree.left.length;
  const width = tree.outputs.length;
  const lengths: [string, number][] = [
    ['right', tree.right.length],
    ['feature', tree.feature.length],
    ['threshold', tree.threshold.length],
    ['default direction', tree.defaultLeft.length],
    ['value', tree.values.length / width],
    ['cover', tree.cover?.length ?? nodes],
  ];
  const odd = lengths.find(([, length]) => length !== nodes);
  if (odd !== undefined) {
    throw broken(file, `tree ${t} has ${nodes} nodes, but ${odd[1]} entries of '${odd[0]}'`);
  }
  if (nodes === 0) throw broken(file, `tree ${t} has no nodes`);
  const order = reachable(tree.left, tree.right);
  if (order === undefined) {
    throw broken(file, `tree ${t} has a node whose children do not exist or are met twice`);
  }
  for (const node of order) {
    if (tree.left[node] < 0) {
      for (let k = 0; k < width; k++) {
        if (!Number.isFinite(tree.values[node * width + k])) {
          throw broken(
            file,
            `leaf ${node} of tree ${t} has the value ${tree.values[node * width + k]}`,
          );
        }
      }
      continue;
    }
    if (!(tree.feature[node] >= 0 && tree.feature[node] < features)) {
      throw broken(
        file,
        `node ${node} of tree ${t} asks for feature ${tree.feature[node]} of ${features}`,
      );
    }
    if (Number.isNaN(tree.threshold[node]) && tree.categories?.[node] === undefined) {
      throw broken(file, `node ${node} of tree ${t} has no threshold`);
    }
    if (tree.cover !== undefined && !(tree.cover[node] >= 0)) {
      throw broken(file, `node ${node} of tree ${t} has the cover ${tree.cover[node]}`);
    }
  }
  const output = tree.outputs.find((k) => !(k >= 0 && k < outputs));
  if (output !== undefined) {
    throw broken(file, `tree ${t} adds to output ${output} of ${outputs}`);
  }
}
