import type { Formatter } from '../src/container/plugin.js';
import {
  EXPLANATION_KINDS,
  type Explanation,
  type FeatureWeight,
  type FeatureWeights,
  type Heatmap,
  type TargetBase,
  type TreeNode,
} from '../src/explanation.js';
import { WhylensError } from '../src/errors.js';
import { type GivenOptions, type OptionSpecs, validateOptions } from '../src/options.js';
import { checkExplanation } from './shared/check.js';

/** A cell; undefined if a row has no value there. */
export type Cell = string | number | boolean | undefined;

/** One row, by column name; all rows of a table have the same columns in the same order. */
export type Row = Readonly<Record<string, Cell>>;

const OPTIONS = {
  /**
   * Texts that begin with `=`, `+`, `-`, `@`, a tab or a line break get an
   * apostrophe before them, since spreadsheets would run them as formulas.
   * Numbers are left alone. Turn it off for other programs. Default true.
   */
  guard: {
    type: 'boolean',
    default: true,
    help: 'put an apostrophe before texts that a spreadsheet would run as a formula',
  },
} as const satisfies OptionSpecs;

/** Options of `formatAsCsv`. */
export type CsvOptions = GivenOptions<typeof OPTIONS>;

const AXES: Readonly<Record<number, readonly string[]>> = {
  1: ['position'],
  2: ['row', 'column'],
  3: ['slice', 'row', 'column'],
};

/**
 * The numbers of an explanation as rows, the way ELI5 gives a data frame: one
 * row a feature, cell, span, tree node or transition, and the target it
 * belongs to. Features below the cut are not in the record and so not here.
 *
 * | kind | a row is |
 * |---|---|
 * | image, signal, volume | a cell of a target's raw map, counted from 0 |
 * | concepts | a cell of a concept's map |
 * | feature-weights | a feature of a target |
 * | weighted-spans | a place of a feature in a document, then the features that lie in none |
 * | feature-importances | a feature |
 * | decision-tree | a node, parents first |
 * | transition-features | a pair of classes |
 *
 * Several explanations, such as those of the rows of a table, come one below the other; the
 * column `explanation` counts them from 0.
 *
 * @throws WhylensError `INVALID_EXPLANATION` for a damaged record or an empty list
 * @example
 * console.table(formatAsTable(expl));
 */
export function formatAsTable(expl: Explanation | readonly Explanation[]): Row[] {
  if (!Array.isArray(expl)) {
    checkExplanation(expl as Explanation);
    return uniform(rowsOf(expl as Explanation));
  }
  const list: readonly Explanation[] = expl;
  if (list.length === 0) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      'a table needs at least one explanation, got none',
    );
  }
  list.forEach(checkExplanation);
  return uniform(
    list.flatMap((one, explanation) => rowsOf(one).map((row) => ({ explanation, ...row }))),
  );
}

/**
 * The same rows as CSV (RFC 4180): a head line, commas, lines ended by CRLF,
 * quotes where needed, safe to open in a spreadsheet unless `guard` is off.
 *
 * @example
 * const records = await Array.fromAsync(explainPredictions(model, rows, { top: null }));
 * await writeFile('all.csv', formatAsCsv(records));
 * await writeFile('weights.csv', formatAsCsv(expl));
 */
export function formatAsCsv(
  expl: Explanation | readonly Explanation[],
  options: CsvOptions = {},
): string {
  const { guard } = validateOptions('table', OPTIONS, { ...options });
  const rows = formatAsTable(expl);
  const names = Object.keys(rows[0] ?? { target: undefined });
  return [names, ...rows.map((row) => names.map((name) => row[name]))]
    .map((cells) => `${cells.map((cell) => csvCell(cell, guard === true)).join(',')}\r\n`)
    .join('');
}

export class TableFormatter implements Formatter<string> {
  readonly id = 'table';
  readonly description = 'The numbers as CSV rows: features, cells, spans, nodes.';
  readonly kinds = EXPLANATION_KINDS;
  readonly extensions = ['csv'];
  readonly options: OptionSpecs = OPTIONS;

