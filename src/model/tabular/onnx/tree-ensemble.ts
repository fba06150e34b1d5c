/** The TreeEnsemble of ai.onnx.ml 5: inner nodes and leaves in lists of their own. */
import { makeTree, treeEnsemble } from '../ensemble.js';
import { MISSING, type CategorySplit, type Link, type Tree } from '../interface.js';
import type { Node } from './attributes.js';
import { floatBefore } from './float-before.js';
import type { OnnxTrees } from './trees.js';

/** By the number that `nodes_modes` has. */
const MODES = ['<=', '<', '>=', '>', '==', '!=', 'member'] as const;
const AGGREGATES = ['AVERAGE', 'SUM', 'MIN', 'MAX'] as const;
/** As the specification numbers them; ONNX Runtime 1.32 takes 1 for the logistic and 2 for the softmax. */
const LINKS: readonly Link['kind'][] = ['identity', 'softmax', 'sigmoid', 'softmax-zero', 'probit'];

/** Trees whose roots `tree_roots` names; leaves add to the targets. */
export function readTreeEnsemble(node: Node, features: number, file: string): OnnxTrees {
  const kind = LINKS[node.number('post_transform', 0)] as Link['kind'] | undefined;
  if (kind === undefined) throw node.wrong('has an unknown post_transform');
  const aggregate = AGGREGATES[node.number('aggregate_function', 1)] as string | undefined;
  if (aggregate !== 'SUM' && aggregate !== 'AVERAGE') {
    throw node.wrong(
      `puts trees together by ${aggregate ?? 'an unknown rule'}; known are SUM and AVERAGE`,
    );
  }
  const outputs = node.number('n_targets', 1);
  const roots = [...node.numbers('tree_roots')];
  const scale = aggregate === 'AVERAGE' ? 1 / roots.length : 1;
  const lists = listsOf(node);
  return {
    link: { kind },
    trees: treeEnsemble(
      {
        trees: roots.map((root) => readTree(node, lists, root, outputs, scale)),
        features,
        outputs,
        base: new Float64Array(outputs),
        comparison: '<=',
        float32: true,
        coverUnit: 'none',
        averaged: aggregate === 'AVERAGE',
      },
      file,
    ),
  };
}

function listsOf(node: Node) {
  const members: Set<number>[] = [];
  let own = new Set<number>();
  // the sets of all member nodes one after the other, each ended by NaN
  for (const value of node.numbers('membership_values')) {
    if (Number.isNaN(value)) {
      members.push(own);
      own = new Set();
    } else own.add(value);
  }
  if (own.size > 0) members.push(own);
  return {
    modes: node.numbers('nodes_modes'),
    features: node.numbers('nodes_featureids'),
    splits: node.numbers('nodes_splits'),
    yes: node.numbers('nodes_truenodeids'),
    no: node.numbers('nodes_falsenodeids'),
    yesLeaf: node.numbers('nodes_trueleafs'),
    noLeaf: node.numbers('nodes_falseleafs'),
    tracks: node.numbers('nodes_missing_value_tracks_true'),
    targets: node.numbers('leaf_targetids'),
    weights: node.numbers('leaf_weights'),
    members,
  };
}

function readTree(
  node: Node,
  lists: ReturnType<typeof listsOf>,
  root: number,
  outputs: number,
  scale: number,
): Tree {
  const { modes, features, splits, yes, no, yesLeaf, noLeaf, tracks, targets, weights } = lists;
  const left: number[] = [];
  const right: number[] = [];
  const feature: number[] = [];
  const threshold: number[] = [];
  const defaultLeft: number[] = [];
  const categories: (CategorySplit | undefined)[] = [];
  const leaves = new Map<number, number>();
  // a tree that is one leaf asks nothing: both of its branches are that leaf
  const waiting: { at: number; isLeaf: boolean; parent: number; side: 'left' | 'right' }[] = [
    { at: root, isLeaf: false, parent: -1, side: 'left' },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { at, isLeaf, parent, side } = next;
    const own = left.length;
    if (own > 2 * (modes.length + weights.length)) throw node.wrong('has trees that go in circles');
    if (parent >= 0) (side === 'left' ? left : right)[parent] = own;
    left.push(-1);
    right.push(-1);
    feature.push(-1);
    threshold.push(NaN);
    defaultLeft.push(0);
    if (isLeaf) {
      if (!(at >= 0 && at < weights.length)) throw node.wrong(`has no leaf ${at}`);
      leaves.set(own, at);
      continue;
    }
    if (!(at >= 0 && at < modes.length)) throw node.wrong(`has no node ${at}`);
    const mode = MODES[modes[at]] as (typeof MODES)[number] | undefined;
    const x = Math.fround(splits[at]);
    // "greater" asks the opposite question: its branches change sides
    const turned = mode === '>' || mode === '>=';
    feature[own] = features[at];
    defaultLeft[own] = (tracks[at] === 1) !== turned ? 1 : 0;
    if (mode === '<=' || mode === '>') threshold[own] = x;
    else if (mode === '<' || mode === '>=') threshold[own] = floatBefore(x);
    else if (mode === '==' || mode === '!=') {
      // a missing value differs from every number
      if (mode === '!=') defaultLeft[own] = 1;
      categories[own] = { codes: new Set([x]), listed: mode === '==' ? 'left' : 'right' };
    } else if (mode === 'member') {
      const set = lists.members[modes.slice(0, at).filter((m) => MODES[m] === 'member').length];
      categories[own] = { codes: set ?? new Set(), listed: 'left' };
    } else throw node.wrong(`compares by the unknown mode ${modes[at]}`);
    const split = categories[own];
    if (
      split !== undefined &&
      [...split.codes].some((code) => !Number.isInteger(code) || code < 0)
    ) {
      throw node.wrong('compares with numbers that are not categories');
    }
    waiting.push(
      { at: no[at], isLeaf: noLeaf[at] === 1, parent: own, side: turned ? 'left' : 'right' },
      { at: yes[at], isLeaf: yesLeaf[at] === 1, parent: own, side: turned ? 'right' : 'left' },
    );
  }
  const own = [...new Set([...leaves.values()].map((leaf) => targets[leaf]))].sort((a, b) => a - b);
  const values = new Float64Array(left.length * own.length);
  for (const [at, leaf] of leaves) {
    values[at * own.length + own.indexOf(targets[leaf])] = weights[leaf];
  }
  if (own.some((target) => !(target >= 0 && target < outputs))) {
    throw node.wrong(`has leaves of a target beyond ${outputs}`);
  }
  return makeTree({
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    feature: Int32Array.from(feature),
    threshold: Float64Array.from(threshold),
    defaultLeft: Uint8Array.from(defaultLeft),
    missing: new Uint8Array(left.length).fill(MISSING.nan),
    values,
    outputs: Int32Array.from(own),
    scale,
    ...(categories.length > 0 && { categories }),
  });
}
