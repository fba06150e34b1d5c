/** Games whose players are features of a row: those left out have the values of background rows. */
import type { ExplainContext } from '../../../src/container/plugin.js';
import type { ShapleyPlan } from '../../../src/maths/shapley.js';
import type { RowModel } from '../../../src/model/tabular/interface.js';
import { scoreRows, type Progress } from './model.js';
import type { ScoreOf } from './targets.js';

/** Rows that stand for unknown values, and how much each counts. */
export interface WeightedRows {
  readonly rows: readonly Float64Array[];
  /** Sum to 1. */
  readonly weights: Float64Array;
}

/** Columns that come and go together. */
export interface Player {
  readonly name: string;
  readonly columns: readonly number[];
}

/** Players in which at least one background row differs from the row; the others cannot matter. */
export function varying(
  players: readonly Player[],
  row: Float64Array,
  { rows }: WeightedRows,
): Player[] {
  return players.filter(({ columns }) =>
    columns.some((j) => rows.some((other) => !Object.is(other[j] + 0, row[j] + 0))),
  );
}

/**
 * The value of every coalition of a plan: `values[target][coalition]`, the mean
 * of the score over the background rows, with the row's own values for the
 * players shown.
 */
export async function coalitionValues(
  context: ExplainContext,
  model: RowModel,
  row: Float64Array,
  players: readonly Player[],
  { rows, weights }: WeightedRows,
  { shown, count }: ShapleyPlan,
  targets: readonly ScoreOf[],
  progress: Progress,
): Promise<Float64Array[]> {
  const columns = row.length;
  const others = rows.length;
  const values = targets.map(() => new Float64Array(count));
  const write = (first: number, some: number, into: Float64Array) => {
    for (let i = 0; i < some; i++) {
      const coalition = Math.floor((first + i) / others);
      into.set(rows[(first + i) % others], i * columns);
      for (let p = 0; p < players.length; p++) {
        if (shown[coalition * players.length + p] === 0) continue;
        for (const j of players[p].columns) into[i * columns + j] = row[j];
      }
    }
  };
  const scores = await scoreRows(context, model, count * others, write, targets, progress);
  scores.forEach((list, t) => {
    for (let i = 0; i < list.length; i++) {
      values[t][Math.floor(i / others)] += weights[i % others] * list[i];
    }
  });
  return values;
}
