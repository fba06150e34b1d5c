/** What computes the scores of a model of scikit-learn, told by its attributes. */
import { broken, unsupported, type Field } from '../fields.js';
import type { Link } from '../interface.js';
import type { Part } from '../make-model.js';
import { isNeutral, readNeutral } from '../neutral.js';
import { isLinearBayes, readGaussianBayes, readLinearBayes } from './bayes.js';
import { isAdaBoost, readAdaBoost, readMedianBoost, withoutTrees } from './boosted-votes.js';
import { isHistogramBoosting, readHistogramBoosting } from './histogram.js';
import { isKernelMachine, readKernelMachine, readLinearKernel } from './kernel.js';
import { linkOfLinear, readCoefficients } from './linear.js';
import { readNeighbours } from './neighbours.js';
import { readPerceptron, type Network } from './network.js';
import { hasSklearnTrees, readSklearnTrees } from './trees.js';

export interface ReadPart {
  readonly part: Part;
  readonly link: Link;
  /** True where it was made for missing values. */
  readonly missing: boolean;
}

/** @throws `MODEL_LOAD`; `UNSUPPORTED_MODEL` for a class that is not known */
export function readPart(file: Field, count: number): ReadPart {
  if (isAdaBoost(file)) {
    if (!hasSklearnTrees(file)) throw withoutTrees(file);
    if (!file.has('classes')) return computed(readMedianBoost(file, count));
    const { trees, link } = readAdaBoost(file, count);
    return { part: { trees }, link, missing: false };
  }
  if (hasSklearnTrees(file)) {
    const { trees, link, missing } = readSklearnTrees(file, count);
    return { part: { trees }, link, missing };
  }
  if (isNeutral(file)) {
    const { trees, link } = readNeutral(file, count);
    // trees that compare doubles with a default direction are made for missing values
    return { part: { trees }, link, missing: !trees.float32 || trees.comparison === '<' };
  }
  if (isHistogramBoosting(file)) {
    const { trees, link } = readHistogramBoosting(file, count);
    return { part: { trees }, link, missing: true };
  }
  if (file.has('coefs_')) return computed(readPerceptron(file, count));
  if (isLinearBayes(file)) {
    const linear = readLinearBayes(file);
    checkCount(file, linear.features, count);
    return { part: { linear }, link: { kind: 'softmax' }, missing: false };
  }
  if (file.has('theta_')) {
    checkCount(file, file.get('theta_').matrix().columns, count);
    return computed(readGaussianBayes(file));
  }
  if (isKernelMachine(file)) {
    const linear = readLinearKernel(file);
    if (linear === undefined) return computed(readKernelMachine(file, count));
    checkCount(file, linear.features, count);
    const link = { kind: file.has('classes') ? 'svm' : 'identity' } as const;
    return { part: { linear }, link, missing: false };
  }
  if (file.has('fit_X_')) return computed(readNeighbours(file, count));
  if (file.has('coef_') || file.has('coefficients')) {
    const linear = readCoefficients(file);
    checkCount(file, linear.features, count);
    return { part: { linear }, link: linkOfLinear(file, linear), missing: false };
  }
  throw unsupported(
    file.file,
    `a scikit-learn ${String(file.get('class_').value)}, without coef_, trees, coefs_, support_vectors_, theta_ or feature_log_prob_. See docs/models-of-tables.md for what can be exported as JSON; ONNX (skl2onnx) or a function (modelOfRows) serve for the rest`,
  );
}

function computed({ link, ...network }: Network): ReadPart {
  return { part: network, link, missing: false };
}

function checkCount(file: Field, features: number, count: number): void {
  if (features === count) return;
  throw broken(
    file.file,
    `it has coefficients of ${features} features, but ${count} ${file.has('vectorizer') ? 'columns of its vectorizer' : 'names'}`,
  );
}

/** As the file says, or as its arrays do. */
export function countFeatures(file: Field): number {
  if (file.has('n_features')) return file.get('n_features').count(1, 1e7);
  if (file.has('n_features_in_')) return file.get('n_features_in_').count(1, 1e7);
  if (file.has('coef_') || file.has('coefficients')) return readCoefficients(file).features;
  if (file.has('coefs_')) return file.get('coefs_').list()[0]?.matrix().rows ?? 0;
  const wide = ['support_vectors_', 'theta_', 'feature_log_prob_', 'fit_X_'].find((key) =>
    file.has(key),
  );
  if (wide !== undefined) return file.get(wide).matrix().columns;
  throw broken(file.file, `it tells neither 'feature_names' nor 'n_features'`);
}
