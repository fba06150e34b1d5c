import { featureWeights, type FeatureWeightsOptions } from '../src/builders/feature-weights.js';
import { explainer, type Explained, type ExplainContext } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import type { FeatureWeight, JsonValue } from '../src/explanation.js';
import type {
  LinearPart,
  Rows,
  TabularModel,
  TabularPrediction,
  Vectorizer,
} from '../src/model/tabular/interface.js';
import type { OptionSpecs, OptionValues } from '../src/options.js';
import { backgroundRows, BACKGROUND_OPTION } from './shared/tabular/background.js';
import { rowAt, rowTask, textTask } from './shared/tabular/model.js';
import { BIAS, FEATURE_OPTIONS, featureChoice, refuseOptions } from './shared/tabular/options.js';
import {
  asRecords,
  shownValue,
  spansTarget,
  targetBase,
  type SampleRecord,
  type TextFeature,
} from './shared/tabular/records.js';
import { scoresFor, type ScoreOf } from './shared/tabular/targets.js';
import { textFeatures } from './shared/tabular/text-features.js';
import { append } from '../src/maths/extremes.js';

const options = { ...FEATURE_OPTIONS, ...BACKGROUND_OPTION } as const satisfies OptionSpecs;

/**
 * What each feature of a linear model adds to the margin: coefficient × value,
 * with the intercept as the feature `<BIAS>` (value 1). The weights sum to the
 * score. With `background` a feature adds coefficient × (value − mean), as in linear SHAP
 * (Lundberg and Lee 2017, independent features): the
 * weights then sum to the score minus `parameters.baseValue`.
 *
 * Exact, for linear and logistic regression, linear support vector machines
 * and the like, and for texts behind a vectorizer, where the words are
 * highlighted. For class 0 of a model with one margin for two classes all
 * weights change sign, as the score does.
 *
 * @example
 * await explainPrediction(await loadModel('model.sklearn.json'), { age: 41, calls: 7 }, { method: 'linear' });
 */
export const linear = explainer({
  id: 'linear',
  summary: 'coefficient × value of each feature',
  family: 'tabular',
  description:
    'Coefficient times value of each feature; with <BIAS>, the intercept, the weights sum to the score.',
  reference: 'ELI5',
  cost: '1 forward',
  needs: { coefficients: true },
  documents: ['features', 'text'],
  records: ['feature-weights', 'weighted-spans'],
  options: options,

  lacks({ linear, documents, ...model }: TabularModel): string | undefined {
    if (linear === undefined) return 'needs a model whose coefficients are known';
    return documents === 'texts' && !('vectorizer' in model)
      ? 'needs the vectorizer that makes texts into features'
      : undefined;
  },

  async explain(context) {
    const { tabular } = context;
    const linear = tabular!.linear!;
    if (context.score === 'output' && !sameAsMargin(tabular!)) {
      throw new WhylensError(
        'INVALID_OPTION',
        `method 'linear' explains the margin (score: 'logit'), which a linear model is a sum of; its output is not. Leave 'score' out, or take kernel-shap for the output`,
      );
    }
    return tabular!.documents === 'rows' ? ofRows(context, linear) : ofTexts(context, linear);
  },
});

function sameAsMargin({ link }: TabularModel): boolean {
  return (link.kind === 'identity' || link.kind === 'svm') && (link.scale ?? 1) === 1;
}

