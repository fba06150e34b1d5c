/** A decision tree as indented rules, each leaf with the shares of its classes. */
import type { DecisionTreeExplanation, TreeNode } from '../../src/explanation.js';
import { count, percent, short } from '../shared/numbers.js';
import { truncate, widthOf } from './font.js';
import type { Panel, PanelOptions } from './panels.js';
import type { Shape } from './scene.js';

const ROW = 24;
const INDENT = 22;
const RULE = { size: 12.5, bold: true };
const NOTE = { size: 10.5 };
const RATIO = { width: 70, height: 8 };

export function treePanel(expl: DecisionTreeExplanation, { palette }: PanelOptions): Panel {
  const shapes: Shape[] = [];
  let row = 0;
  let width = 0;
  const node = (tree: TreeNode, branch: string, depth: number): number => {
    const x = depth * INDENT;
    const y = row++ * ROW;
    const baseline = y + ROW * 0.66;
    let at = x;
    if (branch !== '') {
      shapes.push({ kind: 'text', x: at, y: baseline, text: branch, ...NOTE, fill: palette.soft });
      at += widthOf(branch, NOTE) + 7;
    }
    const text = truncate(ruleOf(expl, tree), 360, RULE);
    shapes.push({ kind: 'text', x: at, y: baseline, text, ...RULE, fill: palette.ink });
    at += widthOf(text, RULE) + 10;
    if (expl.isClassification && tree.valueRatio !== undefined) {
      let from = at;
      tree.valueRatio.forEach((ratio, i) => {
        const fill = palette.series[i % palette.series.length];
        const part = ratio * RATIO.width;
        if (part > 0) {
          shapes.push({
            kind: 'box',
            x: from,
            y: y + ROW / 2 - 4,
            width: part,
            height: RATIO.height,
            fill,
          });
        }
        from += part;
      });
      at += RATIO.width + 10;
    }
    const note = noteOf(expl, tree);
    shapes.push({ kind: 'text', x: at, y: baseline, text: note, ...NOTE, fill: palette.soft });
    width = Math.max(width, at + widthOf(note, NOTE));
    const children = tree.isLeaf ? [] : [tree.left, tree.right];
    children.forEach((child, i) => {
      if (child === undefined) return;
      const below = node(child, i === 0 ? 'yes' : 'no', depth + 1);
      const corner = x + 6;
      shapes.push({
        kind: 'line',
        points: [
          [corner, y + ROW - 3],
          [corner, below],
          [corner + INDENT - 10, below],
        ],
        stroke: palette.line,
        width: 1,
      });
    });
    return y + ROW / 2;
  };
  node(expl.tree, '', 0);
  let legend = 0;
  const y = row * ROW + 8;
  if (expl.isClassification) {
    (expl.classNames ?? []).forEach((name, i) => {
      const text = truncate(name, 160, NOTE);
      const fill = palette.series[i % palette.series.length];
      shapes.push(
        { kind: 'box', x: legend, y: y + 3, width: 9, height: 9, fill, radius: 2 },
        { kind: 'text', x: legend + 14, y: y + 11.5, text, ...NOTE, fill: palette.soft },
      );
      legend += widthOf(text, NOTE) + 30;
    });
  }
  const height = row * ROW + (legend > 0 ? 26 : 0);
  return {
    width: Math.max(width, legend),
    height,
    shapes,
    title: `Rules (${truncate(expl.criterion, 120, NOTE)})`,
  };
}

function ruleOf({ isClassification, classNames }: DecisionTreeExplanation, tree: TreeNode): string {
  if (!tree.isLeaf) {
    return `${tree.featureName ?? `feature ${tree.featureId ?? tree.id}`} ≤ ${short(tree.threshold ?? 0, 6)}`;
  }
  const { value = [], valueRatio = value } = tree;
  if (!isClassification) return value.map(short).join(', ');
  const best = valueRatio.reduce((top, ratio, i) => (ratio > valueRatio[top] ? i : top), 0);
  return classNames?.[best] ?? `class ${best}`;
}

function noteOf({ criterion }: DecisionTreeExplanation, tree: TreeNode): string {
  const { samples, sampleRatio, impurity } = tree;
  return [
    samples !== undefined &&
      count(samples, 'sample') + (sampleRatio === undefined ? '' : ` (${percent(sampleRatio)})`),
    impurity !== undefined && `${truncate(criterion, 80, NOTE)} ${short(impurity)}`,
  ]
    .filter((text) => text !== false)
    .join(', ');
}
