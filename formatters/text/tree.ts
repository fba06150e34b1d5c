/** Decision trees as indented rules. */
import type { DecisionTreeExplanation, TreeNode } from '../../src/explanation.js';
import { plain } from '../shared/numbers.js';
import { clean, wrap } from './layout.js';
import type { Style } from './style.js';
import { append, greatest } from '../../src/maths/extremes.js';

const STEP = 4;

/** One line for each branch: the rule, the share of samples, and the answer of a leaf. */
export function treeLines(record: DecisionTreeExplanation, style: Style): string[] {
  const lines: string[] = [];
  const visit = (node: TreeNode, rule: string, depth: number): void => {
    if (node.isLeaf || node.left === undefined || node.right === undefined) {
      append(lines, branch(rule + share(node), depth, style, verdict(node, record)));
      return;
    }
    if (rule !== '') append(lines, branch(rule + share(node), depth, style));
    const name = clean(node.featureName ?? `feature ${node.featureId ?? '?'}`);
    const threshold = node.threshold === undefined ? '?' : plain(node.threshold, 6);
    const inner = rule === '' ? depth : depth + 1;
    visit(node.left, `${name} <= ${threshold}`, inner);
    visit(node.right, `${name} > ${threshold}`, inner);
  };
  visit(record.tree, '', 0);
  return lines;
}

/** The indentation stops when it would leave less than half of the width; then the depth is written instead. */
function branch(text: string, depth: number, style: Style, leaf = ''): string[] {
  const deepest = Math.max(0, Math.floor(style.width / 2 / STEP) - 1);
  const indent = ' '.repeat(STEP * Math.min(depth, deepest));
  const where = depth > deepest ? `[depth ${depth}] ` : '';
  const whole = `${where}${text}${leaf === '' ? '' : `  ---> ${leaf}`}`;
  const lines = wrap(whole, style.width - indent.length - 2);
  return lines.map((line, index) => {
    const painted =
      lines.length === 1 && leaf !== ''
        ? line.slice(0, line.length - leaf.length) + style.paint('strong', leaf)
        : line;
    return `${indent}${index === 0 ? '' : '  '}${painted}`;
  });
}

function share({ samples, sampleRatio }: TreeNode): string {
  if (sampleRatio !== undefined) return `  (${(100 * sampleRatio).toFixed(1)}%)`;
  return samples === undefined ? '' : `  (${samples} samples)`;
}

/** The likeliest class with the shares of all, or the number of a regression leaf. */
function verdict(node: TreeNode, record: DecisionTreeExplanation): string {
  const value = node.valueRatio ?? node.value ?? [];
  const numbers = `[${value.map((number) => plain(number, 3)).join(', ')}]`;
  if (!record.isClassification || value.length === 0) {
    return value.length === 1 ? plain(value[0], 6) : numbers;
  }
  const best = value.indexOf(greatest(value));
  const name = record.classNames?.[best];
  return name === undefined ? numbers : `${clean(name)} ${numbers}`;
}
