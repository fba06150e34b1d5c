/** What methods for tree ensembles share: the rows that the trees see, and whether margins are explained. */
import type { ExplainContext } from '../../../src/container/plugin.js';
import { WhylensError } from '../../../src/errors.js';
import type {
  Rows,
  TabularModel,
  SparseRows,
  TabularPrediction,
  TreeEnsemble,
} from '../../../src/model/tabular/interface.js';
import { rowAt, rowList, rowTask, textTask } from './model.js';
import { shownValue } from './records.js';
import { scoresFor, type ScoreOf } from './targets.js';

/** Why a model cannot be explained by its trees, if so. */
export function requireTrees(model: TabularModel): string | undefined {
  if (model.trees === undefined) return 'needs a model whose trees are known';
  return model.documents === 'texts' && model.vectorizer === undefined
    ? 'needs the vectorizer that makes texts into features'
    : undefined;
}

export interface TreeTask {
  readonly model: TabularModel;
  readonly trees: TreeEnsemble;
  /** As the trees see them: after the stage or the vectorizer. */
  readonly rows: readonly Float64Array[];
  /** Brings other rows of the table to the same form. */
  readonly inner: (rows: Rows) => readonly Float64Array[];
  readonly names: readonly string[];
  /** The value that is shown beside feature `j` of sample `n`. */
  readonly values: (n: number, j: number) => number | string;
  readonly prediction: TabularPrediction;
  /** `scores[sample][target]`, of the margins. */
  readonly scores: readonly (readonly ScoreOf[])[];
}

/** True where the output is the margin: a regression, or a forest whose trees vote. */
export function sameAsMargin({ link }: TabularModel): boolean {
  return (link.kind === 'identity' || link.kind === 'svm') && (link.scale ?? 1) === 1;
}

export async function treeTask(context: ExplainContext): Promise<TreeTask> {
  const model = context.tabular!;
  const trees = model.trees!;
  if (context.score === 'output' && !sameAsMargin(model)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `here the margin is explained (score: 'logit'), which the trees add up to, and not the output of '${model.name}'. Leave 'score' out; tree-shap with a background and kernel-shap explain the output too`,
    );
  }
  return treeTaskOf(context, model, trees, 'logit');
}

export async function treeTaskOf(
  context: ExplainContext,
  model: TabularModel,
  trees: TreeEnsemble,
  score: 'logit' | 'output',
): Promise<TreeTask> {
  const call = { signal: context.batch.signal };
  const scoresOf = (prediction: TabularPrediction) =>
    context.targets.map((targets, n) =>
      scoresFor(model, prediction, n, targets, score, context.labels),
    );
  if (model.documents === 'texts') {
    const { texts } = textTask(context);
    const vectorizer = model.vectorizer!;
    const rows = denseRows(vectorizer.transform(texts));
    const prediction = await model.predict(texts, call);
    return {
      model,
      trees,
      rows,
      inner: () => {
        throw new WhylensError(
          'INVALID_OPTION',
          `a background is a table of rows, and '${model.name}' is a model of texts; leave 'background' out`,
        );
      },
      names: Array.from({ length: trees.features }, (_, column) => vectorizer.name(column)),
      values: (n, j) => rows[n][j],
      prediction,
      scores: scoresOf(prediction),
    };
  }
  const { rows: table } = rowTask(context);
  const { stage, features } = model;
  const inner = (rows: Rows) => rowList(stage?.apply(rows) ?? rows);
  const rows = inner(table);
  const prediction = await model.predict(table, call);
  return {
    model,
    trees,
    rows,
    inner,
    names: stage?.names ?? features.map(({ name }) => name),
    values: (n, j) =>
      stage === undefined
        ? shownValue(rowAt(table, n)[j], features[j].categories)
        : shownValue(rows[n][j]),
    prediction,
    scores: scoresOf(prediction),
  };
}

/** Weights of the features of sample `n` for one target, from `[rows, features, outputs]`. */
export function weightsOf(
  values: Float64Array,
  n: number,
  { features, outputs }: { readonly features: number; readonly outputs: number },
  { weights }: ScoreOf,
): Float64Array {
  return Float64Array.from({ length: features }, (_, j) => {
    let sum = 0;
    for (let k = 0; k < outputs; k++) {
      if (weights[k] !== 0) sum += weights[k] * values[(n * features + j) * outputs + k];
    }
    return sum;
  });
}

function denseRows({ count, columns, offsets, indices, data }: SparseRows): Float64Array[] {
  return Array.from({ length: count }, (_, n) => {
    const row = new Float64Array(columns);
    for (let e = offsets[n]; e < offsets[n + 1]; e++) row[indices[e]] += data[e];
    return row;
  });
}
