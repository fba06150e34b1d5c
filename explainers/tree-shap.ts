import { featureWeights } from '../src/builders/feature-weights.js';
import { explainer, type ExplainContext } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import type { JsonValue } from '../src/explanation.js';
import type { Rows, TabularModel } from '../src/model/tabular/interface.js';
import type { OptionSpecs, OptionValues } from '../src/options.js';
import { BACKGROUND_OPTION, backgroundRows } from './shared/tabular/background.js';
import { treeShapInSteps, type TreeShapFound } from './shared/tabular/tree-steps.js';
import { explainOutput } from './shared/tabular/tree-output.js';
import { rowTask } from './shared/tabular/model.js';
import { FEATURE_OPTIONS, featureChoice, refuseOptions } from './shared/tabular/options.js';
import { asRecords, targetBase, type SampleRecord } from './shared/tabular/records.js';
import {
  requireTrees,
  sameAsMargin,
  treeTaskOf,
  weightsOf,
  type TreeTask,
} from './shared/tabular/trees.js';

const options = {
  mode: {
    type: 'choice',
    choices: ['path-dependent', 'interventional'],
    default: undefined,
    help: "how unknown values are filled in: by the training samples' shares at each split, or from the background (default: interventional if a background is given)",
  },
  ...BACKGROUND_OPTION,
  interactions: {
    type: 'boolean',
    default: false,
    help: 'pairs of features too, in parameters.interactions',
  },
  ...FEATURE_OPTIONS,
} as const satisfies OptionSpecs;

/**
 * Tree SHAP (Lundberg et al. 2018, arXiv 1802.03888; 2020, arXiv 1905.04610):
 * the Shapley values of a tree ensemble, exact. The weights sum to the score
 * minus `parameters.baseValue`.
 *
 * `mode: 'path-dependent'` averages splits on unknown features by the training samples (XGBoost:
 * the hessian) on each side and needs nothing but the model; `'interventional'` puts in the values
 * of `background` rows
 * (Janzing et al. 2019, arXiv 1910.13413), and is the only way for models
 * without covers (ONNX) and for `score: 'output'`.
 *
 * With `score: 'output'` and up to eleven features that differ from the
 * background these are the Shapley values of the output itself; with more
 * features, the margin's values rescaled for each background row as SHAP does.
 * `parameters.outputValues` says which.
 *
 * @example
 * await explainPrediction(model, row, { method: 'tree-shap', background: trainingRows });
 */
export const treeShap = explainer({
  id: 'tree-shap',
  summary: 'exact Shapley values of trees',
  family: 'tabular',
  description:
    "Each feature's fair share (Shapley value) of the difference between the score and the base value; negative features lower the score.",
  reference: 'Lundberg 2018',
  cost: '1 forward; trees × leaves × depth²',
  needs: { trees: true },
  seeded: true,
  documents: ['features', 'text'],
  records: ['feature-weights'],
  options,

  lacks(model: TabularModel): string | undefined {
    return requireTrees(model);
  },

  async explain(context) {
    const model = context.tabular!;
    const trees = model.trees!;
    if (model.documents === 'texts') {
      refuseOptions('text', options, context.options, ['background']);
    }
    const given = context.options.background !== undefined;
    const { mode = given ? 'interventional' : 'path-dependent' } = context.options;
    requireMode(mode, given, model, context);
    const table =
      mode === 'interventional' ? await backgroundRows(context, rowTask(context).model) : undefined;
    const output = context.score === 'output' && !sameAsMargin(model);
    const task = await treeTaskOf(context, model, trees, output ? 'output' : 'logit');
    const found = output
      ? await explainOutput(context, task, table!)
      : await explainMargin(context, task, table);
    const choice = featureChoice(context.options);
    const samples = task.rows.map((_, n): SampleRecord => {
      const own = task.scores[n].map((of, t) => ({ of, ...found.at(n, t) }));
      return {
        targets: own.map(({ of, weights }) => ({
          ...targetBase(of, model, task.prediction, n),
          featureWeights: featureWeights(
            Array.from(weights, (weight, j) => ({
              feature: task.names[j],
              weight,
              value: task.values(n, j),
            })),
            choice,
          ),
        })),
        parameters: {
          mode,
          baseValue: one(own.map(({ baseValue }) => baseValue)),
          ...(table !== undefined && { background: `${table.count} rows` }),
          ...(found.facts ?? {}),
          ...(own[0].pairs !== undefined && { interactions: one(own.map(({ pairs }) => pairs!)) }),
        },
      };
    });
    return asRecords(model, 'feature-weights', samples);
  },
});

function one(list: readonly JsonValue[]): JsonValue {
  return list.length === 1 ? list[0] : list;
}

function requireMode(
  mode: string,
  hasBackground: boolean,
  model: TabularModel,
  { score, options: { interactions } }: ExplainContext,
): void {
  const problem =
    mode === 'interventional' && !hasBackground
      ? "mode 'interventional' needs rows that stand for unknown values; give option 'background'"
      : mode === 'path-dependent' && hasBackground
        ? "mode 'path-dependent' does not look at a background; leave 'background' out, or take mode 'interventional'"
        : mode === 'path-dependent' && !model.trees!.hasCover
          ? `the trees of '${model.name}' do not tell how many training samples are on each side (${model.source}), so unknown values can only be filled in from a background; give option 'background'`
          : score === 'output' && !sameAsMargin(model) && mode === 'path-dependent'
            ? "the output is explained with a background only: averages along the trees are of margins; give option 'background', or leave 'score' out"
            : score === 'output' && !sameAsMargin(model) && interactions === true
              ? "interactions are those of the margin; leave 'score' out"
              : undefined;
  if (problem !== undefined) throw new WhylensError('INVALID_OPTION', problem);
}

/** Shapley values of the margin: sums over the trees. */
async function explainMargin(
  context: ExplainContext<OptionValues<typeof options>>,
  { trees, rows, inner, scores, names }: TreeTask,
  table: Rows | undefined,
): Promise<TreeShapFound> {
  const size = { features: trees.features, outputs: trees.outputs };
  const { interactions } = context.options;
  const background = table === undefined ? undefined : inner(table);
  const values = await treeShapInSteps(context, trees, rows, { ...size, background, interactions });
  return {
    at: (n, t) => {
      const of = scores[n][t];
      const baseValue = of.weights.reduce(
        (sum, weight, k) => sum + weight * (values.expected[k] + trees.base[k]),
        of.offset,
      );
      return {
        weights: weightsOf(values.values, n, size, of),
        baseValue,
        ...(values.interactions !== undefined && {
          pairs: pairsOf(values.interactions, n, names, size, of.weights),
        }),
      };
    },
  };
}

/** `{ features, values }`, the values one row a feature. */
function pairsOf(
  interactions: Float64Array,
  n: number,
  names: readonly string[],
  { features, outputs }: { readonly features: number; readonly outputs: number },
  weights: Float64Array,
): JsonValue {
  const value = (i: number, j: number) =>
    weights.reduce(
      (sum, weight, k) =>
        weight === 0
          ? sum
          : sum + weight * interactions[((n * features + i) * features + j) * outputs + k],
      0,
    );
  return {
    features: [...names],
    values: names.map((_, i) => names.map((__, j) => value(i, j))),
  };
}