async function ofRows(
  context: ExplainContext<OptionValues<typeof options>>,
  linear: LinearPart,
): Promise<Explained> {
  const { model, rows } = rowTask(context);
  const prediction = await model.predict(rows, { signal: context.batch.signal });
  const inner = model.stage?.apply(rows) ?? rows;
  const names = model.stage?.names ?? model.features.map(({ name }) => name);
  const categories = model.stage === undefined ? model.features.map((f) => f.categories) : [];
  const background = await backgroundRows(context, model);
  const means =
    background === undefined
      ? undefined
      : columnMeans(model.stage?.apply(background) ?? background);
  const choice = featureChoice(context.options);
  const samples = Array.from({ length: rows.count }, (_, n): SampleRecord => {
    const row = rowAt(inner, n);
    const scores = scoresFor(model, prediction, n, context.targets[n], 'logit', context.labels);
    const bases: number[] = [];
    const targets = scores.map((of) => {
      const { coefficients, intercept } = combined(linear, of);
      const entries: FeatureWeight[] = names.map((feature, j) => ({
        feature,
        weight: coefficients[j] * (row[j] - (means?.[j] ?? 0)),
        value: shownValue(row[j], categories[j]),
      }));
      if (means === undefined) append(entries, biasOf(linear, intercept));
      else bases.push(coefficients.reduce((sum, c, j) => sum + c * means[j], intercept));
      return {
        ...targetBase(of, model, prediction, n),
        featureWeights: featureWeights(entries, choice),
      };
    });
    const count = background?.count;
    return {
      targets,
      parameters: {
        ...baseParameter(bases),
        ...(count !== undefined && { background: `${count} rows` }),
      },
    };
  });
  return asRecords(model, 'feature-weights', samples);
}

async function ofTexts(
  context: ExplainContext<OptionValues<typeof options>>,
  linear: LinearPart,
): Promise<Explained> {
  refuseOptions('text', options, context.options, ['background']);
  const { model, texts } = textTask(context);
  const { vectorizer } = model;
  const prediction: TabularPrediction = await model.predict(texts, {
    signal: context.batch.signal,
  });
  const vectors = vectorizer!.transform(texts);
  const choice: FeatureWeightsOptions = featureChoice(context.options);
  const samples = texts.map((text, n): SampleRecord => {
    const found = textFeatures(vectorizer!, vectors, n, text);
    const scores = scoresFor(model, prediction, n, context.targets[n], 'logit', context.labels);
    const targets = scores.map((of) => {
      const { coefficients, intercept } = combined(linear, of);
      const features: TextFeature[] = found.map(({ name, column, value, spans }) => ({
        feature: name,
        weight: coefficients[column] * value,
        value,
        spans,
      }));
      append(
        features,
        biasOf(linear, intercept).map((bias) => ({ ...bias, spans: [] })),
      );
      return spansTarget(targetBase(of, model, prediction, n), text, features, {
        choice,
        ...densityOf(vectorizer!),
        vectorizer: vectorizer!.source,
      });
    });
    return { targets, parameters: {} };
  });
  return asRecords(model, 'weighted-spans', samples);
}

/** n-grams of characters share their weight among their characters. */
function densityOf({ analyzer }: Vectorizer): { preserveDensity?: boolean } {
  return analyzer.startsWith('char') ? { preserveDensity: true } : {};
}

/** The target's own coefficients: a sum over margins. */
function combined(
  { coefficients, intercept, features }: LinearPart,
  { weights, offset }: ScoreOf,
): { coefficients: Float64Array; intercept: number } {
  const own = new Float64Array(features);
  let start = offset;
  weights.forEach((weight, k) => {
    if (weight === 0) return;
    start += weight * intercept[k];
    for (let j = 0; j < features; j++) own[j] += weight * coefficients[k * features + j];
  });
  return { coefficients: own, intercept: start };
}

function biasOf({ hasIntercept }: LinearPart, intercept: number): FeatureWeight[] {
  return hasIntercept || intercept !== 0 ? [{ feature: BIAS, weight: intercept, value: 1 }] : [];
}

function baseParameter(bases: readonly number[]): Record<string, JsonValue> {
  return bases.length === 0 ? {} : { baseValue: bases.length === 1 ? bases[0] : [...bases] };
}

function columnMeans({ count, columns, data }: Rows): Float64Array {
  const means = new Float64Array(columns);
  data.forEach((value, i) => (means[i % columns] += value / count));
  return means;
}
