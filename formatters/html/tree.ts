/** Decision trees as nested lists that fold: each branch shows a rule, each leaf its answer. */
import type { DecisionTreeExplanation, TreeNode } from '../../src/explanation.js';
import { count, percent, short } from '../shared/numbers.js';
import { markup, outside, type Markup } from './escape.js';
import { importanceTable } from './weights.js';

/** Nodes below this depth start folded. */
const OPEN_DEPTH = 5;

export function renderTree(expl: DecisionTreeExplanation): Markup {
  const { importances = [] } = expl;
  return markup`<section class="card">
      <div class="head">
        <h3>Rules</h3>
        <span class="num"
          >${expl.isClassification ? 'classification' : 'regression'}, ${expl.criterion}</span
        >
      </div>
      <ul class="tree">
        ${node(expl, expl.tree, undefined, 0)}
      </ul>
      ${expl.isClassification && legend(expl)}
    </section>
    ${
      importances.length > 0 &&
      markup`<section class="card">
        <div class="head"><h3>Importances</h3></div>
        ${importanceTable(importances, 0)}
      </section>`
    }`;
}

function node(
  expl: DecisionTreeExplanation,
  tree: TreeNode,
  branch: string | undefined,
  depth: number,
): Markup {
  const lead = branch !== undefined && markup`<span class="branch">${branch}</span>`;
  if (tree.isLeaf || tree.left === undefined || tree.right === undefined) {
    return markup`<li>
      <span class="leaf"
        >${lead}<span class="rule">${answer(expl, tree)}</span>${meta(expl, tree)}</span
      >
    </li>`;
  }
  const feature = tree.featureName ?? `feature ${tree.featureId ?? tree.id}`;
  return markup`<li><details${depth < OPEN_DEPTH && markup` open`}><summary>${lead}<span class="rule">${outside(feature)} ≤ ${short(tree.threshold ?? 0, 6)}</span>${meta(expl, tree)}</summary>
<ul>${node(expl, tree.left, 'yes', depth + 1)}${node(expl, tree.right, 'no', depth + 1)}</ul></details></li>`;
}

/** The class with the largest share, or the value. */
function answer({ isClassification, classNames }: DecisionTreeExplanation, tree: TreeNode): Markup {
  const { value = [], valueRatio = value } = tree;
  if (!isClassification) return markup`${value.map(short).join(', ')}`;
  const best = valueRatio.reduce((top, ratio, i) => (ratio > valueRatio[top] ? i : top), 0);
  return markup`${outside(classNames?.[best] ?? `class ${best}`)}`;
}

function meta(expl: DecisionTreeExplanation, tree: TreeNode): Markup {
  const { samples, sampleRatio, impurity, valueRatio } = tree;
  return markup`${expl.isClassification && valueRatio !== undefined && ratioBar(expl, valueRatio)}<span
      class="meta"
      >${samples !== undefined && markup`<span>${count(samples, 'sample')}${sampleRatio !== undefined && ` (${percent(sampleRatio)})`}</span>`}${impurity !== undefined && markup`<span>${expl.criterion} ${short(impurity)}</span>`}</span
    >`;
}

function ratioBar({ classNames }: DecisionTreeExplanation, ratios: readonly number[]): Markup {
  let from = 0;
  const words = ratios
    .map((ratio, i) => `${classNames?.[i] ?? `class ${i}`} ${percent(ratio)}`)
    .join(', ');
  return markup`<svg
    class="ratio"
    viewBox="0 0 100 10"
    preserveAspectRatio="none"
    role="img"
    aria-label="${words}"
  >
    ${ratios.map((ratio, i) => {
      const x = from;
      from += ratio * 100;
      return (
        ratio > 0 &&
        markup`<rect
          class="c${i % 6}"
          x="${x.toFixed(2)}"
          width="${(ratio * 100).toFixed(2)}"
          height="10"
        />`
      );
    })}
  </svg>`;
}

function legend({ classNames = [] }: DecisionTreeExplanation): Markup {
  return markup`<p class="legend">
    ${classNames.map(
      (name, i) =>
        markup`<span
          ><svg viewBox="0 0 10 10" aria-hidden="true" focusable="false">
            <rect class="c${i % 6}" width="10" height="10" rx="2" /></svg
          >${outside(name)}</span
        >`,
    )}
  </p>`;
}
