/** scikit-learn's naive Bayes: sums of logarithms, most of them linear in the features. */
import { broken, type Field } from '../fields.js';
import type { Columns, LinearPart, Rows, SparseRows, Stage, Vectorizer } from '../interface.js';
import type { Network } from './network.js';

const LINEAR = ['MultinomialNB', 'ComplementNB', 'BernoulliNB'];

/** Told by its attributes. */
export function isLinearBayes(file: Field): boolean {
  return file.has('feature_log_prob_') && LINEAR.includes(file.get('class_').text());
}

/**
 * ln P(class) + Σ_j x_j · ln P(j | class): the logarithm of a class's
 * likelihood, a linear model whose softmax are the probabilities. BernoulliNB
 * counts what is absent too, which is linear in x of 0 and 1.
 */
export function readLinearBayes(file: Field): LinearPart {
  const name = file.get('class_').text();
  const { rows: outputs, columns: features, data } = file.get('feature_log_prob_').matrix();
  const prior = file.get('class_log_prior_').numbers(outputs);
  const coefficients = Float64Array.from(data);
  // ComplementNB takes the prior only where there is one class
  const intercept =
    name === 'ComplementNB' && outputs > 1 ? new Float64Array(outputs) : prior.slice();
  if (name === 'BernoulliNB') {
    data.forEach((log, i) => {
      const absent = Math.log(-Math.expm1(log));
      coefficients[i] = log - absent;
      intercept[Math.floor(i / features)] += absent;
    });
  }
  if (![...coefficients, ...intercept].every(Number.isFinite)) {
    throw broken(file.file, `'feature_log_prob_' holds a probability of 0 or 1`);
  }
  return { outputs, features, coefficients, intercept, hasIntercept: name !== 'ComplementNB' };
}

/** From where BernoulliNB takes a feature for present; undefined for the others, which take numbers as they are. */
export function presenceAbove(file: Field): number | undefined {
  if (file.get('class_').value !== 'BernoulliNB') return undefined;
  const { value } = file.get('params').get('binarize');
  return value === null ? undefined : file.get('params').get('binarize').number(0);
}

export function presenceStage(names: readonly string[], above: number): Stage {
  return {
    source: `1 above ${above}`,
    names,
    columns: Int32Array.from(names, (_, j) => j),
    apply: (rows: Rows): Rows => ({ ...rows, data: rows.data.map((x) => Number(x > above)) }),
  };
}

/** What stands in the text counts 1; what does not must not count. */
export function presenceVectorizer(vectorizer: Vectorizer, above: number, file: Field): Vectorizer {
  if (above < 0) throw file.get('params').get('binarize').wrong('0 or more, for texts');
  return {
    ...vectorizer,
    transform: (texts): SparseRows => {
      const rows = vectorizer.transform(texts);
      return { ...rows, data: rows.data.map((x) => Number(x > above)) };
    },
  };
}

/** ln P(class) − ½ Σ_j [ln 2πσ² + (x_j − θ)²/σ²]. */
export function readGaussianBayes(file: Field): Network {
  const means = file.get('theta_').matrix();
  const { rows: outputs, columns: features } = means;
  const variances = file.get(file.has('var_') ? 'var_' : 'sigma_').numbers(outputs * features);
  const prior = file.get('class_prior_').numbers(outputs);
  const odd = variances.find((v) => !(v > 0));
  if (odd !== undefined) throw file.get('var_').wrong('positive variances', String(odd));
  const constants = Float64Array.from(prior, (p, k) => {
    let sum = Math.log(p);
    for (let j = 0; j < features; j++)
      sum -= Math.log(2 * Math.PI * variances[k * features + j]) / 2;
    return sum;
  });
  return {
    outputs,
    link: { kind: 'softmax' },
    network: ({ count, data }: Rows): Columns => {
      const sums = new Float64Array(count * outputs);
      for (let n = 0; n < count; n++) {
        for (let k = 0; k < outputs; k++) {
          let sum = constants[k];
          for (let j = 0; j < features; j++) {
            const difference = data[n * features + j] - means.data[k * features + j];
            sum -= (difference * difference) / (2 * variances[k * features + j]);
          }
          sums[n * outputs + k] = sum;
        }
      }
      return { count, columns: outputs, data: sums };
    },
  };
}
