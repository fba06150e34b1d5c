/** Models of scikit-learn as JSON: the class, its attributes, the scaler or vectorizer before it. */
import { broken, unsupported, type Field } from '../fields.js';
import type { FeatureInfo, TabularModel } from '../interface.js';
import { namedFeatures, rowModel, textModel, type Part } from '../make-model.js';
import { isNeutral, readNeutral } from '../neutral.js';
import type { ReadOptions } from '../read-options.js';
import { readScaler } from './scaling.js';
import { linkOfLinear, readCoefficients } from './linear.js';
import { readKernelRegression, readPerceptron } from './network.js';
import { hasSklearnTrees, readSklearnTrees } from './trees.js';
import { readVectorizer } from '../text/read-vectorizer.js';
import type { Link } from '../interface.js';

/** Told by its fields. */
export function isSklearn(file: Field): boolean {
  return (
    isNeutral(file) ||
    file.has('class_') ||
    ((file.has('coef_') || file.has('coefficients')) && !file.has('layers'))
  );
}

/**
 * Coefficients, tree arrays, layers or support vectors, as
 * `docs/models-of-tables.md` exports them.
 *
 * @throws `MODEL_LOAD` for a file that does not fit together; `UNSUPPORTED_MODEL`
 */
export function readSklearn(file: Field, options: ReadOptions): TabularModel {
  const name = file.has('class_') ? file.get('class_').text() : 'linear model';
  const vectorizer = file.has('vectorizer') ? readVectorizer(file.get('vectorizer')) : undefined;
  const own = file.has('feature_names') ? file.get('feature_names').texts() : undefined;
  const count = vectorizer?.size ?? own?.length ?? countFeatures(file);
  const { part, link, missing } = readPart(file, count);
  const classes = file.has('classes') ? file.get('classes').texts() : undefined;
  const names = options.classNames ?? classes;
  const task =
    classes !== undefined ||
    options.classNames !== undefined ||
    ['logistic', 'softmax', 'ovr', 'svm', 'modified-huber'].includes(link.kind)
      ? 'classification'
      : 'regression';
  const common = {
    name: options.name,
    source: `scikit-learn ${name}${vectorizer === undefined ? '' : ` of ${vectorizer.source}`}`,
    part,
    link,
    task,
    ...(task === 'classification' && names !== undefined && { classNames: names }),
    ...(file.has('output_names') && { outputNames: file.get('output_names').texts() }),
  } as const;
  if (vectorizer !== undefined) return textModel({ ...common, vectorizer });
  const features: readonly FeatureInfo[] = namedFeatures(
    count,
    options.featureNames ?? own,
    missing,
  );
  const scaler = file.has('scaler')
    ? readScaler(
        file.get('scaler'),
        features.map((f) => f.name),
      )
    : undefined;
  return rowModel({ ...common, features, ...(scaler !== undefined && { stage: scaler }) });
}

function readPart(
  file: Field,
  count: number,
): { readonly part: Part; readonly link: Link; readonly missing: boolean } {
  if (hasSklearnTrees(file)) {
    const { trees, link, missing } = readSklearnTrees(file, count);
    return { part: { trees }, link, missing };
  }
  if (isNeutral(file)) {
    const { trees, link } = readNeutral(file, count);
    // trees that compare doubles with a default direction are made for missing values
    return { part: { trees }, link, missing: !trees.float32 || trees.comparison === '<' };
  }
  if (file.has('coefs_')) {
    const { link, ...network } = readPerceptron(file, count);
    return { part: network, link, missing: false };
  }
  if (file.has('support_vectors_')) {
    if (file.has('classes'))
      throw unsupported(file.file, `a support vector classifier with a kernel; export it to ONNX`);
    const { link, ...network } = readKernelRegression(file, count);
    return { part: network, link, missing: false };
  }
  if (file.has('coef_') || file.has('coefficients')) {
    const linear = readCoefficients(file);
    if (linear.features !== count) {
      throw broken(
        file.file,
        `it has coefficients of ${linear.features} features, but ${count} ${file.has('vectorizer') ? 'columns of its vectorizer' : 'names'}`,
      );
    }
    return { part: { linear }, link: linkOfLinear(file, linear), missing: false };
  }
  throw unsupported(
    file.file,
    `a scikit-learn ${file.get('class_').value} without coef_, trees, coefs_ or support_vectors_. See docs/models-of-tables.md for what to export`,
  );
}

function countFeatures(file: Field): number {
  if (file.has('n_features')) return file.get('n_features').count(1, 1e7);
  if (file.has('n_features_in_')) return file.get('n_features_in_').count(1, 1e7);
  if (file.has('coef_') || file.has('coefficients')) return readCoefficients(file).features;
  if (file.has('coefs_')) return file.get('coefs_').list()[0]?.matrix().rows ?? 0;
  if (file.has('support_vectors_')) return file.get('support_vectors_').matrix().columns;
  throw broken(file.file, `it tells neither 'feature_names' nor 'n_features'`);
}
