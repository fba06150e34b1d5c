/**
 * Trees in a form that belongs to no library: arrays by node, where they add to,
 * and how to compare. Any ensemble can be written in it, HistGradientBoosting's too.
 */
import { makeTree, treeEnsemble } from './ensemble.js';
import type { Field } from './fields.js';
import {
  MISSING,
  type CategorySplit,
  type Link,
  type Tree,
  type TreeEnsemble,
} from './interface.js';
import { namedLink } from './sklearn/linear.js';

/** Told by its fields. */
export function isNeutral(file: Field): boolean {
  return file.has('trees') && file.has('outputs') && file.has('op') && file.has('base');
}

const KINDS: Readonly<Record<string, number>> = {
  none: MISSING.none,
  zero: MISSING.zero,
  nan: MISSING.nan,
};

/** raw output k = base[k] + scale · Σ over trees t with outputs[t] containing k of the value of the leaf reached */
export function readNeutral(file: Field, features: number): { trees: TreeEnsemble; link: Link } {
  const base = file.get('base').numbers();
  const outputs = base.length;
  const op = file.get('op');
  if (op.value !== '<' && op.value !== '<=') throw op.wrong(`'<' or '<='`);
  const cast = file.get('input_cast');
  if (cast.exists && cast.value !== 'float32' && cast.value !== 'float64') {
    throw cast.wrong(`'float32' or 'float64'`);
  }
  const scale = file.get('scale').number(1);
  const fields = file.get('trees').list();
  const adds = file.get('outputs').list();
  if (adds.length !== fields.length) {
    throw file
      .get('outputs')
      .wrong(`one list for each of ${fields.length} trees`, `${adds.length}`);
  }
  const trees = fields.map((tree, t) => readTree(tree, Int32Array.from(adds[t].numbers()), scale));
  return {
    trees: treeEnsemble(
      {
        trees,
        features,
        outputs,
        base,
        comparison: op.value,
        float32: cast.value === 'float32',
        coverUnit: 'samples',
        // votes with equal weight and no first guess are a forest
        averaged: Math.abs(scale * fields.length - 1) < 1e-12 && base.every((x) => x === 0),
      },
      file.file,
    ),
    link: namedLink(file.get('link')) ?? { kind: 'identity' },
  };
}

function readTree(tree: Field, outputs: Int32Array, scale: number): Tree {
  const left = Int32Array.from(tree.get('left').numbers());
  const nodes = left.length;
  const inner = (n: number) => left[n] >= 0;
  const missing = new Uint8Array(nodes).fill(MISSING.nan);
  const kinds = tree.get('missing');
  if (kinds.exists) {
    for (const key of kinds.keys()) {
      // 'xgbcat' is a split by categories with a default direction
      const kind = kinds.get(key).text();
      missing[Number(key)] = KINDS[kind] ?? MISSING.nan;
    }
  }
  const defaultLeft = Uint8Array.from(tree.get('default_left').numbers(nodes));
  const lists = tree.get('categories_left');
  const categories = lists.exists ? categorySplits(lists, kinds, nodes) : undefined;
  return makeTree({
    left,
    right: Int32Array.from(tree.get('right').numbers(nodes)),
    feature: Int32Array.from(tree.get('feature').numbers(nodes), (j, n) => (inner(n) ? j : -1)),
    threshold: tree
      .get('threshold')
      .numbers(nodes)
      .map((x, n) => (inner(n) && categories?.[n] === undefined ? x : NaN)),
    values: tree.get('value').numbers(nodes * outputs.length),
    outputs,
    scale,
    defaultLeft,
    missing,
    ...(tree.has('cover') && { cover: tree.get('cover').numbers(nodes) }),
    ...(categories !== undefined && { categories }),
  });
}

function categorySplits(lists: Field, kinds: Field, nodes: number): (CategorySplit | undefined)[] {
  const splits = Array.from({ length: nodes }, (): CategorySplit | undefined => undefined);
  for (const key of lists.keys()) {
    splits[Number(key)] = {
      codes: new Set(lists.get(key).numbers()),
      // XGBoost's lists go right, whatever the field is called
      listed: kinds.get(key).value === 'xgbcat' ? 'right' : 'left',
    };
  }
  return splits;
}
