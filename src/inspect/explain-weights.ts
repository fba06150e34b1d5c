import {
  featureImportances,
  featureWeights,
  type FeatureWeightsOptions,
} from '../builders/feature-weights.js';
import { decisionTree } from '../builders/tree.js';
import { WhylensError } from '../errors.js';
import type {
  DecisionTreeExplanation,
  FeatureImportancesExplanation,
  FeatureWeight,
  FeatureWeightsExplanation,
  FeatureWeightsTarget,
} from '../explanation.js';
import { parseTarget, type TargetOption } from '../model/parse-targets.js';
import type { LinearPart, TabularModel, TreeEnsemble } from '../model/tabular/interface.js';
import { featureFilterOf } from './filter.js';
import { hashedNames, namesIn, type HashedNames } from './hashed-names.js';
import { importancesOf, type ImportanceKind } from './importances.js';
import { requireTabular } from './model.js';

/** Options of `explainWeights`. */
export interface ExplainWeightsOptions {
  /** Classes or outputs by index or name. Default: all; of two classes with one margin the second. */
  readonly targets?: TargetOption | readonly TargetOption[];
  /** How many features are kept: a number, `[for, against]`, or null for all. Default 20. */
  readonly top?: number | readonly [pos: number, neg: number] | null;
  readonly featureRe?: RegExp | string;
  readonly featureFilter?: (name: string) => boolean;
  /** What the importances of trees measure. Default `'gain'`; scikit-learn's trees have their impurity. */
  readonly importance?: ImportanceKind;
  /**
   * Texts in which the words of a hashing vectorizer occur: its columns are
   * named after them, the most frequent first (`garlic | (-)silent`; the
   * weight counts for the first, and the other way round for those with a
   * minus). Default: none, and such columns are called `x[12]`.
   */
  readonly documents?: readonly string[];
}

/** The records that `explainWeights` gives. */
export type WeightsExplanation =
  FeatureWeightsExplanation | FeatureImportancesExplanation | DecisionTreeExplanation;

const TOP = 20;

/**
 * A model as a whole: the coefficients of a linear one by class (with their standard errors if the
 * file has them), the importances of trees with
 * their spread, and a single decision tree itself.
 *
 * Coefficients depend on the units of the features, and importances say nothing about the
 * direction. For any other model take `permutationImportance`.
 *
 * @throws WhylensError `UNSUPPORTED_MODEL` for a model with neither coefficients nor trees
 * @example
 * process.stdout.write(formatAsText(await explainWeights(await loadModel('churn.json'), { top: 10 })));
 */
export function explainWeights(
  model: unknown,
  options: ExplainWeightsOptions = {},
): Promise<WeightsExplanation> {
  // a promise, since models may need to be asked in the future
  return Promise.resolve().then(() => {
    const tabular = requireTabular(model, 'explainWeights');
    if (tabular.linear !== undefined) return linearWeights(tabular, tabular.linear, options);
    if (tabular.trees !== undefined) return treeWeights(tabular, tabular.trees, options);
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `'${tabular.name}' (${tabular.source}) shows neither coefficients nor trees; permutationImportance works for any model of rows`,
    );
  });
}

function namesOf(model: TabularModel, count: number): string[] {
  if (model.documents === 'texts') {
    return Array.from(
      { length: count },
      (_, column) => model.vectorizer?.name(column) ?? `x${column}`,
    );
  }
  return [...(model.stage?.names ?? model.features.map(({ name }) => name))];
}

function linearWeights(
  model: TabularModel,
  linear: LinearPart,
  options: ExplainWeightsOptions,
): FeatureWeightsExplanation {
  const { features, outputs, coefficients, intercept, hasIntercept, standardErrors } = linear;
  const hashed = hashedOf(model, options);
  const names = namesOf(model, features).map((name, j) => hashed?.names.get(j) ?? name);
  const classes = model.task === 'classification';
  const labels = classes ? model.classNames : model.outputNames;
  const binary = classes && outputs === 1;
  const wanted =
    targetsOf(options.targets, binary ? 2 : outputs, labels) ??
    (binary ? [1] : Array.from({ length: outputs }, (_, k) => k));
  const targets = wanted.map((index): FeatureWeightsTarget => {
    // one margin: class 0 is its mirror image
    const sign = binary && index === 0 ? -1 : 1;
    const k = binary ? 0 : index;
    const entries: FeatureWeight[] = names.map((feature, j) => ({
      feature,
      weight: sign * (hashed?.signs.get(j) ?? 1) * coefficients[k * features + j],
      ...(standardErrors !== undefined && { std: standardErrors[k * features + j] }),
    }));
    if (hasIntercept || intercept[k] !== 0)
      entries.push({ feature: '<BIAS>', weight: sign * intercept[k] });
    return {
      target: index,
      definition: classes ? { kind: 'class', index } : { kind: 'regression', index, sign: 1 },
      ...(labels?.[index] !== undefined && { label: labels[index] }),
      featureWeights: featureWeights(entries, choiceOf(options, hashed)),
    };
  });
  return {
    ...baseOf(
      model,
      'linear',
      `Coefficients of the linear model: what one unit of the feature adds to the ${classes ? 'margin' : 'value'}. <BIAS> is the intercept. They depend on the units of the features, and features that go together share one effect.${hashed === undefined ? '' : ' Names were found by their hashes: words of one column stand side by side, and those with (-) count the other way round.'}`,
    ),
    kind: 'feature-weights',
    parameters: { score: 'logit' },
    targets,
  };
}

