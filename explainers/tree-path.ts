import { featureWeights } from '../src/builders/feature-weights.js';
import { explainer } from '../src/container/plugin.js';
import type { FeatureWeight } from '../src/explanation.js';
import { pathContributions } from '../src/maths/trees/path.js';
import type { TabularModel } from '../src/model/tabular/interface.js';
import type { OptionSpecs } from '../src/options.js';
import { requireTrees, treeTask, weightsOf } from './shared/tabular/trees.js';
import { BIAS, FEATURE_OPTIONS, featureChoice } from './shared/tabular/options.js';
import { asRecords, targetBase } from './shared/tabular/records.js';

const options = { ...FEATURE_OPTIONS } as const satisfies OptionSpecs;

/**
 * Contributions along the decision path (Saabas 2014; Palczewska et al. 2013):
 * at each split on a row's way through a tree, the change of the node's value goes to the feature
 * that is tested there. `<BIAS>` holds what all rows start
 * from: the trees' root values and the base score. The weights sum to the
 * score. The value of an inner node is the mean of its leaves by the training
 * samples (XGBoost: the hessian) that came through.
 *
 * Fast, and easy to follow; but what a feature gets depends on how high in the
 * tree it stands. Prefer `tree-shap`, which does not have that fault.
 */
export const treePath = explainer({
  id: 'tree-path',
  summary: 'changes of value along the path through the trees',
  family: 'tabular',
  description:
    "How the trees' value changes at the splits on each feature along the way to the leaf; with <BIAS>, the start, the weights sum to the score.",
  reference: 'Saabas 2014',
  cost: '1 forward',
  needs: { trees: true },
  documents: ['features', 'text'],
  records: ['feature-weights'],
  options: options,

  lacks(model: TabularModel): string | undefined {
    return (
      requireTrees(model) ??
      (model.trees!.hasCover
        ? undefined
        : 'needs trees that tell how many training samples came through each node')
    );
  },

  async explain(context) {
    const { model, trees, rows, names, values, prediction, scores } = await treeTask(context);
    const size = { features: trees.features, outputs: trees.outputs };
    const { contributions, bias } = pathContributions(trees.trees, trees.decide, rows, size);
    const choice = featureChoice(context.options);
    const samples = rows.map((_, n) => ({
      targets: scores[n].map((of) => {
        const start = of.weights.reduce(
          (sum, weight, k) => sum + weight * (bias[k] + trees.base[k]),
          of.offset,
        );
        const entries: FeatureWeight[] = Array.from(
          weightsOf(contributions, n, size, of),
          (weight, j) => ({
            feature: names[j],
            weight,
            value: values(n, j),
          }),
        );
        entries.push({ feature: BIAS, weight: start, value: 1 });
        return {
          ...targetBase(of, model, prediction, n),
          featureWeights: featureWeights(entries, choice),
        };
      }),
      parameters: {},
    }));
    return asRecords(model, 'feature-weights', samples);
  },
});