  format(explanation: Explanation, options: Readonly<Record<string, unknown>> = {}): string {
    return formatAsCsv(explanation, options);
  }
}

function rowsOf(expl: Explanation): Row[] {
  switch (expl.kind) {
    case 'image':
    case 'signal':
    case 'volume':
      return expl.targets.flatMap((target) =>
        cells(target.heatmap).map((cell) => ({ ...named(target), ...cell })),
      );
    case 'concepts':
      return expl.concepts.flatMap(({ name, heatmap }) =>
        cells(heatmap).map((cell) => ({ concept: name, ...cell })),
      );
    case 'feature-weights':
      return expl.targets.flatMap((target) => weightRows(target, target.featureWeights));
    case 'weighted-spans':
      return expl.targets.flatMap((target) => [
        ...target.weightedSpans.documents.flatMap(({ document, spans }, index) =>
          spans.flatMap(({ feature, spans: places, weight }) =>
            places.map(([start, end]) => ({
              ...named(target),
              feature,
              weight,
              document: index,
              start,
              end,
              text: document.slice(start, end),
            })),
          ),
        ),
        ...(target.weightedSpans.other === undefined
          ? []
          : weightRows(target, target.weightedSpans.other)),
      ]);
    case 'feature-importances':
      return expl.importances.map(weightRow);
    case 'decision-tree':
      return nodeRows(expl.tree, expl.classNames ?? []);
    case 'transition-features':
      return expl.classNames.flatMap((from, i) =>
        expl.classNames.map((to, j) => ({ from, to, coefficient: expl.coefficients[i][j] })),
      );
  }
}

function named({ target, label }: TargetBase): Row {
  return { target, label };
}

function cells({ shape, data }: Heatmap): Row[] {
  const axes = AXES[shape.length] ?? shape.map((_, axis) => `axis ${axis}`);
  return Array.from(data, (value, flat) => {
    const index: Record<string, number> = {};
    let rest = flat;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axes[axis]] = rest % shape[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    return { ...Object.fromEntries(axes.map((name) => [name, index[name]])), value };
  });
}

/** Largest first, most negative last. */
function weightRows(target: TargetBase, { pos, neg }: FeatureWeights): Row[] {
  return [...pos, ...[...neg].reverse()].map((entry) => ({
    ...named(target),
    ...weightRow(entry),
  }));
}

function weightRow({ feature, weight, std, value }: FeatureWeight): Row {
  return { feature, weight, std, value };
}

function nodeRows(root: TreeNode, classNames: readonly string[]): Row[] {
  const rows: Row[] = [];
  const visit = (node: TreeNode, parent: number | undefined, branch: string | undefined): void => {
    const values = (node.value ?? []).map((value, i) => [`value ${classNames[i] ?? i}`, value]);
    rows.push({
      id: node.id,
      parent,
      branch,
      isLeaf: node.isLeaf,
      feature: node.featureName ?? node.featureId,
      threshold: node.threshold,
      samples: node.samples,
      sampleRatio: node.sampleRatio,
      impurity: node.impurity,
      ...Object.fromEntries(values),
    });
    if (node.left !== undefined) visit(node.left, node.id, '<=');
    if (node.right !== undefined) visit(node.right, node.id, '>');
  };
  visit(root, undefined, undefined);
  return rows;
}

/** Every row with every column that any row fills, in the order they first appear. */
function uniform(rows: readonly Row[]): Row[] {
  const names = new Map<string, boolean>();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      names.set(name, names.get(name) === true || value !== undefined);
    }
  }
  const kept = [...names].filter(([, filled]) => filled).map(([name]) => name);
  return rows.map((row) => Object.fromEntries(kept.map((name) => [name, row[name]])));
}

function csvCell(cell: Cell, guard: boolean): string {
  if (cell === undefined) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = guard && /^[=+\-@\t\r\n]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}
