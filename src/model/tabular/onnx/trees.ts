/** ONNX-ML's TreeEnsembleClassifier and TreeEnsembleRegressor: parallel lists of nodes and leaves. */
import { makeTree, treeEnsemble } from '../ensemble.js';
import {
  MISSING,
  type CategorySplit,
  type Link,
  type Tree,
  type TreeEnsemble,
} from '../interface.js';
import type { Node } from './attributes.js';
import { floatBefore } from './float-before.js';
import { readTreeEnsemble } from './tree-ensemble.js';

const LINKS: Readonly<Record<string, Link['kind']>> = {
  NONE: 'identity',
  LOGISTIC: 'sigmoid',
  SOFTMAX: 'softmax',
  SOFTMAX_ZERO: 'softmax-zero',
  PROBIT: 'probit',
};

export interface OnnxTrees {
  readonly trees: TreeEnsemble;
  readonly link: Link;
}

/** The link of `post_transform`. */
export function postTransform(node: Node): Link {
  const name = node.text('post_transform', 'NONE');
  const kind = LINKS[name] as Link['kind'] | undefined;
  if (kind === undefined) throw node.wrong(`has the unknown post_transform '${name}'`);
  return { kind };
}

/**
 * The trees of a node. A binary classifier has one column of votes for two
 * labels: votes that are all positive are probabilities of the second, others
 * a margin.
 */
export function readOnnxTrees(node: Node, features: number, file: string): OnnxTrees {
  if (node.op === 'TreeEnsemble') return readTreeEnsemble(node, features, file);
  const classifier = node.op === 'TreeEnsembleClassifier';
  const votes = votesOf(node, classifier ? 'class' : 'target');
  const labels = node.labels('classlabels_strings', 'classlabels_int64s')?.length ?? 0;
  const targets = classifier ? labels : node.number('n_targets', 1);
  const average = node.text('aggregate_function', 'SUM');
  if (average !== 'SUM' && average !== 'AVERAGE') {
    throw node.wrong(`puts trees together by ${average}; known are SUM and AVERAGE`);
  }
  const single = classifier && labels === 2 && new Set(votes.ids).size === 1;
  const outputs = single ? 1 : Math.max(1, targets);
  const base = node.numbers('base_values');
  const roots = groups(node.numbers('nodes_treeids'));
  const scale = average === 'AVERAGE' ? 1 / roots.size : 1;
  const built = [...roots].map(([id, places]) => readTree(node, places, votes, id, single, scale));
  const link = postTransform(node);
  const positive = single && votes.weights.every((weight) => weight >= 0);
  const common = {
    features,
    comparison: '<=',
    float32: true,
    coverUnit: 'none',
  } as const;
  if (positive && link.kind === 'identity') {
    return {
      link,
      trees: treeEnsemble(
        {
          ...common,
          // the first class is what is left of 1
          trees: built.map((tree) => twoSided(tree)),
          outputs: 2,
          base: Float64Array.of(1 - (base[0] ?? 0), base[0] ?? 0),
          averaged: true,
        },
        file,
      ),
    };
  }
  const kind =
    single && link.kind === 'sigmoid'
      ? 'logistic'
      : single && link.kind === 'identity'
        ? 'svm'
        : link.kind;
  return {
    link: { kind },
    trees: treeEnsemble(
      {
        ...common,
        trees: built,
        outputs,
        base: Float64Array.from(
          { length: outputs },
          (_, k) => base[base.length === 1 && single ? 0 : k] ?? 0,
        ),
        averaged: average === 'AVERAGE' || (classifier && link.kind === 'identity'),
      },
      file,
    ),
  };
}

interface Votes {
  readonly trees: Float64Array;
  readonly nodes: Float64Array;
  readonly ids: Float64Array;
  readonly weights: Float64Array;
}

function votesOf(node: Node, prefix: string): Votes {
  const weights = node.numbers(`${prefix}_weights`);
  const list = (name: string) => {
    const numbers = node.numbers(`${prefix}_${name}`);
    if (numbers.length !== weights.length) {
      throw node.wrong(`has ${numbers.length} ${prefix}_${name} for ${weights.length} weights`);
    }
    return numbers;
  };
  return { trees: list('treeids'), nodes: list('nodeids'), ids: list('ids'), weights };
}

