/** Records of weights and spans for the samples of one call. */
import {
  featureWeights,
  type FeatureWeightsOptions,
} from '../../../src/builders/feature-weights.js';
import { mergeSpans } from '../../../src/builders/spans.js';
import type { Explained } from '../../../src/container/plugin.js';
import type {
  ClassShare,
  FeatureWeight,
  FeatureWeightsTarget,
  JsonValue,
  TargetBase,
  WeightedSpan,
  WeightedSpansTarget,
} from '../../../src/explanation.js';
import type { TabularModel, TabularPrediction } from '../../../src/model/tabular/interface.js';
import { probaAt, probasAt, scoreAt, standingOf, type ScoreOf } from './targets.js';

/** The facts of a target that are not weights. */
export function targetBase(
  of: ScoreOf,
  model: TabularModel,
  prediction: TabularPrediction,
  n: number,
): ExplainedTarget {
  const proba = probaAt(of, model, prediction, n);
  return {
    target: of.target,
    definition: of.definition,
    ...(of.label !== undefined && { label: of.label }),
    score: scoreAt(of, prediction, n),
    ...(proba !== undefined && { proba }),
    ...standingOf(of, model, prediction, n),
    classes: classesOf(of, model, prediction, n),
  };
}

/** A target with what belongs to the whole record, where `asRecords` puts it. */
type ExplainedTarget = TargetBase & { readonly classes: readonly ClassShare[] | undefined };

/** Classes that a record holds at most. */
const MOST_CLASSES = 20;

function classesOf(
  { names }: ScoreOf,
  model: TabularModel,
  prediction: TabularPrediction,
  n: number,
): readonly ClassShare[] | undefined {
  const probas = probasAt(model, prediction, n);
  if (probas === undefined) return undefined;
  return Array.from(probas, (proba, target) => ({
    target,
    ...(names?.[target] !== undefined && { label: names[target] }),
    proba,
  }))
    .sort((a, b) => b.proba - a.proba)
    .slice(0, MOST_CLASSES);
}

/** One sample's record of either kind. */
export interface SampleRecord {
  readonly targets: readonly FeatureWeightsTarget[] | readonly WeightedSpansTarget[];
  readonly parameters: Readonly<Record<string, JsonValue>>;
}

/** Records of all samples; the pipeline fills in what is the same for all. */
export function asRecords(
  model: TabularModel,
  kind: 'feature-weights' | 'weighted-spans',
  samples: readonly SampleRecord[],
): Explained {
  return {
    kind: 'records',
    explanations: samples.map(({ targets, parameters }) => {
      const base = {
        estimator: '',
        method: '',
        description: '',
        isRegression: model.task === 'regression',
        parameters,
        warnings: [],
      };
      const own = targets.map((target) => withoutClasses(target));
      const [{ classes } = { classes: undefined }] = own;
      const all = { ...base, ...(classes !== undefined && { classes }) };
      const plain = own.map(({ target }) => target);
      return kind === 'feature-weights'
        ? { ...all, kind, targets: plain as readonly FeatureWeightsTarget[] }
        : { ...all, kind, targets: plain as readonly WeightedSpansTarget[] };
    }),
  };
}

function withoutClasses(explained: FeatureWeightsTarget | WeightedSpansTarget) {
  const { classes, ...target } = explained as (FeatureWeightsTarget | WeightedSpansTarget) &
    Partial<ExplainedTarget>;
  return { classes, target };
}

/** A feature of a text: its weight, and where it stands. */
export interface TextFeature extends FeatureWeight {
  readonly spans: readonly (readonly [start: number, end: number])[];
}

export interface SpansOptions {
  readonly choice: FeatureWeightsOptions;
  readonly preserveDensity?: boolean;
  readonly vectorizer?: string;
}

/**
 * Weights over a text: features with places become spans, the others go to
 * `other`; `featureWeights` has them all. `top` cuts both alike.
 */
export function spansTarget(
  base: TargetBase,
  document: string,
  features: readonly TextFeature[],
  { choice, preserveDensity, vectorizer }: SpansOptions,
): WeightedSpansTarget {
  const weights = featureWeights(features.map(withoutSpans), choice);
  const kept = new Set([...weights.pos, ...weights.neg].map(({ feature }) => feature));
  const spans: WeightedSpan[] = features
    .filter(
      ({ feature, weight, spans: places }) =>
        places.length > 0 && weight !== 0 && kept.has(feature),
    )
    .map(({ feature, weight, spans: places }) => ({ feature, weight, spans: places }))
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  const { filter } = choice;
  const other = featureWeights(
    features.filter(({ spans: places }) => places.length === 0).map(withoutSpans),
    filter === undefined ? {} : { filter },
  );
  const hasOther = other.pos.length + other.neg.length > 0;
  return {
    ...base,
    weightedSpans: {
      documents: [
        {
          document,
          spans: mergeSpans(spans, document.length),
          ...(preserveDensity !== undefined && { preserveDensity }),
          ...(vectorizer !== undefined && { vectorizer }),
        },
      ],
      ...(hasOther && { other }),
    },
    featureWeights: weights,
  };
}

function withoutSpans({ feature, weight, std, value }: TextFeature): FeatureWeight {
  return {
    feature,
    weight,
    ...(std !== undefined && { std }),
    ...(value !== undefined && { value }),
  };
}

/** What a number in a row stands for: a category's name, `Missing`, or the number. */
export function shownValue(
  value: number,
  categories?: readonly (string | number)[],
): number | string {
  if (Number.isNaN(value)) return 'Missing';
  return categories?.[value] ?? value;
}