function treeWeights(
  model: TabularModel,
  trees: TreeEnsemble,
  options: ExplainWeightsOptions,
): FeatureImportancesExplanation | DecisionTreeExplanation {
  const names = namesOf(model, trees.features);
  const { kind, values, spread } = importancesOf(trees, options.importance);
  const entries = names.map((feature, j) => ({
    feature,
    weight: values[j],
    ...(spread !== undefined && { std: spread[j] }),
  }));
  const { top = TOP } = options;
  const filter = featureFilterOf(options);
  const kept = featureImportances(entries, {
    ...(typeof top === 'number' && { top }),
    ...(filter !== undefined && { filter }),
  });
  const words = {
    impurity: 'how much the splits on the feature lower the impurity',
    gain: 'the gain of the splits on the feature',
    weight: 'how many splits are on the feature',
    cover: 'how many training samples the splits on the feature see',
  }[kind];
  const base = baseOf(
    model,
    'feature importances',
    `Importances of the features: ${words}, as shares of the whole. They say nothing about the direction, and favour features with many values.`,
  );
  const single =
    trees.trees.length === 1 && trees.trees[0].categories === undefined
      ? trees.trees[0]
      : undefined;
  if (single === undefined || model.documents === 'texts') {
    return { ...base, kind: 'feature-importances', parameters: { importance: kind }, ...kept };
  }
  const classes = model.task === 'classification';
  const width = single.outputs.length;
  return {
    ...base,
    kind: 'decision-tree',
    method: 'decision tree',
    parameters: { importance: kind },
    criterion: 'impurity',
    isClassification: classes,
    ...(model.classNames !== undefined && { classNames: model.classNames }),
    importances: kept.importances,
    tree: decisionTree(
      {
        childrenLeft: single.left,
        childrenRight: single.right,
        feature: single.feature,
        threshold: single.threshold,
        value: Array.from({ length: single.left.length }, (_, node) =>
          Array.from(
            single.values.slice(node * width, (node + 1) * width),
            (v) => v * single.scale,
          ),
        ),
        ...(single.impurity !== undefined && { impurity: single.impurity }),
        ...((single.samples ?? single.cover) !== undefined && {
          samples: (single.samples ?? single.cover)!,
        }),
      },
      { featureNames: names, isClassification: classes && width > 1 },
    ),
  };
}

function hashedOf(
  model: TabularModel,
  { documents }: ExplainWeightsOptions,
): HashedNames | undefined {
  if (documents === undefined) return undefined;
  if (model.documents !== 'texts' || model.vectorizer?.hashed !== true) {
    throw new WhylensError(
      'INVALID_OPTION',
      `'documents' give names to the columns of a hashing vectorizer, and '${model.name}' (${model.source}) has none: leave the option out`,
    );
  }
  if (!Array.isArray(documents) || documents.some((text) => typeof text !== 'string')) {
    throw new WhylensError('INVALID_OPTION', `'documents' must be a list of texts`);
  }
  return hashedNames(model, documents);
}

function choiceOf(
  options: ExplainWeightsOptions,
  hashed: HashedNames | undefined,
): FeatureWeightsOptions {
  const { top = TOP } = options;
  const own = featureFilterOf(options);
  // of several words in one column any may be meant
  const filter =
    own === undefined || hashed === undefined
      ? own
      : (name: string, value: FeatureWeight['value']) =>
          namesIn(name).some((one) => own(one, value));
  return { ...(top !== null && { top }), ...(filter !== undefined && { filter }) };
}

function targetsOf(
  given: ExplainWeightsOptions['targets'],
  count: number,
  labels: readonly string[] | undefined,
): number[] | undefined {
  if (given === undefined || given === 'all') return undefined;
  return (Array.isArray(given) ? (given as readonly TargetOption[]) : [given as TargetOption]).map(
    (one) => {
      const target = parseTarget(one, labels);
      if ((target.kind === 'class' || target.kind === 'regression') && target.index < count)
        return target.index;
      throw new WhylensError(
        'INVALID_TARGET',
        `targets of explainWeights must be classes or outputs from 0 to ${count - 1}, got ${JSON.stringify(one)}`,
      );
    },
  );
}

function baseOf(model: TabularModel, method: string, description: string) {
  return {
    estimator: model.name,
    method,
    description,
    isRegression: model.task === 'regression',
    warnings: [] as string[],
  };
}
