/** Models of scikit-learn as JSON: the class, its attributes, and what is done before it. */
import { Field } from '../fields.js';
import type { FeatureInfo, Link, Stage, TabularModel, Vectorizer } from '../interface.js';
import { namedFeatures, rowModel, textModel } from '../make-model.js';
import { isNeutral } from '../neutral.js';
import type { ReadOptions } from '../read-options.js';
import { readVectorizer } from '../text/read-vectorizer.js';
import { presenceAbove, presenceStage, presenceVectorizer } from './bayes.js';
import { fromDump } from './dump.js';
import { countFeatures, readPart } from './part.js';
import { isPipeline, readPipeline } from './pipeline.js';
import { readScaler } from './scaling.js';

/** Told by its fields. */
export function isSklearn(file: Field): boolean {
  return (
    isNeutral(file) ||
    file.has('class_') ||
    ((file.has('coef_') || file.has('coefficients')) && !file.has('layers'))
  );
}

/** Links that only classifiers have. */
const OF_CLASSES: readonly Link['kind'][] = ['logistic', 'softmax', 'ovr', 'svm', 'modified-huber'];

/**
 * Coefficients, tree arrays, layers, support vectors, what naive Bayes counts,
 * or a whole pipeline, as `docs/models-of-tables.md` exports them.
 *
 * @throws `MODEL_LOAD` for a file that does not fit together; `UNSUPPORTED_MODEL`
 */
export function readSklearn(given: Field, options: ReadOptions): TabularModel {
  const whole = new Field(fromDump(given.value), given.file, given.path);
  const steps = isPipeline(whole) ? readPipeline(whole, options.featureNames) : undefined;
  const file = steps?.model ?? whole;
  const name = file.has('class_') ? file.get('class_').text() : 'linear model';
  const words =
    steps?.vectorizer ??
    (file.has('vectorizer') ? readVectorizer(file.get('vectorizer')) : undefined);
  const own = file.has('feature_names') ? file.get('feature_names').texts() : undefined;
  const count =
    words?.size ??
    steps?.stage?.names.length ??
    steps?.features?.length ??
    own?.length ??
    countFeatures(file);
  const { part, link, missing } = readPart(file, count);
  const classes = file.has('classes') ? file.get('classes').texts() : undefined;
  const names = options.classNames ?? classes;
  const task =
    classes !== undefined || options.classNames !== undefined || OF_CLASSES.includes(link.kind)
      ? 'classification'
      : 'regression';
  const before = words?.source ?? steps?.stage?.source;
  const common = {
    name: options.name,
    source: `scikit-learn ${name}${before === undefined ? '' : ` ${words === undefined ? 'behind' : 'of'} ${before}`}`,
    part,
    link,
    task,
    ...(task === 'classification' && names !== undefined && { classNames: names }),
    ...(file.has('output_names') && { outputNames: file.get('output_names').texts() }),
  } as const;
  const above = presenceAbove(file);
  if (words !== undefined) {
    return textModel({ ...common, vectorizer: counted(words, above, file) });
  }
  const features: readonly FeatureInfo[] =
    steps?.features?.map((feature) => ({ ...feature, missing: feature.missing || missing })) ??
    namedFeatures(count, options.featureNames ?? own, missing);
  const stage = stageOf(
    file,
    steps?.stage,
    features.map((feature) => feature.name),
    above,
  );
  return rowModel({ ...common, features, ...(stage !== undefined && { stage }) });
}

function counted(vectorizer: Vectorizer, above: number | undefined, file: Field): Vectorizer {
  return above === undefined ? vectorizer : presenceVectorizer(vectorizer, above, file);
}

/** The steps of a pipeline or the one scaler, and what BernoulliNB does to numbers. */
function stageOf(
  file: Field,
  steps: Stage | undefined,
  names: readonly string[],
  above: number | undefined,
): Stage | undefined {
  const first = steps ?? (file.has('scaler') ? readScaler(file.get('scaler'), names) : undefined);
  if (above === undefined) return first;
  const last = presenceStage(first?.names ?? names, above);
  return first === undefined
    ? last
    : {
        ...first,
        source: `${first.source}, ${last.source}`,
        apply: (rows) => last.apply(first.apply(rows)),
      };
}
