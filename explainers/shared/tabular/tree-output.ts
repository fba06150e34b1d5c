/** Shapley values of the output of a tree ensemble, if that is not a sum over trees. */
import type { ExplainContext } from '../../../src/container/plugin.js';
import { shapleyPlan } from '../../../src/maths/shapley.js';
import type { Rows } from '../../../src/model/tabular/interface.js';
import { Progress, rowList, rowTask } from './model.js';
import { coalitionValues, varying, type Player } from './row-game.js';
import { scoreAt, scoresFor } from './targets.js';
import { treeShapInSteps, type TreeShapFound } from './tree-steps.js';
import { weightsOf, type TreeTask } from './trees.js';

/** Up to this many coalitions of a row are enumerated. */
const MOST_COALITIONS = 2048;

/**
 * The Shapley values of the output itself by enumeration, if few enough features differ from the
 * background and nothing comes before the trees; otherwise the margin's values, rescaled for each
 * background row by
 * (output(x) − output(b)) / (margin(x) − margin(b)), as SHAP does.
 */
export async function explainOutput(
  context: ExplainContext,
  task: TreeTask,
  table: Rows,
): Promise<TreeShapFound> {
  const { model, rows } = rowTask(context);
  const background = rowList(table);
  const others = { rows: background, weights: new Float64Array(table.count).fill(1 / table.count) };
  const players: Player[] = model.features.map(({ name }, j) => ({ name, columns: [j] }));
  const list = rowList(rows);
  const own = list.map((row) => varying(players, row, others));
  const few = own.every(({ length }) => 2 ** length <= MOST_COALITIONS);
  if (model.stage !== undefined || !few) return rescaled(context, task, table);
  const plans = own.map(({ length }) => shapleyPlan(length, MOST_COALITIONS, context.seed));
  const total = plans.reduce((sum, { count }) => sum + count * table.count, 0);
  const progress = new Progress(context, total);
  const found: { weights: Float64Array; baseValue: number }[][] = [];
  for (const [n, row] of list.entries()) {
    const values = await coalitionValues(
      context,
      model,
      row,
      own[n],
      others,
      plans[n],
      task.scores[n],
      progress,
    );
    found.push(
      values.map((perCoalition) => {
        const weights = new Float64Array(model.features.length);
        plans[n].solve(perCoalition).forEach((value, p) => {
          weights[own[n][p].columns[0]] = value;
        });
        return { weights, baseValue: perCoalition[0] };
      }),
    );
  }
  return { at: (n, t) => found[n][t], facts: { outputValues: 'exact' } };
}

async function rescaled(
  context: ExplainContext,
  task: TreeTask,
  table: Rows,
): Promise<TreeShapFound> {
  const { model, trees, rows, inner, prediction } = task;
  const size = { features: trees.features, outputs: trees.outputs };
  const others = inner(table);
  const { model: rowModel } = rowTask(context);
  const ofTable = await rowModel.predict(table, { signal: context.batch.signal });
  const margins = context.targets.map((targets, n) =>
    scoresFor(model, prediction, n, targets, 'logit', context.labels),
  );
  const found = task.scores.map((list) =>
    list.map(() => ({ weights: new Float64Array(size.features), baseValue: 0 })),
  );
  for (let b = 0; b < table.count; b++) {
    const { values } = await treeShapInSteps(context, trees, rows, {
      ...size,
      background: [others[b]],
    });
    found.forEach((list, n) =>
      list.forEach((sum, t) => {
        const before = scoreAt(task.scores[n][t], ofTable, b);
        const output = scoreAt(task.scores[n][t], prediction, n) - before;
        const margin = scoreAt(margins[n][t], prediction, n) - scoreAt(margins[n][t], ofTable, b);
        sum.baseValue += before / table.count;
        if (margin === 0) return;
        weightsOf(values, n, size, margins[n][t]).forEach((weight, j) => {
          sum.weights[j] += (weight * output) / margin / table.count;
        });
      }),
    );
  }
  return { at: (n, t) => found[n][t], facts: { outputValues: 'rescaled margins' } };
}