/** Places of the nodes of each tree, in the order of their first node. */
function groups(ids: Float64Array): Map<number, number[]> {
  const found = new Map<number, number[]>();
  ids.forEach((id, at) => {
    const list = found.get(id);
    if (list === undefined) found.set(id, [at]);
    else list.push(at);
  });
  return found;
}

function readTree(
  node: Node,
  places: readonly number[],
  votes: Votes,
  id: number,
  single: boolean,
  scale: number,
): Tree {
  const list = (name: string) => {
    const numbers = node.numbers(name);
    return (at: number) => numbers[at];
  };
  const nodeId = list('nodes_nodeids');
  const yes = list('nodes_truenodeids');
  const no = list('nodes_falsenodeids');
  const value = list('nodes_values');
  const asks = list('nodes_featureids');
  const tracks = list('nodes_missing_value_tracks_true');
  const modes = node.texts('nodes_modes');
  const index = new Map(places.map((at, n) => [nodeId(at), n]));
  const count = places.length;
  const left = new Int32Array(count).fill(-1);
  const right = new Int32Array(count).fill(-1);
  const feature = new Int32Array(count).fill(-1);
  const threshold = new Float64Array(count).fill(NaN);
  const defaultLeft = new Uint8Array(count);
  const categories: (CategorySplit | undefined)[] = [];
  places.forEach((at, n) => {
    const mode = modes[at];
    if (mode === undefined) throw node.wrong(`has fewer modes than nodes`);
    if (mode === 'LEAF') return;
    const child = (own: number) => index.get(own) ?? -2;
    // "greater" asks the opposite question: its branches change sides
    const turned = mode === 'BRANCH_GT' || mode === 'BRANCH_GTE';
    const [first, second] = [child(yes(at)), child(no(at))];
    left[n] = turned ? second : first;
    right[n] = turned ? first : second;
    if (left[n] < 0 || right[n] < 0)
      throw node.wrong(`has a branch without children in tree ${id}`);
    feature[n] = asks(at);
    defaultLeft[n] = (tracks(at) === 1) !== turned ? 1 : 0;
    const x = Math.fround(value(at));
    if (mode === 'BRANCH_LEQ' || mode === 'BRANCH_GT') threshold[n] = x;
    else if (mode === 'BRANCH_LT' || mode === 'BRANCH_GTE') threshold[n] = floatBefore(x);
    else if ((mode === 'BRANCH_EQ' || mode === 'BRANCH_NEQ') && Number.isInteger(x) && x >= 0) {
      // a missing value differs from every number
      if (mode === 'BRANCH_NEQ') defaultLeft[n] = 1;
      categories[n] = { codes: new Set([x]), listed: mode === 'BRANCH_EQ' ? 'left' : 'right' };
    } else throw node.wrong(`compares by ${mode} ${x}, which is not known here`);
  });
  const own: number[] = [];
  votes.trees.forEach((tree, v) => {
    if (tree === id) own.push(v);
  });
  const outputs = single ? [0] : [...new Set(own.map((v) => votes.ids[v]))].sort((a, b) => a - b);
  if (outputs.length === 0) outputs.push(0);
  const values = new Float64Array(count * outputs.length);
  for (const v of own) {
    const at = index.get(votes.nodes[v]);
    if (at === undefined)
      throw node.wrong(`votes at node ${votes.nodes[v]}, which tree ${id} has not`);
    // a branch has no vote
    if (left[at] >= 0) continue;
    values[at * outputs.length + (single ? 0 : outputs.indexOf(votes.ids[v]))] += votes.weights[v];
  }
  return makeTree({
    left,
    right,
    feature,
    threshold,
    defaultLeft,
    missing: new Uint8Array(count).fill(MISSING.nan),
    values,
    outputs: Int32Array.from(outputs),
    scale,
    ...(categories.length > 0 && { categories }),
  });
}

/** The vote for the second class, and minus it for the first. */
function twoSided(tree: Tree): Tree {
  const values = new Float64Array(2 * tree.values.length);
  tree.values.forEach((x, n) => {
    values[2 * n] = -x;
    values[2 * n + 1] = x;
  });
  return { ...tree, values, outputs: Int32Array.of(0, 1) };
}
